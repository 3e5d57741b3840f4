import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { JournalEntry } from "@openward/model";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { ASSOCIATION, PATIENT, testStream } from "../journal/testing/entries.ts";
import { postgresBlocks } from "./postgres-blocks.ts";
import { openTestStore, settableRuntime, type TestStore, viewOf } from "./testing/open-store.ts";

const DAY = Date.UTC(2026, 10, 20);
const HOUR_MS = 3_600_000;
const view = viewOf(PATIENT);

let database: TestDatabase;
let store: TestStore;
let stream = testStream(0);
const runtime = settableRuntime(DAY);
before(async () => {
  database = await openTestDatabase();
  store = await openTestStore(database, runtime);
});
// Each test has a stream of its own, on the same day.
let tests = 0;
beforeEach(() => {
  stream = testStream(++tests);
});
after(async () => {
  await store.close();
  await database.close();
});

async function append(
  times: readonly number[],
  valueAt: (time: number) => number,
  associationId = ASSOCIATION,
): Promise<void> {
  const readings = {
    stream,
    associationId,
    times: Float64Array.from(times),
    values: Float64Array.from(times, valueAt),
    quality: new Uint8Array(times.length),
    utcOffsetMinutes: 60,
    receivedAt: runtime.time,
  };
  const entries: JournalEntry[] = [{ kind: "readings", readings }];
  if (!store.telemetry.knowsStream(stream.id)) entries.unshift({ kind: "stream", stream });
  await store.journal.append(entries);
}

/** A reading a minute in the hours that are named. */
const minutesOf = (hours: readonly number[]) =>
  hours.flatMap((hour) => Array.from({ length: 60 }, (_, m) => DAY + hour * HOUR_MS + m * 60_000));

async function valuesBetween(from: number, to: number): Promise<number[]> {
  const query = { patientId: PATIENT, streamIds: [stream.id], from, to, order: "ascending", limit: 1e5 } as const;
  return (await store.telemetry.readings(view, query)).map((each) => each.value);
}

async function rows() {
  const count = async (table: string) =>
    Number(
      (await database.worker.query(`SELECT count(*) AS n FROM ${table} WHERE stream_id = $1`, [stream.id])).rows[0].n,
    );
  return { hours: await count("block"), days: await count("day_block") };
}

async function sealDay(hours: readonly number[]): Promise<void> {
  await append(minutesOf(hours), (time) => (time - DAY) / 60_000);
  runtime.time = Math.max(runtime.time, DAY + 26 * HOUR_MS);
  await store.telemetry.seal({ everything: true });
}

test("a finished day becomes one row, from which any hour is read as before", async () => {
  await sealDay([0, 1, 5, 23, 24]);
  assert.deepEqual(await rows(), { hours: 5, days: 0 });
  const all = await valuesBetween(DAY, DAY + 30 * HOUR_MS);
  assert.equal(all.length, 300);
  assert.equal(await store.telemetry.compact({ everything: true }), 1);
  // The second day is not over.
  assert.deepEqual(await rows(), { hours: 1, days: 1 });
  assert.deepEqual(await valuesBetween(DAY, DAY + 30 * HOUR_MS), all);
  assert.deepEqual(
    await valuesBetween(DAY + 5 * HOUR_MS, DAY + 6 * HOUR_MS),
    all.filter((value) => value >= 300 && value < 360),
  );
  assert.deepEqual(await valuesBetween(DAY + 6 * HOUR_MS, DAY + 23 * HOUR_MS), []);
  assert.equal(await store.telemetry.compact({ everything: true }), 0);
});

test("a day is left alone until an hour has passed without anything late", async () => {
  await sealDay([3]);
  assert.equal(await store.telemetry.compact(), 0);
  runtime.time += HOUR_MS;
  assert.equal(await store.telemetry.compact(), 1);
});

