import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { JournalEntry, Stream } from "@openward/model";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { readingsInJournal } from "../journal/testing/open-journal.ts";
import { openTestStore, settableRuntime, viewOf } from "../telemetry/testing/open-store.ts";
import { bindStore, boundStore, eraseRows, replayErasures } from "./erase.ts";
import { openRaw } from "./raw-input.ts";

const ORGANISATION = "018f0000-0000-7000-8000-0000000000aa";
const ASSOCIATION = "018f0000-0000-7000-8000-0000000000bb";
const OTHER_ASSOCIATION = "018f0000-0000-7000-8000-0000000000bc";
const PATIENT = "018f0000-0000-7000-8000-0000000000cc";
const OTHER = "018f0000-0000-7000-8000-0000000000dd";
const START = Date.UTC(2026, 10, 22, 22, 0);
/** Found nowhere by chance: as text, and as the eight bytes of a reading. */
const TEXT = "canary-5b0f62";
const VALUE = 71.618033988749;

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  await database.owner.query("INSERT INTO organisation VALUES ($1, 'Test', false, 0)", [ORGANISATION]);
  for (const [id, mrn] of [
    [PATIENT, "1"],
    [OTHER, "2"],
  ]) {
    await database.owner.query(
      `INSERT INTO patient (id, organisation_id, name, name_key, sex, mrn, time_zone, created_at, updated_at)
       VALUES ($1, $2, 'N', 'n', 'other', $3, 'UTC', 0, 0)`,
      [id, ORGANISATION, mrn],
    );
  }
});
after(() => database.close());

const streamOf = (patientId: string, kind: Stream["kind"] = "numeric"): Stream => ({
  id: `018f0000-0000-7000-8000-0000000${kind === "numeric" ? "1" : "2"}${patientId.slice(-4)}`,
  organisationId: ORGANISATION,
  patientId,
  deviceId: `device-${patientId.slice(-2)}`,
  signal: kind === "numeric" ? "heart-rate" : "ecg-lead-ii",
  kind,
  unit: kind === "numeric" ? "/min" : "mV",
});

function measured(patientId: string): JournalEntry[] {
  const times = Float64Array.from({ length: 500 }, (_, i) => START + i * 1000);
  const origin = {
    associationId: patientId === PATIENT ? ASSOCIATION : OTHER_ASSOCIATION,
    utcOffsetMinutes: null,
    receivedAt: START,
  };
  const values = times.map(() => VALUE);
  const [numeric, waveform] = [streamOf(patientId), streamOf(patientId, "waveform")];
  const shape = { start: START, rateHz: 250, scale: 0.005, origin: 0, quality: 0 };
  const samples = Int32Array.from({ length: 2500 }, (_, i) => 1_000_000_007 + (i % 7));
  const event = { id: TEXT, organisationId: ORGANISATION, deviceId: numeric.deviceId, patientId, associationId: null };
  const said = { event: "fall", at: START, timeFromServer: false, receivedAt: START, detail: { note: TEXT } };
  return [
    { kind: "stream", stream: numeric },
    { kind: "stream", stream: waveform },
    { kind: "readings", readings: { ...origin, stream: numeric, times, values, quality: new Uint8Array(500) } },
    { kind: "waveform", waveform: { ...origin, ...shape, stream: waveform, samples } },
    { kind: "event", event: { ...event, ...said } },
  ];
}

const QUARANTINED = "018f0000-0000-7000-8000-0000000000ee";
const quarantined: JournalEntry = {
  kind: "quarantine",
  entry: {
    id: QUARANTINED,
    organisationId: ORGANISATION,
    deviceId: "device-cc",
    receivedAt: START,
    kind: "readings",
    contentType: "application/json",
    problems: [],
    raw: Buffer.from(`{"note":"${TEXT}"}`),
  },
};

