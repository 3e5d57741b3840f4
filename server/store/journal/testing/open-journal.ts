import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JournalEntry } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { systemRuntime } from "@openward/runtime/system";
import { type Disk, folderDisk } from "@openward/spool";
import { quietLog, type TestDatabase } from "../../database/testing/database.ts";
import type { KeyStore } from "../../keys/index.ts";
import { testKeysOf } from "../../keys/testing/keys.ts";
import { createJournal, type Journal, type JournalLimits } from "../journal.ts";
import { replayJournal } from "../recovery.ts";
import { postgresJournalRows } from "../rows.ts";
import { type FaultyConnect, faultyConnect } from "./faulty-connect.ts";

export interface TestJournal {
  readonly journal: Journal;
  readonly faults: FaultyConnect;
  /** What the tails were given, in order. */
  readonly committed: JournalEntry[];
  readonly folder: string;
  readonly keys: KeyStore;
  close(): Promise<void>;
}

/** A journal on a real database, with a spool folder of its own. */
export async function openTestJournal(
  database: TestDatabase,
  options: {
    limits?: Partial<JournalLimits>;
    folder?: string;
    spoolBytesMax?: number;
    journalDays?: number;
    rawDays?: number;
    disk?: (disk: Disk) => Disk;
    runtime?: Runtime;
  } = {},
): Promise<TestJournal> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "openward-spool-"));
  const keys = await testKeysOf(database);
  const faults = faultyConnect(database.connectionConfig("ingest"));
  const committed: JournalEntry[] = [];
  const disk = folderDisk(folder);
  const journal = createJournal({
    runtime: options.runtime ?? systemRuntime,
    connect: faults.connect,
    rows: postgresJournalRows(database.worker),
    disk: options.disk ? options.disk(disk) : disk,
    spoolBytesMax: options.spoolBytesMax ?? 1e8,
    journalDays: options.journalDays ?? 7,
    rawDays: options.rawDays ?? 7,
    tails: { committed: (entries) => void committed.push(...entries) },
    keys,
    log: quietLog,
    limits: { retryMs: 20, retryMsMax: 100, ...options.limits },
  });
  await journal.open();
  return {
    journal,
    faults,
    committed,
    folder,
    keys,
    async close() {
      await journal.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Every reading in the journal as "stream time value", in order; throws when a batch cannot be read. */
export async function readingsInJournal(database: TestDatabase): Promise<string[]> {
  const found: string[] = [];
  const { unreadable } = await replayJournal(
    postgresJournalRows(database.worker),
    { from: 0, until: Number.POSITIVE_INFINITY },
    () => ({
      stream: (streamId) => streamId,
      reading: (streamId, time, value) => void found.push(`${streamId} ${time} ${value}`),
      waveform() {},
      entry() {},
    }),
    await testKeysOf(database),
    quietLog,
  );
  if (unreadable > 0) throw new Error(`${unreadable} batches cannot be read`);
  return found;
}

export const until = async (isSo: () => boolean | Promise<boolean>, what: string) => {
  const deadline = performance.now() + 60_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited 60 s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
