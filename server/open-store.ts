import { join } from "node:path";
import type { JournalEntry } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import type { Turn } from "@openward/runtime/turns";
import { archiveAddress, archiveRetention, type Config, tailBudget } from "./config.ts";
import type { Foundation } from "./foundation.ts";
import type { Logger } from "./log.ts";
import { openArchive, openObjectStore } from "./store/archive/index.ts";
import { openJournal } from "./store/journal/index.ts";
import type { KeyStore } from "./store/keys/index.ts";
import { openTelemetry, postgresBlocks, postgresDistributions } from "./store/telemetry/index.ts";

/** Where what was measured lies: archive, tails and blocks, journal. */
export type Store = Awaited<ReturnType<typeof openStore>>;

/** @throws the database's errors */
export async function openStore(options: {
  readonly config: Config;
  readonly foundation: Pick<Foundation, "database">;
  readonly keys: KeyStore;
  readonly runtime: Runtime;
  readonly turn: Turn;
  readonly log: Logger;
}) {
  const { config, keys, runtime, turn, log } = options;
  const { database } = options.foundation;
  const { worker } = database;
  let expired = () => {};
  const archive = await openArchive({
    runtime,
    worker,
    log,
    store: (isNew) => openObjectStore(archiveAddress(config), isNew),
    retention: archiveRetention(config),
    cacheBytes: config.archiveCacheMegabytes * 1_000_000,
    onExpired: () => expired(),
  });
  const telemetry = await openTelemetry({
    runtime,
    turn,
    store: postgresBlocks(worker, archive),
    distributions: postgresDistributions(worker),
    keys,
    log,
    tailBytesMax: tailBudget(config),
    cachedBytesMax: config.queryCacheMegabytes * 1_000_000,
  });
  expired = telemetry.expired;
  const spoolFolder = join(config.dataDir, "spool");
  // What arrives before somebody listens is looked at when they begin.
  const listeners: ((entries: readonly JournalEntry[], last: number) => void)[] = [];
  const journal = await openJournal({
    runtime,
    worker,
    connection: database.connectionConfig("ingest"),
    spoolFolder,
    spoolBytesMax: config.spoolMegabytes * 1_000_000,
    journalDays: config.journalDays,
    rawDays: config.rawDays,
    tails: {
      ...telemetry,
      committed(entries, first, last) {
        telemetry.committed(entries, first, last);
        for (const listener of listeners) listener(entries, last);
      },
    },
    keys,
    log,
    recoveryPauseMs: config.recoveryPauseMs,
  });
  archive.start();
  return {
    archive,
    telemetry,
    journal,
    spoolFolder,
    /** Told of everything that became durable, and up to which position of the journal that was. */
    onCommitted(told: (entries: readonly JournalEntry[], last: number) => void): void {
      listeners.push(told);
    },
    async close(): Promise<void> {
      await archive.close();
      await journal.close();
      await telemetry.close();
    },
  };
}
