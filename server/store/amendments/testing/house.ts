import type { JournalEntry, PatientView, Stream } from "@openward/model";
import { streamId } from "../../../ingest/ids.ts";
import { openTestDatabase, quietLog, type TestDatabase } from "../../database/testing/database.ts";
import type { KeyStore } from "../../keys/index.ts";
import { createTables } from "../../registry/index.ts";
import { openTestStore, settableRuntime } from "../../telemetry/testing/open-store.ts";
import { openAmendments } from "../amendments.ts";

export const HOME = "018f0000-0000-7000-8000-0000000000aa";
export const ELSEWHERE = "018f0000-0000-7000-8000-0000000000ab";
export const [ANNA, BERIT, CARL] = [
  "018f0000-0000-7000-8000-00000000000a",
  "018f0000-0000-7000-8000-00000000000b",
  "018f0000-0000-7000-8000-00000000000c",
] as const;
export const DEVICE = "monitor-1";
export const NURSE = { id: "018f0000-0000-7000-8000-0000000000ee", display: "Nurse Nora" };
export const HOUR = 3_600_000;
/** Anna wears the monitor for the first hour, then Berit, then Carl. */
export const START = Date.UTC(2026, 10, 22, 6, 0);
const WEARERS = [ANNA, BERIT, CARL];

export function streamOf(patientId: string, signal: string, kind: Stream["kind"] = "numeric", unit = "/min"): Stream {
  const stream = { organisationId: HOME, patientId, deviceId: DEVICE, signal, kind, unit };
  return { ...stream, id: streamId(stream) };
}

export function viewOf(...patientIds: string[]): PatientView {
  const ids = new Set(patientIds);
  const principal = { kind: "system", id: NURSE.id, display: "test", organisationId: HOME, role: "nurse" } as const;
  return {
    principal,
    has: (id) => ids.has(id),
    patientIds: () => patientIds,
    recordsOf: (id) => (ids.has(id) ? [id] : []),
    hiddenOf: () => undefined,
  };
}
export const everybody = viewOf(ANNA, BERIT, CARL);

export function readings(
  stream: Stream,
  times: readonly number[],
  values: readonly number[],
  at: number,
): JournalEntry {
  return {
    kind: "readings",
    readings: {
      stream,
      associationId: associationOf(stream.patientId),
      times: Float64Array.from(times),
      values: Float64Array.from(values),
      quality: new Uint8Array(times.length),
      utcOffsetMinutes: null,
      receivedAt: at,
    },
  };
}

export function samples(stream: Stream, start: number, values: readonly number[], rateHz = 4): JournalEntry {
  const shape = { start, rateHz, scale: 1, origin: 0, samples: Int32Array.from(values) };
  const rest = {
    quality: 0,
    utcOffsetMinutes: null,
    receivedAt: start,
    associationId: associationOf(stream.patientId),
  };
  return { kind: "waveform", waveform: { stream, ...shape, ...rest } };
}

const associationOf = (patientId: string) => `018f0000-0000-7000-8000-0000000000${patientId.slice(-1)}1`;

export type House = Awaited<ReturnType<typeof openHouse>>;

/** Three patients, one monitor, and another organisation; on the real database. */
export async function openHouseDatabase(): Promise<TestDatabase> {
  const database = await openTestDatabase();
  try {
    await fill(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function fill({ owner }: TestDatabase): Promise<void> {
  for (const id of [HOME, ELSEWHERE]) await owner.query("INSERT INTO organisation VALUES ($1, $2, false, 0)", [id, id]);
  for (const id of WEARERS) {
    await owner.query(
      `INSERT INTO patient (id, organisation_id, name, name_key, sex, mrn, time_zone, created_at, updated_at)
       VALUES ($1, $2, 'N', 'n', 'other', $3, 'UTC', 0, 0)`,
      [id, HOME, id],
    );
  }
  await owner.query(
    `INSERT INTO device (id, organisation_id, type, display, created_at) VALUES ($1, $2, 'generic', 'M', 0)`,
    [DEVICE, HOME],
  );
  await owner.query(
    `INSERT INTO person (id, organisation_id, display, role, created_at) VALUES ($1, $2, 'Nurse Nora', 'nurse', 0)
     ON CONFLICT DO NOTHING`,
    [NURSE.id, HOME],
  );
  await owner.query(
    `INSERT INTO access_grant (id, organisation_id, grantee_kind, grantee_id, purpose, basis, from_at, created_at, created_by)
     VALUES ($1, $2, 'person', $1, 'care', 'care-team', 0, 0, 'test')`,
    [NURSE.id, HOME],
  );
  for (const [i, id] of WEARERS.entries()) {
    await owner.query(
      `INSERT INTO association (id, organisation_id, device_id, patient_id, from_at, to_at, created_at, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, 0, 'test')`,
      [associationOf(id), HOME, DEVICE, id, START + i * HOUR, START + (i + 1) * HOUR],
    );
  }
}

/** The store over it, as after a start; `close` is a kill. */
export async function openHouse(database: TestDatabase, now: number, keys?: KeyStore) {
  const runtime = settableRuntime(now);
  const store = await openTestStore(database, runtime, undefined, keys);
  const amendments = await openAmendments({
    runtime,
    tables: createTables(database),
    keys: store.keys,
    received: store.telemetry,
    streamIdOf: streamId,
    log: quietLog,
  });
  return {
    ...store,
    runtime,
    amendments,
    received: store.telemetry,
    telemetry: amendments.telemetry,
    /** Durable, as ingest makes it, the newest looked at again. */
    async append(entries: readonly JournalEntry[]) {
      await store.journal.append(entries);
      amendments.committed(entries);
      await amendments.settle();
    },
  };
}
