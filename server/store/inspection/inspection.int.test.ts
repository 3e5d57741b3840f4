import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { systemRuntime } from "@openward/runtime/system";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { ASSOCIATION, ORGANISATION, PATIENT, readingsOf, testStream } from "../journal/testing/entries.ts";
import { createBlockPacking } from "../keys/index.ts";
import { zstd } from "../telemetry/index.ts";
import { openTestStore, settableRuntime, type TestStore, viewOf } from "../telemetry/testing/open-store.ts";
import { compactStore, type Fault, mendStore, saveFaults, storeStats, verifyStore, watchFaults } from "./index.ts";

const DAY = Date.UTC(2026, 10, 20);
const HOUR_MS = 3_600_000;
const numeric = testStream(1);
const waveform = testStream(2, "waveform");
const runtime = settableRuntime(DAY);
let database: TestDatabase;
let store: TestStore;

before(async () => {
  database = await openTestDatabase();
  store = await openTestStore(database, runtime);
  const times = Array.from({ length: 26 * 60 }, (_, m) => DAY + m * 60_000);
  const samples = Int32Array.from({ length: 2_500 }, (_, i) => Math.round(100 * Math.sin(i / 9)));
  const shape = {
    start: DAY,
    rateHz: 250,
    scale: 0.005,
    origin: 0,
    quality: 0,
    utcOffsetMinutes: null,
    receivedAt: DAY,
  };
  await store.journal.append([
    { kind: "stream", stream: numeric },
    { kind: "stream", stream: waveform },
    readingsOf(
      numeric,
      times,
      times.map((_, i) => 60 + (i % 40)),
    ),
    { kind: "waveform", waveform: { stream: waveform, associationId: ASSOCIATION, samples, ...shape } },
    {
      kind: "quarantine",
      entry: {
        id: systemRuntime.ids.uuid(),
        organisationId: ORGANISATION,
        deviceId: "device-1",
        receivedAt: DAY,
        kind: "readings",
        contentType: "application/json",
        problems: [],
        raw: Buffer.from("{}"),
      },
    },
  ]);
  runtime.time = DAY + 28 * HOUR_MS;
  await store.telemetry.seal({ everything: true });
});
after(async () => {
  await store.close();
  await database.close();
});

const verified = () =>
  verifyStore({
    worker: database.worker,
    keys: store.keys,
    packing: createBlockPacking(store.keys, zstd),
    progress() {},
  });
const kindsOf = (faults: readonly Fault[]) => faults.map(({ kind }) => kind).sort();
const flip = (table: string, column: string, where: string) =>
  database.owner.query(
    `UPDATE ${table} SET ${column} = set_byte(${column}, octet_length(${column}) - 30, get_byte(${column}, octet_length(${column}) - 30) # 1)
      WHERE ${where}`,
  );
const count = async (sql: string) => Number((await database.owner.query(`SELECT count(*) AS n FROM ${sql}`)).rows[0].n);

test("what was stored is counted, by part and by signal", async () => {
  const stats = await storeStats(database.worker);
  assert.deepEqual([stats.kinds.numeric.readings, stats.kinds.waveform.readings], [26 * 60, 2_500]);
  assert.deepEqual(stats.signals.map(({ signal }) => signal).sort(), ["ecg-lead-ii", "heart-rate"]);
  const { parts, total } = stats;
  assert.equal(parts.blocks + parts.rollups + parts.journal + parts.rawInput + parts.other, total);
  assert.ok(parts.indexes > 0 && parts.indexes < total);
  assert.deepEqual([stats.journal.rows, stats.journal.days.length], [1, 1]);
  assert.equal(stats.bytesPerReading, Math.round(((parts.blocks + parts.rollups) / (26 * 60 + 2_500)) * 1e4) / 1e4);
});

