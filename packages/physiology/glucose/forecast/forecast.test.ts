import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { createForecastFeatures, createPersonalForecast, FORECAST_FEATURES, glucoseRule } from "../index.ts";
import { GlucoseHistory } from "./history.ts";
import { createRidge } from "./ridge.ts";

const MINUTE = 60_000;
const seed = Number(process.env.SEED ?? 20261128);
console.log(`seed ${seed}`);
const { float } = seededRandom(seed);
const noise = (size: number) => size * (float() + float() + float() - 1.5) * 2;
const near = (actual: number | undefined, expected: number, within: number) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= within, `${actual} is not ${expected}`);
const minuteOf = (at: number) => Math.floor(at / MINUTE) % 1_440;
const feature = (row: ArrayLike<number> | null, name: string) => row?.[FORECAST_FEATURES.indexOf(name)];
/** Up and down like a day with meals, and the noise of a sensor. */
const course = (count: number, minutes: number) =>
  Array.from({ length: count }, (_, i) => ({
    at: i * minutes * MINUTE,
    value: 140 + 50 * Math.sin((i * minutes) / 70) + 15 * Math.sin((i * minutes) / 23) + noise(2),
  }));

test("what was is found as a search over all of it finds it, when the ring has gone around as well", () => {
  const history = new GlucoseHistory();
  const all: { at: number; value: number }[] = [];
  let at = 0;
  for (let i = 0; i < 1_500; i++) {
    at += (float() < 0.02 ? 40 : 5) * MINUTE;
    const value = 100 + noise(20);
    all.push({ at, value });
    assert.equal(history.push(at, value), true);
    const wanted = at - float() * 24 * 60 * MINUTE;
    const next = all.findIndex((one) => one.at >= wanted);
    const [before, after] = [all[next - 1], all[next]];
    const isKnown = before && after && after.at - before.at <= 20.5 * MINUTE;
    const expected =
      isKnown && before.value + ((wanted - before.at) / (after.at - before.at)) * (after.value - before.value);
    const found = history.valueAt(wanted);
    assert.ok(expected === undefined || expected === false ? Number.isNaN(found) : Math.abs(found - expected) < 1e-9);
    const recent = all.filter((one) => one.at >= at - 180 * MINUTE);
    near(history.meanOver(180 * MINUTE), recent.reduce((sum, one) => sum + one.value, 0) / recent.length, 1e-6);
  }
  assert.equal(history.push(at, 100), false);
  assert.equal(history.push(at - 1, 100), false);
  assert.equal(history.push(Number.NaN, 100), false);
});

test("a row tells the course by hand", () => {
  const look = createForecastFeatures(minuteOf);
  let row: Float64Array | null = null;
  for (let i = 0; i <= 60; i++) row = look.push(i * 5 * MINUTE, 100 + 2 * i);
  assert.equal(feature(row, "now"), 220);
  near(feature(row, "change over 60 min"), 24, 1e-9);
  near(feature(row, "step 25 min ago"), 2, 1e-9);
  near(feature(row, "change over 4 h"), 96, 1e-9);
  near(feature(row, "mean of 3 h from now"), -36, 1e-9);
  near(feature(row, "sine of the time of day"), Math.sin((2 * Math.PI * 300) / 1_440), 1e-9);
  near(feature(row, "roughness of an hour"), 0, 1e-9);
  assert.equal(feature(row, "minutes since the reading before"), 5);
  assert.ok(Number.isNaN(feature(row, "this time yesterday from now") as number));
  assert.equal(new Set(FORECAST_FEATURES).size, row?.length);
});

test("a slow sensor, a fast one and one of a day's length have rows of the same meaning", () => {
  for (const minutes of [1, 5, 15]) {
    const look = createForecastFeatures(minuteOf);
    let row: Float64Array | null = null;
    for (let at = 0; at <= 1_500; at += minutes) row = look.push(at * MINUTE, 100 + at / 10);
    near(feature(row, "change over 30 min"), 3, 1e-6);
    near(feature(row, "change over 6 h"), 36, 1e-6);
    near(feature(row, "this time yesterday from now"), -144, 1e-6);
    near(feature(row, "30 min after this time yesterday"), 3, 1e-6);
    near(feature(row, "usual minutes between readings"), minutes, 1);
  }
});

test("what comes later changes no row, and a gap is no course", () => {
  const readings = course(400, 5);
  const whole = createForecastFeatures(minuteOf);
  const rows = readings.map(({ at, value }) => whole.push(at, value)?.slice());
  const part = createForecastFeatures(minuteOf);
  for (const { at, value } of readings.slice(0, 200)) part.push(at, value);
  assert.deepEqual(part.push(readings[200]!.at, readings[200]!.value), rows[200]);
  const look = createForecastFeatures(minuteOf);
  const told = [0, 5, 10, 15, 60, 65, 70, 75].map((minute) => look.push(minute * MINUTE, 100) !== null);
  assert.deepEqual(told, [false, false, false, true, false, false, false, true]);
});

