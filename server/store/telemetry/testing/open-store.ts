import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PatientView } from "@openward/model";
import { systemRuntime } from "@openward/runtime/system";
import { quietLog, type TestDatabase } from "../../database/testing/database.ts";
import { type Journal, openJournal } from "../../journal/index.ts";
import type { KeyStore } from "../../keys/index.ts";
import { testKeysOf } from "../../keys/testing/keys.ts";
import { type ArchivedBlocks, noArchive } from "../archived.ts";
import type { BlockStore } from "../block-store.ts";
import { postgresDistributions } from "../day-distributions.ts";
import { postgresBlocks } from "../postgres-blocks.ts";
import { type OpenTelemetry, openTelemetry } from "../telemetry.ts";

export interface TestStore {
  readonly journal: Journal;
  readonly telemetry: OpenTelemetry;
  readonly keys: KeyStore;
  /** As a kill would end it: nothing is written any more. */
  close(): Promise<void>;
}

/**
 * A time of day that a test sets; timers stay the machine's, but nothing is done every so often (the sealer's minute, the
 * journal's hour): a test seals by itself, and on a slow machine it would be done behind its back.
 */
export function settableRuntime(start: number) {
  const clock = { now: () => runtime.time, monotonic: systemRuntime.clock.monotonic };
  const timers = { ...systemRuntime.timers, every: () => ({ cancel() {} }) };
  const runtime = { ...systemRuntime, clock, timers, time: start };
  return runtime;
}

export async function openTestStore(
  database: TestDatabase,
  runtime: ReturnType<typeof settableRuntime>,
  spoolFolder = mkdtempSync(join(tmpdir(), "openward-spool-")),
  keys?: KeyStore,
  options: { tailBytesMax?: number; archive?: ArchivedBlocks; store?: BlockStore } = {},
): Promise<TestStore> {
  const { tailBytesMax, archive = noArchive, store = postgresBlocks(database.worker, archive) } = options;
  const opened = keys ?? (await testKeysOf(database));
  const budget = tailBytesMax === undefined ? {} : { tailBytesMax };
  const distributions = postgresDistributions(database.worker);
  const telemetry = await openTelemetry({ runtime, store, distributions, keys: opened, log: quietLog, ...budget });
  const journal = await openJournal({
    runtime,
    connection: database.connectionConfig("ingest"),
    worker: database.worker,
    spoolFolder,
    spoolBytesMax: 1e8,
    journalDays: 7,
    rawDays: 7,
    tails: telemetry,
    keys: opened,
    log: quietLog,
  });
  await telemetry.settled;
  return {
    journal,
    telemetry,
    keys: opened,
    async close() {
      await telemetry.close();
      await journal.close();
    },
  };
}

export function viewOf(...patientIds: string[]): PatientView {
  const ids = new Set(patientIds);
  const principal = { kind: "system", id: "test", display: "test", organisationId: "", role: "nurse" } as const;
  return {
    principal,
    has: (id) => ids.has(id),
    patientIds: () => patientIds,
    recordsOf: (id) => (ids.has(id) ? [id] : []),
    hiddenOf: () => undefined,
  };
}
