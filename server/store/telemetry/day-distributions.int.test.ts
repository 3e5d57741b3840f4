import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import type { JournalEntry } from "@openward/model";
import { seededRandom } from "@openward/runtime/manual";
import type { Distribution } from "@openward/timeseries";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { ASSOCIATION, PATIENT, testStream } from "../journal/testing/entries.ts";
import { openTestStore, settableRuntime, type TestStore, viewOf } from "./testing/open-store.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const DAY = Date.UTC(2026, 10, 20);
const SEED = Number(process.env.SEED ?? 20261128);
const view = viewOf(PATIENT);
const stream = testStream(1);
const random = seededRandom(SEED);

let database: TestDatabase;
let store: TestStore;
const runtime = settableRuntime(DAY);
/** What the store does each minute. */
const eachMinute: (() => void)[] = [];
Object.assign(runtime, {
  clock: { now: () => runtime.time, monotonic: () => runtime.time },
  timers: {
    ...runtime.timers,
    every(_ms: number, work: () => void) {
      eachMinute.push(work);
      return { cancel() {} };
    },
  },
});
const told: { time: number; value: number }[] = [];
before(async () => {
  database = await openTestDatabase();
  store = await openTestStore(database, runtime);
});
after(async () => {
  await store.close();
  await database.close();
});

async function append(from: number, count: number, stepMs: number, value: () => number): Promise<void> {
  const times = Float64Array.from({ length: count }, (_, i) => from + i * stepMs);
  const values = Float64Array.from(times, value);
  times.forEach((time, i) => void told.push({ time, value: values[i] as number }));
  const quality = new Uint8Array(count);
  const readings = {
    stream,
    associationId: ASSOCIATION,
    times,
    values,
    quality,
    utcOffsetMinutes: null,
    receivedAt: runtime.time,
  };
  const entries: JournalEntry[] = [{ kind: "readings", readings }];
  if (!store.telemetry.knowsStream(stream.id)) entries.unshift({ kind: "stream", stream });
  await store.journal.append(entries);
}

const rows = async (sql: string) =>
  (await database.worker.query(sql, [stream.id])).rows as { at: number; bytes: number }[];
const kept = () =>
  rows(
    "SELECT day_start::float8 AS at, octet_length(payload) AS bytes FROM day_distribution WHERE stream_id = $1 ORDER BY 1",
  );

/** DuckDB's own statistics over the same readings. */
async function byDuckDb(from: number, to: number): Promise<Record<string, number>> {
  const duckdb = await (await DuckDBInstance.create(":memory:")).connect();
  const values = told.filter(({ time }) => time >= from && time < to);
  await duckdb.run(
    `CREATE TABLE r AS SELECT * FROM (VALUES ${values.map(({ time, value }) => `(${(time - DAY) / 1000}::DOUBLE, ${value}::DOUBLE)`).join(",")}) AS v (t, value)`,
  );
  const all = await duckdb.runAndReadAll(
    `SELECT count(*)::DOUBLE AS count, min(value) AS min, max(value) AS max, sum(value) AS sum, avg(value) AS mean,
      var_pop(value) * count(*) AS m2, quantile_cont(value, 0.2) AS p20, median(value) AS p50, quantile_cont(value, 0.95) AS p95,
      regr_slope(value, t) AS slope, kurtosis_pop(value) AS kurtosis FROM r`,
  );
  duckdb.closeSync();
  return all.getRowObjects()[0] as Record<string, number>;
}

async function assertSame(from: number, to: number): Promise<Distribution> {
  const found = await store.telemetry.queries.distribution(view, stream.id, { from, to });
  const expected = await byDuckDb(from, to);
  const [p20, p50, p95] = found.quantiles([0.2, 0.5, 0.95]);
  const { count, min, max, sum, mean, m2, m4 } = found;
  const slope = found.timeValue / found.timeTime;
  const kurtosis = m4 / count / (m2 / count) ** 2 - 3;
  for (const [name, value] of Object.entries({ count, min, max, sum, mean, m2, p20, p50, p95, slope, kurtosis })) {
    const wanted = expected[name] as number;
    assert.ok(
      Math.abs(Number(value) - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)),
      `${name}: ${value}, not ${wanted}`,
    );
  }
  assert.equal(found.error, 0);
  return found;
}