/** Tables, with what hangs on them, in which the canary is found as it is. */
async function filesWithCanary(): Promise<string[]> {
  await database.owner.query("CHECKPOINT");
  const { rows } = await database.owner.query(
    `SELECT coalesce(t.relname, c.relname) AS name, pg_relation_filepath(c.oid) AS path FROM pg_class c
      LEFT JOIN pg_class t ON t.reltoastrelid = c.oid
     WHERE c.relkind IN ('r', 't') AND pg_relation_filepath(c.oid) IS NOT NULL AND c.relnamespace <> 'pg_catalog'::regnamespace`,
  );
  const value = Buffer.alloc(8);
  value.writeDoubleLE(VALUE);
  // Two that follow one another: four bytes alone are met by chance.
  const sample = Buffer.alloc(8);
  sample.writeInt32LE(1_000_000_007);
  sample.writeInt32LE(1_000_000_008, 4);
  const found = new Set<string>();
  for (const { name, path } of rows as { name: string; path: string }[]) {
    const bytes = readFileSync(join(database.dataDir, "postgres", path));
    if ([TEXT, value, sample].some((canary) => bytes.includes(canary))) found.add(name);
  }
  return [...found].sort();
}

test("what was measured is nowhere on the disk as it is, and gone after an erasure, even when its rows come back", async () => {
  const runtime = settableRuntime(START);
  const store = await openTestStore(database, runtime);
  const { keys } = store;
  await store.journal.append([...measured(PATIENT), ...measured(OTHER), quarantined]);
  await database.worker.query(
    `INSERT INTO quarantine_resolution (quarantine_id, organisation_id, state, patient_id, resolved_by, resolved_at)
     VALUES ($1, $2, 'claimed', $3, 'test', 0)`,
    [QUARANTINED, ORGANISATION, PATIENT],
  );
  runtime.time += 2 * 3_600_000;
  await store.telemetry.seal({ everything: true });

  const count = async (table: string, patientId = PATIENT) =>
    (await database.owner.query(`SELECT count(*)::int AS n FROM ${table} WHERE patient_id = $1`, [patientId])).rows[0]
      .n;
  assert.ok((await count("block")) >= 2 && (await count("rollup")) === 1, "it is sealed");
  // Events are rows that people search; they are deleted. Everything measured, and raw input, is encrypted.
  assert.deepEqual(await filesWithCanary(), ["event"]);
  const [raw] = (await database.owner.query("SELECT raw FROM quarantine WHERE id = $1", [QUARANTINED])).rows;
  const stored = { id: QUARANTINED, organisationId: ORGANISATION, raw: raw.raw };
  assert.match(Buffer.from(openRaw(keys, stored)).toString(), new RegExp(TEXT));
  assert.throws(() => openRaw(keys, { ...stored, id: PATIENT }), { code: "BLOCK_CORRUPT" });

  const span = { from: START, to: START + 3_600_000, order: "ascending", limit: 1000 } as const;
  const readable = async ({ telemetry }: typeof store, patientId: string) => {
    const ask = { ...span, patientId, streamIds: [streamOf(patientId).id] };
    const { length } = await telemetry.readings(viewOf(patientId), ask);
    const streamId = streamOf(patientId, "waveform").id;
    return [length, (await telemetry.waveform(viewOf(patientId), { ...span, patientId, streamId })).length];
  };
  assert.deepEqual(await readable(store, PATIENT), [500, 1]);

  // A backup: every row of the patient, as a dump would have them.
  const backup = new Map<string, Record<string, unknown>[]>();
  for (const table of ["patient", "stream", "block", "rollup", "event"]) {
    const key = table === "patient" ? "id" : "patient_id";
    backup.set(table, (await database.owner.query(`SELECT * FROM ${table} WHERE ${key} = $1`, [PATIENT])).rows);
  }

  keys.erase([{ patientId: PATIENT, organisationId: ORGANISATION, at: runtime.time, by: "test", reason: "asked" }]);
  const streamIds = store.telemetry.forget(PATIENT);
  assert.equal(streamIds.length, 2);
  // The rows are still there: without the key there is nothing in them.
  await store.close();
  const keyless = await openTestStore(database, runtime);
  assert.deepEqual(await readable(keyless, PATIENT), [0, 0]);
  assert.deepEqual(await readable(keyless, OTHER), [500, 1]);
  assert.equal(keyless.telemetry.statistics().damagedBlocks, 0, "an erased patient's block is not a damaged one");
  assert.equal((await readingsInJournal(database)).length, 500, "of the journal, the other patient's can be read");
  await keyless.close();

  const deleted = await eraseRows(database.worker, keys.erasures(), [], runtime.time);
  assert.ok(deleted > 0);
  const tables = ["stream", "block", "rollup", "event", "quarantine_resolution"];
  for (const table of tables) assert.equal(await count(table), 0, table);
  assert.equal((await database.owner.query("SELECT FROM quarantine")).rows.length, 0, "nor what was given to them");
  assert.equal((await database.owner.query("SELECT FROM patient WHERE id = $1", [PATIENT])).rows.length, 0);
  for (const table of ["block", "rollup", "event", "stream"]) assert.ok((await count(table, OTHER)) > 0, table);
  const tombstones = (await database.owner.query("SELECT * FROM erased_patient")).rows;
  assert.deepEqual(tombstones, [{ patient_id: PATIENT, organisation_id: ORGANISATION, erased_at: runtime.time }]);

  // Restored, without the tombstone: the ledger erases again, before anybody is served.
  await database.owner.query("DELETE FROM erased_patient");
  for (const [table, rows] of backup) {
    await database.owner.query(`INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1)`, [
      JSON.stringify(rows, (_, value) =>
        value?.type === "Buffer" ? `\\x${Buffer.from(value.data).toString("hex")}` : value,
      ),
    ]);
  }
  assert.ok((await count("block")) > 0, "the backup is back");
  assert.ok((await replayErasures(database.worker, keys, runtime.time)) > 0);
  for (const table of tables) assert.equal(await count(table), 0, table);
  assert.equal(await replayErasures(database.worker, keys, runtime.time), 0, "once is enough");
});