test("what comes late into a finished day is read at once, and is part of its row at the next turn", async () => {
  await sealDay([0, 5]);
  await store.telemetry.compact({ everything: true });
  const late = [DAY + 5 * HOUR_MS + 30_000, DAY + 9 * HOUR_MS];
  await append(late, () => 7777);
  // The same time with another value is kept beside it.
  await append([DAY + 5 * HOUR_MS], () => 1);
  const expected = [
    ...Array.from({ length: 60 }, (_, m) => m),
    300,
    1,
    7777,
    ...Array.from({ length: 59 }, (_, m) => 301 + m),
    7777,
  ];
  assert.deepEqual(await valuesBetween(DAY, DAY + 24 * HOUR_MS), expected);
  await store.telemetry.seal({ everything: true });
  assert.deepEqual(await rows(), { hours: 2, days: 1 });
  assert.deepEqual(await valuesBetween(DAY, DAY + 24 * HOUR_MS), expected);
  assert.equal(await store.telemetry.compact({ everything: true }), 1);
  assert.deepEqual(await rows(), { hours: 0, days: 1 });
  assert.deepEqual(await valuesBetween(DAY, DAY + 24 * HOUR_MS), expected);
});

test("after a start the newest reading is known from a day's row", async () => {
  await sealDay([0, 5]);
  await store.telemetry.compact({ everything: true });
  await store.close();
  store = await openTestStore(database, runtime);
  assert.equal(store.telemetry.latest(view, PATIENT).find((each) => each.stream.id === stream.id)?.value, 359);
});

test("after a start the newest reading is known of a day on which the device was put on again and again", async () => {
  // The later it was put on, the lower its id: none is found because it comes last.
  const worn = Array.from({ length: 5 }, (_, n) => `${String(9 - n).repeat(8)}-0000-4000-8000-000000000000`);
  for (const [n, association] of worn.entries())
    for (const hour of [n, 8]) await append([DAY + hour * HOUR_MS + n * 60_000], () => n, association);
  runtime.time = Math.max(runtime.time, DAY + 26 * HOUR_MS);
  await store.telemetry.seal({ everything: true });
  for (const isJoined of [false, true]) {
    if (isJoined) await store.telemetry.compact({ everything: true });
    assert.deepEqual(await rows(), isJoined ? { hours: 0, days: 5 } : { hours: 10, days: 0 });
    const newest = await postgresBlocks(database.worker).newestBlocks([stream.id]);
    assert.equal(newest.filter(({ periodStart }) => periodStart === DAY + 8 * HOUR_MS).length, 5);
  }
});

test("a damaged hour within a day's row is left out and set aside; the other hours stay readable", async () => {
  await sealDay([0, 5, 7]);
  await store.telemetry.compact({ everything: true });
  await database.owner.query(
    "UPDATE day_block SET payload = set_byte(payload, bounds[6] + 60, get_byte(payload, bounds[6] + 60) # 1) WHERE stream_id = $1",
    [stream.id],
  );
  assert.equal((await valuesBetween(DAY, DAY + 24 * HOUR_MS)).length, 120);
  await append([DAY + 5 * HOUR_MS + 1], () => 5);
  await store.telemetry.seal({ everything: true });
  assert.equal((await valuesBetween(DAY, DAY + 24 * HOUR_MS)).length, 121);
  const { rows: found } = await database.worker.query("SELECT period_start FROM damaged_block WHERE stream_id = $1", [
    stream.id,
  ]);
  assert.deepEqual(
    found.map((row) => Number(row.period_start)),
    [DAY + 5 * HOUR_MS],
  );
});

test("putting days together twice at the same time loses nothing", async () => {
  await store.telemetry.compact({ everything: true });
  await sealDay([0, 1, 2]);
  const all = await valuesBetween(DAY, DAY + 24 * HOUR_MS);
  const written = await Promise.all([1, 2, 3].map(() => store.telemetry.compact({ everything: true })));
  assert.equal(
    written.reduce((sum, days) => sum + days),
    1,
  );
  assert.deepEqual(await valuesBetween(DAY, DAY + 24 * HOUR_MS), all);
});