test("everything is sound, before and after finished days were put together", async () => {
  const expected = {
    blocks: 27,
    overviews: 1,
    rollups: 2,
    journalRows: 1,
    quarantined: 1,
    readings: 4_060,
    faults: [],
  };
  assert.deepEqual(await verified(), expected);
  const done = await compactStore(database, { journalDays: 7, now: runtime.time + 2 * HOUR_MS });
  assert.equal(done.daysJoined, 1);
  assert.deepEqual(await verified(), expected);
  assert.equal((await storeStats(database.worker)).kinds.numeric.readings, 26 * 60);
  const again = await compactStore(database, { journalDays: 7, now: runtime.time + 2 * HOUR_MS });
  assert.equal(again.daysJoined, 0);
});

test("a wrong row of any kind is found, told until it is mended, set aside or made again; the rest stays readable", async () => {
  const faulty = await watchFaults(database.worker, systemRuntime.timers, () => {});
  faulty.stop();
  assert.equal(faulty.count(), 0);
  // An hour in the midst of a day's row, an hour of its own, a rollup, an overview, a journal row, quarantined input.
  const { rows } = await database.owner.query("SELECT bounds FROM day_block");
  const end = rows[0].bounds[6];
  await database.owner.query("UPDATE day_block SET payload = set_byte(payload, $1, get_byte(payload, $1) # 1)", [
    end - 10,
  ]);
  await flip("block", "payload", `stream_id = '${numeric.id}' AND period_start = ${DAY + 25 * HOUR_MS}`);
  await flip("rollup", "payload", `day_start = ${DAY}`);
  await flip("block", "overview", "overview IS NOT NULL");
  await flip("journal", "batch", "true");
  await flip("quarantine", "raw", "true");
  const { faults } = await verified();
  assert.deepEqual(kindsOf(faults), ["block", "block", "journal", "overview", "quarantine", "rollup"]);
  assert.ok(faults.some(({ key }) => key === `${numeric.id} ${DAY + 5 * HOUR_MS} ${ASSOCIATION}`));
  await saveFaults(database.worker, faults, runtime.time);
  const told = await watchFaults(database.worker, systemRuntime.timers, () => {});
  told.stop();
  assert.equal(told.count(), 6);

  const packing = createBlockPacking(store.keys, zstd);
  const mended = await mendStore(faults, { worker: database.worker, packing, now: runtime.time });
  assert.deepEqual(mended, { setAside: 2, remade: 2 });
  assert.equal(await count("damaged_block"), 2);
  const left = await verified();
  assert.deepEqual(kindsOf(left.faults), ["journal", "quarantine"], "they stay where they are, and are passed over");
  assert.equal(left.readings, 4_060 - 120);
  await saveFaults(database.worker, left.faults, runtime.time + 1);
  const after = await watchFaults(database.worker, systemRuntime.timers, () => {});
  after.stop();
  assert.equal(after.count(), 2);
  assert.equal(await count("store_fault WHERE mended_at IS NOT NULL"), 4);
  const query = { patientId: PATIENT, streamIds: [numeric.id], from: DAY, to: DAY + 24 * HOUR_MS, limit: 1e5 };
  const read = await store.telemetry.readings(viewOf(PATIENT), { ...query, order: "ascending" });
  assert.equal(read.length, 23 * 60, "every other hour is read");
});

test("a rollup that lacks an hour, counts another number, or is gone, is not what the blocks say", async () => {
  const hour = DAY + 2 * HOUR_MS;
  await database.owner.query(
    `UPDATE day_block SET payload = substring(payload FROM 1 FOR bounds[3]) || substring(payload FROM bounds[4] + 1),
      bounds = ARRAY(SELECT CASE WHEN n > 3 THEN bounds[n] - (bounds[4] - bounds[3]) ELSE bounds[n] END FROM generate_series(1, 25) AS n)`,
  );
  const { faults } = await verified();
  const rollups = faults.filter(({ kind }) => kind === "rollup");
  assert.equal(rollups.length, 1);
  assert.match(rollups[0]?.reason ?? "", /hour 2 /, String(hour));
  await database.owner.query("DELETE FROM rollup");
  assert.equal((await verified()).faults.filter(({ kind }) => kind === "rollup").length, 2, "one for each day");
});