test("every table with a patient in it is erased from, those that come later too", async () => {
  const { rows } = await database.owner.query(
    `SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'patient_id'`,
  );
  const { rows: source } = await database.owner.query("SELECT prosrc FROM pg_proc WHERE proname = 'erase_patients'");
  assert.ok(rows.length >= 12);
  assert.match(
    source[0].prosrc,
    /NOT IN \('erased_patient', 'audit_event'\)/,
    "all but the tombstone and the audit log",
  );
  await database.owner.query("CREATE TABLE later (patient_id uuid, note text)");
  await database.owner.query("INSERT INTO later VALUES ($1, 'x'), ($2, 'y')", [PATIENT, OTHER]);
  await eraseRows(database.worker, [{ patientId: PATIENT, organisationId: ORGANISATION }], [], 1);
  assert.deepEqual((await database.owner.query("SELECT note FROM later")).rows, [{ note: "y" }]);
  await database.owner.query("DROP TABLE later");
});

test("only the worker may erase, and a database is bound to one key store", async () => {
  await assert.rejects(database.api.query("SELECT erase_patients('{}', '{}', '{}', 0)"), { code: "42501" });
  await assert.rejects(database.ingest.query("SELECT erase_patients('{}', '{}', '{}', 0)"), { code: "42501" });
  assert.equal(await boundStore(database.worker), null);
  await bindStore(database.worker, { id: PATIENT, keys: 3 }, 1);
  await bindStore(database.worker, { id: OTHER, keys: 2 }, 2);
  assert.deepEqual(await boundStore(database.worker), { id: PATIENT, keys: 3 }, "the first one stays");
});

test("what is on its way for a patient who is erased goes neither into the journal nor into memory", async () => {
  const runtime = settableRuntime(START);
  const store = await openTestStore(database, runtime);
  const before = (await readingsInJournal(database)).length;
  // The patient is erased in the tests above.
  assert.ok(store.keys.isErased(PATIENT));
  await store.journal.append([...measured(PATIENT), ...measured(OTHER)]);
  assert.equal((await readingsInJournal(database)).length, before + 500, "the other patient's are kept");
  assert.equal(store.telemetry.knowsStream(streamOf(PATIENT).id), false);
  assert.equal((await database.owner.query("SELECT FROM stream WHERE patient_id = $1", [PATIENT])).rows.length, 0);
  await store.close();
});
