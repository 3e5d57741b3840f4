import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { compressionLows, likelyStarts, traceOf, warmUpMinutes, warmUps } from "./index.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const every = (minutes: number, values: readonly number[]) =>
  traceOf(
    values.map((_, i) => i * minutes * MINUTE),
    values,
  );
const always = () => true;
const steady = (count: number, value = 110) => Array.from({ length: count }, (_, i) => value + (i % 2));

test("a steady course that drops and comes back at once is pressure, and the readings in between are named", () => {
  const trace = every(5, [...steady(12), 90, 72, 60, 58, 61, 59, 80, 104, ...steady(12)]);
  const [low, ...others] = compressionLows(trace, always);
  assert.deepEqual(others, []);
  assert.deepEqual([low?.state, low?.from, low?.to, low?.lowest], ["recovered", 60 * MINUTE, 90 * MINUTE, 58]);
  assert.match(low?.why ?? "", /steady 111 to 58 .* back at 4\.8/);
  // Fifteen minutes apart the same is seen.
  assert.equal(compressionLows(every(15, [...steady(6), 75, 62, 105, ...steady(4)]), always).length, 1);
});

test("while it lasts it is suspected and no more", () => {
  const [low] = compressionLows(every(5, [...steady(12), 90, 72, 60, 58]), always);
  assert.deepEqual([low?.state, low?.after, low?.rise], ["suspected", null, null]);
});

test("what blood does is no pressure: a slow fall, a slow way back, a fall by day, one that was under way", () => {
  const slow = Array.from({ length: 20 }, (_, i) => 110 - 3 * i);
  const back = Array.from({ length: 24 }, (_, i) => 58 + 2 * i);
  for (const values of [
    [...steady(12), ...slow, ...back],
    [...steady(12), 90, 72, 60, 58, ...back],
    [200, 190, 180, 170, 160, 150, 140, 130, 115, 95, 75, 60, 90, 110, ...steady(6)],
    [...steady(12), 100, 95, 92, 90, 95, 105, ...steady(6)],
  ])
    assert.deepEqual(compressionLows(every(5, values), always), []);
  const trace = every(5, [...steady(12), 90, 72, 60, 58, 61, 59, 80, 104, ...steady(12)]);
  assert.deepEqual(
    compressionLows(trace, () => false),
    [],
  );
});

test("a gap is no fall, and nothing is said across one", () => {
  const values = [...steady(12), 70, 60, ...steady(12)];
  const times = values.map((_, i) => (i < 12 ? i * 5 : i * 5 + 60) * MINUTE);
  assert.deepEqual(compressionLows(traceOf(times, values), always), []);
});

test("whatever comes, a compression lies within the trace and has fallen as deep as the rule asks", () => {
  const seed = Number(process.env.SEED ?? 20261128);
  console.log(`seed ${seed}`);
  const { float } = seededRandom(seed);
  let seen = 0;
  for (let round = 0; round < 200; round++) {
    let value = 120;
    const values = Array.from({ length: 200 }, () => {
      value = Math.min(Math.max(value + (float() < 0.1 ? 90 * (float() - 0.5) : 2 * (float() - 0.5)), 30), 400);
      return float() < 0.03 ? Number.NaN : value;
    });
    const trace = every(5, values);
    for (const low of compressionLows(trace, always)) {
      seen++;
      assert.ok(low.from <= low.to && low.before - low.lowest >= 25 && low.fall >= 1.5);
    }
    assert.ok(warmUps(trace, likelyStarts(trace, 10), 10).every(({ from, to, readings }) => from < to && readings > 0));
  }
  assert.ok(seen > 20, String(seen));
});

test("a sensor that was put on warms up as its maker says, and is less accurate for a day", () => {
  const trace = every(
    15,
    Array.from({ length: 200 }, () => 100),
  );
  const spans = warmUps(trace, [{ at: HOUR, known: true }], warmUpMinutes("Dexcom G6"));
  assert.deepEqual(
    spans.map(({ kind, from, to, readings }) => [kind, from / HOUR, to / HOUR, readings]),
    [
      ["warm-up", 1, 3, 8],
      ["first day", 3, 25, 88],
    ],
  );
  assert.deepEqual([warmUpMinutes("FreeStyle Libre 2"), warmUpMinutes("Dexcom G7"), warmUpMinutes("?")], [60, 30, 120]);
  // The next one ends the first day of the one before it.
  const both = warmUps(
    trace,
    [
      { at: 10 * HOUR, known: true },
      { at: 0, known: true },
    ],
    60,
  );
  assert.deepEqual(
    both.map(({ to }) => to / HOUR),
    [1, 10, 11, 34],
  );
});

test("a silence may be a new sensor: its readings are marked, none is taken for warm-up", () => {
  const times = [0, 5, 10, 15, 200, 205, 210].map((minute) => minute * MINUTE);
  const trace = traceOf(
    times,
    times.map(() => 100),
  );
  const starts = likelyStarts(trace, 120);
  assert.deepEqual(
    starts.map(({ at, known }) => [at / MINUTE, known]),
    [
      [0, false],
      [200, false],
    ],
  );
  const spans = warmUps(trace, starts, 120);
  assert.deepEqual(
    spans.map(({ kind, known, readings }) => [kind, known, readings]),
    [
      ["first day", false, 4],
      ["first day", false, 3],
    ],
  );
  assert.match(spans[1]?.why ?? "", /may have been/);
  assert.deepEqual([likelyStarts(traceOf([], []), 60), warmUps(trace, [], 60)], [[], []]);
});
