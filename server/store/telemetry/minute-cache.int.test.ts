import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { JournalEntry } from "@openward/model";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { ASSOCIATION, PATIENT, readingsOf, seeded, testStream } from "../journal/testing/entries.ts";
import { openTestStore, settableRuntime, type TestStore, viewOf } from "./testing/open-store.ts";

const START = Date.UTC(2026, 10, 22, 22, 20);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const OTHER_ASSOCIATION = "018f0000-0000-7000-8000-0000000000bd";
const view = viewOf(PATIENT);

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

interface Bucket {
  count: number;
  min: number;
  max: number;
  sum: number;
  last: number;
}

test("trends are what their readings say, in minutes, between them and in hours, kept or read anew, while blocks are sealed under them", async () => {
  const r = seeded();
  const runtime = settableRuntime(START);
  const store = await openTestStore(database, runtime);
  try {
    const { telemetry } = store;
    const streams = [testStream(1), testStream(2)];
    const streamIds = streams.map(({ id }) => id);
    await store.journal.append(streams.map((stream) => ({ kind: "stream", stream })));
    const expected = async (streamId: string, from: number, to: number, count: number) => {
      const ask = { patientId: PATIENT, streamIds: [streamId], from, to, order: "ascending", limit: 1e6 } as const;
      const buckets = Array.from(
        { length: count },
        (): Bucket => ({ count: 0, min: Number.NaN, max: Number.NaN, sum: 0, last: Number.NaN }),
      );
      for (const { time, value } of await telemetry.readings(view, ask)) {
        const bucket = buckets[Math.floor(((time - from) * count) / (to - from))] as Bucket;
        bucket.count++;
        bucket.min = bucket.min <= value ? bucket.min : value;
        bucket.max = bucket.max >= value ? bucket.max : value;
        bucket.sum += value;
        bucket.last = value;
      }
      return buckets;
    };
    for (let round = 0; round < 25; round++) {
      for (const stream of streams) {
        const times = Array.from(
          { length: 200 },
          () => runtime.time - r.int(r.int(6) === 0 ? 400 : 10) * MINUTE - r.int(MINUTE),
        );
        const values = times.map(() => r.int(40));
        const readings = readingsOf(
          stream,
          times.map((time) => (r.int(4) === 0 ? Math.floor(time / MINUTE) * MINUTE : time)),
          values,
          runtime.time,
        );
        // A device that was taken off and put on: two rows of one hour.
        const associationId = r.int(3) === 0 ? OTHER_ASSOCIATION : ASSOCIATION;
        assert.ok(readings.kind === "readings");
        await store.journal.append([{ ...readings, readings: { ...readings.readings, associationId } }]);
        // Sent again when it was on again: readings of two rows.
        const isSentAgain = r.int(3) === 0;
        const again = { ...readings.readings, associationId: OTHER_ASSOCIATION };
        if (isSentAgain) await store.journal.append([{ ...readings, readings: again }]);
      }
      if (r.int(2) === 0) await telemetry.seal(r.int(3) === 0 ? { everything: true } : undefined);
      if (r.int(6) === 0) await telemetry.compact({ everything: true });
      runtime.time += 7 * MINUTE;
      const hour = Math.floor((START - r.int(7) * HOUR) / HOUR) * HOUR;
      const minute = Math.floor((START - r.int(400) * MINUTE) / MINUTE) * MINUTE;
      const asked = [
        [hour, hour + HOUR, 60],
        [hour, hour + HOUR, 60],
        [hour, hour + 3 * HOUR, 36],
        [minute, minute + 90 * MINUTE, 45],
        [minute, minute + 100 * MINUTE, 10],
        [minute + 1 + r.int(1000), minute + 2 * HOUR, 1 + r.int(90)],
        [minute, minute + 500 * MINUTE, 5],
        [hour - 12 * HOUR, hour + 12 * HOUR, 1 + r.int(24)],
      ] as const;
      for (const [from, to, count] of asked) {
        const trends = await telemetry.queries.trends(view, streamIds, { from, to, buckets: count });
        for (const [i, streamId] of streamIds.entries()) {
          const trend = trends[i];
          const buckets = await expected(streamId, from, to, count);
          const where = `round ${round}, ${count} buckets from ${new Date(from).toISOString()}`;
          assert.deepEqual(
            [...(trend?.count ?? [])],
            buckets.map((each) => each.count),
            where,
          );
          assert.deepEqual(
            [...(trend?.min ?? [])],
            buckets.map((each) => each.min),
            where,
          );
          assert.deepEqual(
            [...(trend?.max ?? [])],
            buckets.map((each) => each.max),
            where,
          );
          assert.deepEqual(
            [...(trend?.last ?? [])],
            buckets.map((each) => each.last),
            where,
          );
          assert.deepEqual(
            [...(trend?.mean ?? [])],
            buckets.map((each) => (each.count > 0 ? each.sum / each.count : Number.NaN)),
            where,
          );
        }
      }
    }
  } finally {
    await store.close();
  }
});