test("bad readings have no row, say why, and leave the next ones as they are", () => {
  const look = createForecastFeatures(minuteOf);
  const plain = createForecastFeatures(minuteOf);
  for (const [i, { at, value }] of course(50, 5).entries()) {
    for (const [badAt, bad, why] of [
      [at - MINUTE, Number.NaN, "no glucose"],
      [at - MINUTE, 0, "no glucose"],
      [at - MINUTE, Number.POSITIVE_INFINITY, "no glucose"],
      [Number.NaN, 100, "no glucose"],
      [at - 30 * MINUTE, 100, "not later than the one before"],
    ] as const) {
      if (i === 0) continue;
      assert.equal(look.push(badAt, bad), null);
      assert.equal(look.absent, why);
    }
    assert.deepEqual(look.push(at, value), plain.push(at, value));
    assert.equal(look.absent, i < 3 ? "too little before it" : null);
  }
});

test("hours of noise and a flat line give rows of numbers", () => {
  const look = createForecastFeatures(minuteOf);
  for (let i = 0; i < 2_000; i++) {
    const row = look.push(i * 5 * MINUTE, i < 1_000 ? 20 + 580 * float() : 100);
    if (i > 400) assert.ok(row?.every(Number.isFinite), `row ${i}`);
  }
});

test("a line is learnt row by row, from what is likely before", () => {
  const ridge = createRidge([1, 1, 1]);
  assert.equal(ridge.predict([1, 2, 3]), 0);
  for (let i = 0; i < 500; i++) {
    const row = [1, noise(3), noise(3)];
    ridge.learn(row, 0.5 + 0.3 * row[1]! - 0.2 * row[2]! + noise(0.1), 10);
  }
  near(ridge.predict([1, 0, 0]), 0.5, 0.02);
  near(ridge.predict([1, 1, 0]), 0.8, 0.02);
  near(ridge.predict([1, 0, 1]), 0.3, 0.02);
  ridge.fade(0);
  assert.equal(ridge.predict([1, 2, 3]), 0);
});

/** Forecasts a person whose changes are `part` of what is estimated. */
function follow(part: number, deviation: number, count = 4_000) {
  const look = createForecastFeatures(minuteOf);
  const personal = createPersonalForecast(30);
  const readings = course(count, 5);
  const told = readings.map(({ at, value }, i) => {
    const features = look.push(at, value);
    const change = ((readings[i + 6]?.value ?? value) - value + noise(8)) / part;
    return personal.push(at, value, features, features && { change, deviation });
  });
  const late = told
    .slice(count / 2, -6)
    .map((forecast, i) => ({ forecast, outcome: readings[count / 2 + i + 6]!.value }));
  const inside = late.filter(
    ({ forecast, outcome }) => forecast && forecast.low <= outcome && outcome <= forecast.high,
  );
  const squares = late.reduce((sum, { forecast, outcome }) => sum + ((forecast?.value ?? 0) - outcome) ** 2, 0);
  return { readings, told, covered: inside.length / late.length, rmse: Math.sqrt(squares / late.length) };
}

test("who goes on less than others is forecast so after some days", () => {
  const { rmse } = follow(0.8, 15);
  const same = follow(1, 15);
  assert.ok(rmse < 1.15 * same.rmse, `${rmse} and ${same.rmse}`);
});

test("an interval holds 95 of 100, whether the estimate is too sure or not sure enough", () => {
  for (const deviation of [4, 8, 20]) {
    const { covered } = follow(1, deviation);
    assert.ok(covered > 0.93 && covered < 0.97, `${deviation}: ${covered}`);
  }
});

test("a forecast knows nothing of what comes after it", () => {
  const readings = course(300, 5);
  const tell = (all: readonly { at: number; value: number }[]) => {
    const look = createForecastFeatures(minuteOf);
    const personal = createPersonalForecast(60);
    return all.map(({ at, value }) => {
      const features = look.push(at, value);
      return personal.push(at, value, features, features && glucoseRule(60, features));
    });
  };
  const changed = readings.map((one, i) => (i > 200 ? { ...one, value: 300 } : one));
  assert.deepEqual(tell(changed).slice(0, 201), tell(readings).slice(0, 201));
  assert.notDeepEqual(tell(changed)[220], tell(readings)[220]);
});

test("without an estimate there is no forecast, and bad estimates are none", () => {
  const personal = createPersonalForecast(30);
  const features = new Float64Array(FORECAST_FEATURES.length).fill(Number.NaN);
  assert.equal(personal.push(0, 100, null, null), null);
  assert.equal(personal.push(1, 100, features, null), null);
  assert.equal(personal.push(2, 100, features, { change: Number.NaN, deviation: 1 }), null);
  assert.equal(personal.push(3, 100, features, { change: 1, deviation: 0 }), null);
  const told = personal.push(4, 100, features, { change: -90, deviation: 10 });
  // No sensor says less than 40.
  assert.deepEqual([told?.value, told?.low, told?.minutes], [40, 40, 30]);
  // Outcomes that never come do not pile up, nor does a stream of every second.
  for (let at = 5_000; at < 5_000_000; at += 1_000)
    assert.ok(Number.isFinite(personal.push(at, 100, features, { change: 0, deviation: 10 })?.value));
});
