import type { ClientConfig } from "pg";
import type { BatchVisitor } from "./batch.ts";
import { connectWithPg } from "./connection.ts";
import { folderDisk } from "./disk.ts";
import { createJournal, type Journal, type JournalOptions } from "./journal.ts";
import type { Tails, WorkerQueries } from "./ports.ts";
import { replayJournal } from "./recovery.ts";
import { postgresJournalRows } from "./rows.ts";

/** Tails that can be filled again from the journal. */
export interface RecoverableTails extends Tails {
  prepareReplay(
    watermark: number,
  ): Promise<{ visitorAt(position: number): BatchVisitor<unknown>; readonly unknown: number }>;
  recovered(watermark: number): Promise<void>;
}

export interface OpenJournalOptions extends Omit<JournalOptions, "connect" | "rows" | "disk" | "tails"> {
  /** Role `ingest`, e.g. Database.connectionConfig("ingest"). */
  readonly connection: ClientConfig;
  /** A pool under the role `worker`. */
  readonly worker: WorkerQueries;
  /** Where the spool lies while PostgreSQL does not answer. */
  readonly spoolFolder: string;
  readonly tails: RecoverableTails;
}

/**
 * The journal of this machine, ready to be appended to: the spool of an earlier process is chained in, and the tails are
 * filled from what is in no block yet.
 *
 * @throws the database's errors
 */
export function openJournal({
  connection,
  spoolFolder,
  worker,
  tails,
  ...options
}: OpenJournalOptions): Promise<Journal> {
  const rows = postgresJournalRows(worker);
  return startJournal({ ...options, connect: connectWithPg(connection), rows, disk: folderDisk(spoolFolder), tails });
}

/** @throws the database's errors */
export async function startJournal(options: JournalOptions & { readonly tails: RecoverableTails }): Promise<Journal> {
  const { tails, rows, keys, runtime, log } = options;
  const journal = createJournal(options);
  try {
    const started = runtime.clock.monotonic();
    await journal.open();
    const watermark = await rows.watermark();
    const replay = await tails.prepareReplay(watermark);
    const { batches, unreadable } = await replayJournal(rows, watermark, replay.visitorAt, keys, log);
    await tails.recovered(watermark);
    const tookMs = Math.round(runtime.clock.monotonic() - started);
    log.info({ batches, unreadable, unknownStreams: replay.unknown, tookMs }, "the journal was read again");
    return journal;
  } catch (error) {
    await journal.close();
    throw error;
  }
}
