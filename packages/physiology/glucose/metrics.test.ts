import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { agp, conga, glucoseMetrics, glucoseWear, glycaemiaRisk, localTimeOf, mage, modd, traceOf } from "./index.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const near = (actual: number | null | undefined, expected: number, within = 1e-4) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= within, `${actual} is not ${expected}`);
/** Readings at a steady interval. */
const every = (minutes: number, values: readonly number[], from = 0) =>
  traceOf(
    values.map((_, i) => from + i * minutes * MINUTE),
    values,
  );
const repeated = (count: number, value: (i: number) => number) => Array.from({ length: count }, (_, i) => value(i));

test("four readings by hand", () => {
  const told = glucoseMetrics([50, 100, 200, 300]);
  near(told?.mean, 162.5);
  near(told?.sd, 110.8678);
  near(told?.cv, 68.2264);
  near(told?.gmi, 7.197);
  near(told?.estimatedA1c, 7.2892);
  near(told?.jIndex, 74.7299);
  // r = 10 (1.509 (ln(g)^1.084 - 5.381))^2.
  near(told?.lbgi, (22.50045 + 0.48205) / 4);
  near(told?.hbgi, (11.60475 + 33.95199) / 4);
  assert.deepEqual(told?.times, { veryLow: 25, low: 0, target: 25, high: 25, veryHigh: 25 });
  assert.deepEqual([told?.tight, told?.median, told?.lowest, told?.highest], [25, 150, 50, 300]);
});

test("the tight range has both of its ends", () => {
  assert.equal(glucoseMetrics([69.9, 70, 140, 140.1])?.tight, 50);
});

test("the glycaemia risk index is that of its authors, and ends at 100", () => {
  const told = glycaemiaRisk({ veryLow: 1, low: 3, target: 71, high: 20, veryHigh: 5 });
  near(told.index, 34.2);
  assert.deepEqual([told.zone, told.hypo.toFixed(1), told.hyper.toFixed(1)], ["B", "3.4", "15.0"]);
  const worst = glycaemiaRisk({ veryLow: 100, low: 0, target: 0, high: 0, veryHigh: 0 });
  assert.deepEqual([worst.index, worst.zone], [100, "E"]);
  assert.equal(glycaemiaRisk({ veryLow: 0, low: 0, target: 100, high: 0, veryHigh: 0 }).zone, "A");
});

test("MODD is how far a day is from the one before it, and a missing day is no difference", () => {
  const days = [100, 130, 120].flatMap((value) => repeated(288, () => value));
  near(modd(every(5, days)), (30 + 10) / 2);
  near(modd(every(5, days), 2), 20);
  const holed = days.map((value, i) => (i >= 288 && i < 576 ? Number.NaN : value));
  assert.equal(modd(every(5, holed)), null);
  near(modd(every(5, holed), 2), 20);
});

test("CONGA is the spread of what changed within so many hours", () => {
  // Up by 60 every other hour: of twelve pairs, six up and six down.
  const steps = repeated(13 * 12, (i) => (Math.floor(i / 12) % 2 === 0 ? 100 : 160));
  near(conga(every(5, steps), 1), Math.sqrt((144 * 60 ** 2) / 143));
  near(conga(every(5, steps), 2), 0);
  // A line rises by the same in every hour.
  near(
    conga(
      every(
        15,
        repeated(40, (i) => 100 + i),
      ),
      4,
    ),
    0,
  );
});

test("MAGE counts ways of more than a standard deviation, and no ripple on them", () => {
  const wave = repeated(60, (i) => 100 + 10 * [0, 2, 4, 6, 8, 10, 8, 6, 4, 2][i % 10]!);
  // The first way leads up from 100; each up and down is 100.
  const told = mage(every(5, wave));
  near(told?.mage, 100);
  assert.equal(told?.excursions, 12);
  const rippled = wave.map((value, i) => value + (i % 2 === 0 ? 3 : -3));
  assert.ok(Math.abs((mage(every(5, rippled))?.mage ?? 0) - 100) < 7);
  assert.equal(mage(every(5, rippled))?.excursions, told?.excursions);
  assert.equal(
    mage(
      every(
        5,
        repeated(60, () => 120),
      ),
    ),
    null,
  );
});

test("MAGE goes the way that comes first, and does not cross what is missing for hours", () => {
  // 100 up to 220, down to 150, up to 205: the standard deviation is 46.
  const values = [100, 100, 100, 160, 220, 220, 190, 150, 150, 180, 205, 205];
  const told = mage(every(15, values));
  assert.deepEqual([told?.mage, told?.up, told?.down, told?.excursions], [87.5, 87.5, 70, 3]);
  const down = mage(
    every(
      15,
      values.map((value) => 320 - value),
    ),
  );
  assert.deepEqual([down?.mage, down?.up, down?.down], [87.5, 70, 87.5]);
  const low = repeated(12, () => 100);
  const high = repeated(12, () => 200);
  const apart = traceOf(
    [...low.map((_, i) => i * 5 * MINUTE), ...high.map((_, i) => 10 * HOUR + i * 5 * MINUTE)],
    [...low, ...high],
  );
  assert.equal(mage(apart), null);
  assert.equal(mage(every(5, [...low, ...high]))?.excursions, 1);
});