test("a day of which one of two turns' rollups cannot be read is read from the blocks of both", async () => {
  const runtime = settableRuntime(START + 30 * HOUR);
  const store = await openTestStore(database, runtime);
  try {
    const { telemetry } = store;
    const stream = testStream(3);
    const from = Math.floor(runtime.time / HOUR) * HOUR - 5 * HOUR;
    const turn = (associationId: string, second: number): JournalEntry => {
      const times = Float64Array.from({ length: 240 }, (_, i) => from + i * MINUTE + second * 1_000);
      const made = readingsOf(stream, [...times], [...times.map((_, i) => i)], runtime.time);
      assert.ok(made.kind === "readings");
      return { ...made, readings: { ...made.readings, associationId } };
    };
    await store.journal.append([{ kind: "stream", stream }, turn(ASSOCIATION, 0), turn(OTHER_ASSOCIATION, 30)]);
    await telemetry.seal({ everything: true });
    runtime.time += HOUR;
    await telemetry.seal();
    const counts = async () => {
      const ask = { from, to: from + 4 * HOUR, buckets: 2 };
      const [trend] = await telemetry.queries.trends(view, [stream.id], ask);
      return [...(trend?.count ?? [])];
    };
    assert.deepEqual(await counts(), [240, 240]);
    for (const associationId of [ASSOCIATION, OTHER_ASSOCIATION]) {
      const flip = "UPDATE rollup SET payload = set_byte(payload, 60, get_byte(payload, 60) # 1)";
      const damage = () =>
        database.owner.query(`${flip} WHERE stream_id = $1 AND association_id = $2`, [stream.id, associationId]);
      assert.equal((await damage()).rowCount, 2, "of two days");
      const { damagedBlocks } = telemetry.statistics();
      assert.deepEqual(await counts(), [240, 240]);
      assert.ok(telemetry.statistics().damagedBlocks > damagedBlocks);
      await damage();
    }
  } finally {
    await store.close();
  }
});

test("what is kept of an erased patient's hours is gone when they are forgotten; a damaged hour is looked at again", async () => {
  const runtime = settableRuntime(START + 30 * HOUR);
  const stream = { ...testStream(5), patientId: "018f0000-0000-7000-8000-0000000000c5" };
  const mine = viewOf(stream.patientId);
  const from = Math.floor(runtime.time / HOUR) * HOUR - 5 * HOUR;
  const times = Array.from({ length: 120 }, (_, i) => from + i * MINUTE);
  const counted = async ({ queries }: TestStore["telemetry"]) => {
    const [trend] = await queries.trends(mine, [stream.id], { from, to: from + 2 * HOUR, buckets: 120 });
    return trend?.count.reduce((sum, count) => sum + count, 0);
  };
  const first = await openTestStore(database, runtime);
  try {
    await first.journal.append([
      { kind: "stream", stream },
      readingsOf(
        stream,
        times,
        times.map((_, i) => i),
        runtime.time,
      ),
    ]);
    await first.telemetry.seal({ everything: true });
    runtime.time += HOUR;
    await first.telemetry.seal();
    const damaged = await database.owner.query(
      "UPDATE block SET payload = set_byte(payload, 60, get_byte(payload, 60) # 1) WHERE stream_id = $1 AND period_start = $2",
      [stream.id, from],
    );
    assert.equal(damaged.rowCount, 1);
    assert.equal(await counted(first.telemetry), 120, "what was sealed here need not be read");
  } finally {
    await first.close();
  }
  const store = await openTestStore(database, runtime);
  try {
    const { telemetry } = store;
    const before = telemetry.statistics().cachedBytes;
    assert.equal(await counted(telemetry), 60);
    const { damagedBlocks } = telemetry.statistics();
    assert.ok(damagedBlocks > 0);
    assert.equal(await counted(telemetry), 60);
    assert.ok(telemetry.statistics().damagedBlocks > damagedBlocks, "nothing says that the hour is empty");
    assert.ok(telemetry.statistics().cachedBytes > before);
    store.keys.erase([
      {
        patientId: stream.patientId,
        organisationId: stream.organisationId,
        at: runtime.time,
        by: "test",
        reason: "asked",
      },
    ]);
    assert.deepEqual(telemetry.forget(stream.patientId), [stream.id]);
    assert.equal(telemetry.statistics().cachedBytes, before);
    await assert.rejects(counted(telemetry), /NOT_FOUND/);
  } finally {
    await store.close();
  }
});
