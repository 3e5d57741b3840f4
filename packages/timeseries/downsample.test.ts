import assert from "node:assert/strict";
import { test } from "node:test";
import { addReadings, addSlot, createBuckets, finishBuckets, rollupSlots } from "./index.ts";
import { randomColumns, START, seeded } from "./testing/random.ts";

test("buckets equal a count by hand, whatever the order the readings come in", () => {
  const r = seeded();
  for (let n = 0; n < 60; n++) {
    const { times } = randomColumns(r, 300);
    const values = times.map(() => r.int(100));
    const [from, to, count] = [START + 10_000, START + 10_000 + 1 + r.int(9_000_000), 1 + r.int(40)];
    const buckets = createBuckets(from, to, count);
    // Several readings of one time come together, in the order of their ordinals.
    let half = 150;
    while (times[half] === times[half - 1]) half++;
    addReadings(buckets, times.subarray(half), values.subarray(half));
    addReadings(buckets, times.subarray(0, half), values.subarray(0, half));
    const columns = finishBuckets(buckets);
    for (let b = 0; b < count; b++) {
      const mine = [...times.keys()].filter((i) => {
        const time = times[i] as number;
        return time >= from && time < to && Math.floor(((time - from) * count) / (to - from)) === b;
      });
      const inside = mine.map((i) => values[i] as number);
      assert.equal(columns.count[b], inside.length);
      assert.equal(columns.min[b], inside.length ? Math.min(...inside) : Number.NaN);
      assert.equal(columns.max[b], inside.length ? Math.max(...inside) : Number.NaN);
      assert.equal(columns.mean[b], inside.length ? inside.reduce((a, c) => a + c, 0) / inside.length : Number.NaN);
      assert.equal(columns.last[b], inside.at(-1) ?? Number.NaN);
      assert.equal(columns.starts[b], from + ((to - from) * b) / count);
    }
  }
});

test("slots of a rollup fill buckets as their readings would", () => {
  const { times } = randomColumns(seeded(), 300);
  const values = times.map((_, i) => i % 17);
  const from = Math.floor(START / 900_000) * 900_000;
  const byReading = createBuckets(from, from + 48 * 900_000, 12);
  const bySlot = createBuckets(from, from + 48 * 900_000, 12);
  addReadings(byReading, times, values);
  for (const slot of rollupSlots(times, values)) addSlot(bySlot, slot.lastTime, slot);
  assert.deepEqual(finishBuckets(bySlot), finishBuckets(byReading));
});