test("the profile has percentiles by local time, and how many days stand behind them", () => {
  const local = localTimeOf("Europe/Berlin");
  const begin = Date.parse("2026-01-01T23:00:00Z");
  // Five days; that of 100 + 10 d mg/dL, the third without its morning.
  const times: number[] = [];
  const values: number[] = [];
  for (let day = 0; day < 5; day++)
    for (let minute = 0; minute < 1_440; minute += 15) {
      if (day === 2 && minute < 720) continue;
      times.push(begin + day * 24 * HOUR + minute * MINUTE);
      values.push(100 + 10 * day + (minute === 480 ? 50 : 0));
    }
  const { bins, days } = agp(traceOf(times, values), local, 15);
  assert.deepEqual([bins.length, days], [96, 5]);
  assert.deepEqual(bins[0], {
    minute: 0,
    days: 4,
    count: 4,
    percentiles: { 5: 100, 25: 105, 50: 120, 75: 135, 95: 140 },
  });
  assert.deepEqual([bins[60]?.days, bins[60]?.percentiles?.[50]], [5, 120]);
  assert.equal(bins[32]?.percentiles?.[50], 170);
  const empty = agp(traceOf([], []), local);
  assert.ok(empty.days === 0 && empty.bins.every(({ percentiles }) => percentiles === null));
  assert.throws(() => agp(traceOf([], []), local, 7), RangeError);
});

test("a day without an hour has no reading in it, and an hour that comes twice counts once", () => {
  const local = localTimeOf("Europe/Berlin");
  const dayOf = (from: string, hours: number, value: (hour: number) => number) => {
    const begin = Date.parse(from);
    const all = repeated(hours * 4, (i) => i);
    return { times: all.map((i) => begin + i * 15 * MINUTE), values: all.map((i) => value(Math.floor(i / 4))) };
  };
  const spring = dayOf("2026-03-28T23:00:00Z", 23, () => 100);
  const profile = agp(traceOf(spring.times, spring.values), local, 60);
  assert.deepEqual(
    profile.bins.map(({ days }) => days),
    repeated(24, (hour) => (hour === 2 ? 0 : 1)),
  );
  // Autumn: two o'clock twice, first 100, then 300; the ordinary day before it has 200.
  const before = dayOf("2026-10-23T22:00:00Z", 24, () => 200);
  const autumn = dayOf("2026-10-24T22:00:00Z", 25, (hour) => (hour === 2 ? 100 : 300));
  const both = agp(traceOf([...before.times, ...autumn.times], [...before.values, ...autumn.values]), local, 60);
  assert.deepEqual([both.days, both.bins[2]?.days, both.bins[2]?.count], [2, 2, 12]);
  near(both.bins[2]?.percentiles?.[50], 200);
  // Of equal shares a quarter lies below the middle of 100 and 200: pooled it would be 125.
  near(both.bins[2]?.percentiles?.[25], 100 + (100 * (0.25 - 0.21875)) / (0.3125 - 0.21875));
});

test("wear says how much was measured, and what is missing at the ends too", () => {
  const local = localTimeOf("UTC");
  const trace = every(
    5,
    repeated(288, () => 100),
    6 * HOUR,
  );
  const told = glucoseWear(trace, 0, 48 * HOUR, local);
  near(told?.activePercent, 50);
  assert.deepEqual(
    [told?.days, told?.isSufficient, told?.gaps],
    [
      2,
      false,
      [
        { from: 0, to: 6 * HOUR },
        { from: 30 * HOUR - 5 * MINUTE, to: 48 * HOUR },
      ],
    ],
  );
  const fortnight = every(
    15,
    repeated(14 * 96, () => 100),
  );
  assert.equal(glucoseWear(fortnight, 0, 14 * 24 * HOUR, local)?.isSufficient, true);
  assert.equal(glucoseWear(fortnight, 0, 21 * 24 * HOUR, local)?.isSufficient, false);
  assert.equal(glucoseWear(fortnight, HOUR, HOUR, local), null);
});

test("what no sensor can have said is left out with its reason, and nothing of nothing is told", () => {
  const told = traceOf([3, 1, 2, 2, 4, Number.NaN, 6], [5.5, 5, 5.2, 9, Number.NaN, 5, 0], "mmol/L");
  assert.deepEqual(told.leftOut, { "no number": 2, "no glucose of anybody": 1, "second of its time": 1 });
  assert.deepEqual([...told.times], [1, 2, 3]);
  near(told.values[0], 90.078);
  for (const none of [[], [100]]) {
    const trace = every(5, none);
    assert.deepEqual([glucoseMetrics(none), mage(trace), modd(trace), conga(trace, 1)], [null, null, null, null]);
  }
  assert.equal(glucoseMetrics([Number.NaN, 100, -5, 1]), null);
});

test("whatever comes, each measure is a number or absent", () => {
  const seed = Number(process.env.SEED ?? 20261128);
  console.log(`seed ${seed}`);
  const { float } = seededRandom(seed);
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1e9, 40, 400];
  for (let round = 0; round < 100; round++) {
    const count = Math.floor(float() * 300);
    const times = repeated(count, (i) =>
      float() < 0.05 ? (odd[i % 7] as number) : i * 5 * MINUTE - float() * 20 * MINUTE,
    );
    const values = repeated(count, (i) => (float() < 0.2 ? (odd[i % 7] as number) : 40 + 300 * float()));
    const trace = traceOf(times, values);
    const numbers = [modd(trace), conga(trace, 1), mage(trace)?.mage ?? null, glucoseMetrics(values)?.lbgi ?? null];
    assert.ok(numbers.every((value) => value === null || (Number.isFinite(value) && value >= 0)));
    const { leftOut } = trace;
    const out = leftOut["no number"] + leftOut["no glucose of anybody"] + leftOut["second of its time"];
    assert.equal(trace.times.length + out, count);
    const { bins } = agp(trace, localTimeOf("America/St_Johns"));
    assert.equal(
      bins.reduce((sum, bin) => sum + bin.count, 0),
      trace.times.length,
    );
  }
});