test(`days that are over are kept, and tell with the rest what DuckDB says of all readings (seed ${SEED})`, async () => {
  const beats = () => 50 + Math.round(random.float() * 40 + random.float() * 40);
  for (let day = 0; day < 3; day++) await append(DAY + day * DAY_MS + day * 1_234, 2_000, 40_000, beats);
  runtime.time = DAY + 2 * DAY_MS + 12 * HOUR_MS;
  await store.telemetry.seal({ everything: true });
  await store.telemetry.compact({ everything: true });
  const days = await kept();
  assert.deepEqual(
    days.map(({ at }) => at),
    [DAY, DAY + DAY_MS],
  );
  assert.ok(
    days.every(({ bytes }) => bytes < 700),
    `${days.map(({ bytes }) => bytes)} bytes for 2,000 readings`,
  );
  await assertSame(DAY, DAY + 3 * DAY_MS);
  await assertSame(DAY + 5 * HOUR_MS + 1, DAY + 2 * DAY_MS + 7 * HOUR_MS);
  await assertSame(DAY + 5 * HOUR_MS, DAY + 6 * HOUR_MS);
});

test("what is kept is what is read: the readings of a kept day are not asked again", async () => {
  const before = await store.telemetry.queries.distribution(view, stream.id, { from: DAY, to: DAY + DAY_MS });
  await database.owner.query(
    "UPDATE day_distribution SET payload = (SELECT payload FROM day_distribution WHERE day_start = $1) WHERE day_start = $2",
    [DAY + DAY_MS, DAY],
  );
  const planted = await store.telemetry.queries.distribution(view, stream.id, { from: DAY, to: DAY + DAY_MS });
  assert.notEqual(planted.sum, before.sum);
  await database.owner.query("UPDATE day_distribution SET payload = '\\x00' WHERE day_start = $1", [DAY]);
  await assertSame(DAY, DAY + DAY_MS);
});

test("a late reading counts at once, while it waits, when it is sealed and when its day is put together again", async () => {
  await append(DAY + 3 * HOUR_MS + 7, 3, 1_000, () => 250);
  await assertSame(DAY, DAY + 2 * DAY_MS);
  await store.telemetry.seal({ everything: true });
  assert.deepEqual(
    (await kept()).map(({ at }) => at),
    [DAY + DAY_MS],
    "what was made of the day is gone",
  );
  await assertSame(DAY, DAY + 2 * DAY_MS);
  await store.telemetry.compact({ everything: true });
  assert.equal((await kept()).length, 2);
  const { max } = await assertSame(DAY, DAY + 2 * DAY_MS);
  assert.equal(max, 250);
});

test("nobody else's view finds any", async () => {
  const asked = store.telemetry.queries.distribution(viewOf(), stream.id, { from: DAY, to: DAY + DAY_MS });
  await assert.rejects(asked, { code: "NOT_FOUND" });
});

test("days that were sent late are kept a moment after they are sealed, and not while more of them comes", async () => {
  const late = DAY - 40 * DAY_MS;
  const isKept = async () =>
    (await kept()).filter(({ at }) => at >= late && at < late + 2 * DAY_MS).map(({ at }) => at);
  const minute = async () => {
    runtime.time += 60_000;
    for (const work of eachMinute) work();
    // In turn with what the minute has set off.
    for (let i = 0; i < 8; i++) await store.telemetry.seal();
  };
  await append(late, 2_000, 40_000, () => 60 + Math.round(random.float() * 30));
  await minute();
  assert.deepEqual(await isKept(), []);
  await append(late + DAY_MS + 20, 10, 1_000, () => 61);
  await minute();
  await minute();
  assert.deepEqual(await isKept(), [late], "nothing was sealed of the first day for long enough");
  await minute();
  assert.deepEqual(await isKept(), [late, late + DAY_MS]);
  await assertSame(late, late + 2 * DAY_MS);
  await append(late + 5, 1, 1_000, () => 99);
  await store.telemetry.seal({ everything: true });
  assert.deepEqual(await isKept(), [late + DAY_MS], "what was made before is not so any more");
  const { max } = await assertSame(late, late + 2 * DAY_MS);
  assert.equal(max, 99);
});

test("all that are missing are made at once, of hours that were just sealed too, and a start takes none of them for old", async () => {
  await append(DAY - 50 * DAY_MS, 50, 1_000, () => 50 + Math.round(random.float() * 20));
  await store.telemetry.seal({ everything: true });
  await database.worker.query("DELETE FROM day_distribution");
  const made = await store.telemetry.makeStatistics();
  const before = await kept();
  assert.equal(before.length, made);
  assert.ok(before.some(({ at }) => at === DAY - 50 * DAY_MS));
  assert.ok(!before.some(({ at }) => at + DAY_MS > runtime.time), "today is not over");
  assert.equal(await store.telemetry.makeStatistics(), 0);
  await store.close();
  store = await openTestStore(database, runtime);
  await store.telemetry.seal({ everything: true });
  // Those before were put together sooner than an hour after their sealing: they are sealed anew.
  const ofHours = ({ at }: { at: number }) => at < DAY - 30 * DAY_MS;
  assert.deepEqual((await kept()).filter(ofHours), before.filter(ofHours));
  assert.equal(before.filter(ofHours).length, 3);
  await assertSame(DAY - 50 * DAY_MS, DAY - 49 * DAY_MS);
});
