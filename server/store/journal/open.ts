import type { Delivery } from "@openward/model";
import { folderDisk } from "@openward/spool";
import type { ClientConfig } from "pg";
import type { BatchVisitor } from "./batch.ts";
import { connectWithPg } from "./connection.ts";
import { createJournal, type Journal, type JournalOptions } from "./journal.ts";
import { createPace } from "./pace.ts";
import type { Tails, WorkerQueries } from "./ports.ts";
import { replayDeliveries, replayJournal } from "./recovery.ts";
import { postgresJournalRows } from "./rows.ts";

/** Tails that can be filled again from the journal, while new entries are committed to them already. */
export interface RecoverableTails extends Tails {
  prepareReplay(watermark: number): Promise<{
    delivery(delivery: Delivery): void;
    visitorAt(position: number): BatchVisitor<unknown>;
    readonly unknown: number;
  }>;
  deliveriesKnown(): void;
  /** Done again when it rejects with the database's error. */
  recovered(watermark: number): Promise<void>;
}

export interface OpenJournalOptions extends Omit<StartJournalOptions, "connect" | "rows" | "disk"> {
  /** Role `ingest`, e.g. Database.connectionConfig("ingest"). */
  readonly connection: ClientConfig;
  /** A pool under the role `worker`. */
  readonly worker: WorkerQueries;
  /** Where the spool lies while PostgreSQL does not answer. */
  readonly spoolFolder: string;
}

/**
 * The journal of this machine, ready to be appended to: the spool of an earlier process is chained in, and the tails are
 * being filled from what is in no block yet.
 *
 * @throws the database's errors
 */
export function openJournal({ connection, spoolFolder, worker, ...options }: OpenJournalOptions): Promise<Journal> {
  const rows = postgresJournalRows(worker);
  return startJournal({ ...options, connect: connectWithPg(connection), rows, disk: folderDisk(spoolFolder) });
}

export interface StartJournalOptions extends JournalOptions {
  readonly tails: RecoverableTails;
  /** After each row that is read back; 0, or left out: only when others have waited for their turn. */
  readonly recoveryPauseMs?: number | undefined;
}

/** @throws the database's errors */
export async function startJournal(options: StartJournalOptions): Promise<Journal> {
  const { tails, rows, keys, runtime, log } = options;
  const journal = createJournal(options);
  const pace = createPace(runtime, log, options.recoveryPauseMs);
  const started = runtime.clock.monotonic();

  const recover = async (span: { from: number; until: number }, replay: Awaited<ReturnType<typeof prepare>>) => {
    await replayDeliveries(rows, span, replay.delivery, keys, pace);
    tails.deliveriesKnown();
    const { batches, unreadable } = await replayJournal(rows, span, replay.visitorAt, keys, log, pace);
    await pace.untilDone(() => tails.recovered(span.from));
    const tookMs = Math.round(runtime.clock.monotonic() - started);
    log.info({ batches, unreadable, unknownStreams: replay.unknown, tookMs }, "the journal was read again");
  };
  const prepare = (watermark: number) => tails.prepareReplay(watermark);

  try {
    const until = await journal.open();
    const from = await rows.watermark();
    const replay = await prepare(from);
    const recovering = recover({ from, until }, replay).catch((error: unknown) => {
      if (!pace.isStopped)
        log.error({ err: error }, "the journal could not be read again: nothing is read until a restart");
    });
    return {
      ...journal,
      get state() {
        return journal.state;
      },
      async close() {
        pace.stop();
        await recovering;
        await journal.close();
      },
    };
  } catch (error) {
    await journal.close();
    throw error;
  }
}
