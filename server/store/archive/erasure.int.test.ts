import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { JournalEntry, Stream } from "@openward/model";
import { decodeNumericBlock } from "@openward/timeseries";
import { openTestDatabase } from "../database/testing/database.ts";
import { testStream } from "../journal/testing/entries.ts";
import { replayErasures } from "../keys/erase.ts";
import { createBlockPacking, eraseRows } from "../keys/index.ts";
import { zstd } from "../telemetry/compression.ts";
import { settableRuntime, viewOf } from "../telemetry/testing/open-store.ts";
import {
  DAY,
  MINUTE,
  numericEntry,
  ORGANISATION,
  openTestArchive,
  openTestStore,
  PATIENT,
  START,
  temporaryArchive,
} from "./testing/ward.ts";

const OTHER = "018f0000-0000-7000-8000-0000000000dd";
/** Found nowhere by chance. */
const VALUE = 71.618033988749;
const MINE: Stream = testStream(1);
const THEIRS: Stream = { ...testStream(2), patientId: OTHER };

test("what is archived lies under its patient's key: erased, it is unreadable in the file and gone from the catalogue, also after a restore", async (t) => {
  const database = await openTestDatabase();
  t.after(() => database.close());
  await database.owner.query("INSERT INTO organisation VALUES ($1, 'Test', false, 0)", [ORGANISATION]);
  const runtime = settableRuntime(START);
  const folder = temporaryArchive();
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const archive = await openTestArchive(database, runtime, folder);
  t.after(() => archive.close());
  const store = await openTestStore(database, runtime, undefined, undefined, { archive });
  t.after(() => store.close());
  const { telemetry, journal, keys } = store;

  await journal.append([MINE, THEIRS].map((stream): JournalEntry => ({ kind: "stream", stream })));
  const send = (count: number) => {
    const times = Float64Array.from({ length: count }, (_, i) => runtime.time + i * 1000);
    const values = times.map((_, i) => VALUE + i);
    return journal.append([MINE, THEIRS].map((stream) => numericEntry(stream, times, values, runtime.time)));
  };
  await send(600);
  runtime.time += 60 * DAY;
  for (let n = 0; n < 3; n++) {
    await send(1);
    await telemetry.seal({ everything: true });
    runtime.time += 11 * MINUTE;
  }
  await telemetry.compact({ everything: true });
  assert.equal((await archive.run({ everything: true })).moved, 2);
  const BACKED_UP = ["stream", "archived_block"];
  // Where an erasure does not look.
  await database.owner.query("CREATE SCHEMA backup");
  for (const table of BACKED_UP) await database.owner.query(`CREATE TABLE backup.${table} AS SELECT * FROM ${table}`);
  await database.owner.query("INSERT INTO lost_block SELECT *, 1 FROM archived_block");

  const [name] = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((each) => each.endsWith(".parquet"));
  assert.ok(name);
  const file = () => readFileSync(join(folder, name));
  const number = Buffer.alloc(8);
  number.writeDoubleLE(VALUE);
  assert.equal(file().includes(number), false, "no value stands outside the payloads");
  const { rows } = await database.worker.query(
    "SELECT stream_id::text AS id, payload_at AS at, bounds FROM archived_block ORDER BY 1",
  );
  const packing = createBlockPacking(keys, zstd);
  const inFile = (id: string) => {
    const { at, bounds } = rows.find((row) => row.id === id);
    const hour = bounds.findIndex((bound: number) => bound > 0) - 1;
    const payload = file().subarray(at + bounds[hour], at + bounds[hour + 1]);
    return decodeNumericBlock(payload, packing.of(id)).columns.values[0];
  };
  assert.deepEqual([inFile(MINE.id), inFile(THEIRS.id)], [VALUE, VALUE]);

  const erasure = { patientId: PATIENT, organisationId: ORGANISATION };
  keys.erase([{ ...erasure, at: runtime.time, by: "test", reason: "asked for" }]);
  telemetry.forget(PATIENT);
  await eraseRows(database.worker, [erasure], [], runtime.time);
  const left = async (table: string) =>
    (await database.worker.query(`SELECT patient_id::text AS id FROM ${table}`)).rows.map((row) => row.id);
  for (const table of ["archived_block", "lost_block"]) assert.deepEqual(await left(table), [OTHER], table);
  assert.throws(() => inFile(MINE.id), { code: "KEY_DESTROYED" });
  assert.equal(inFile(THEIRS.id), VALUE);
  const query = { streamIds: [THEIRS.id], from: START, to: START + DAY, order: "ascending", limit: 1000 } as const;
  assert.equal((await telemetry.readings(viewOf(OTHER), { patientId: OTHER, ...query })).length, 600);
  assert.ok((await archive.verify()).files.every(({ fault }) => fault === undefined));

  for (const table of BACKED_UP)
    await database.owner.query(`TRUNCATE ${table}; INSERT INTO ${table} SELECT * FROM backup.${table}`);
  assert.ok((await replayErasures(database.worker, keys, runtime.time)) >= 1);
  assert.deepEqual(await left("archived_block"), [OTHER]);
});
