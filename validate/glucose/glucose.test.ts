import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { type Course, coursesOf, outcomesOf } from "../records/course.ts";
import { addSums, autoregression, noSums, sumsOf } from "./autoregressive.ts";
import { lowsOf, scoreLows } from "./lows.ts";

const MINUTE = 60_000;
const courseWith = (minutes: readonly number[], values: readonly number[]): Course =>
  coursesOf({ study: "s", person: "p", times: minutes.map((minute) => minute * MINUTE), values, words: new Map() })[0]!;
const every = (minutes: number, values: readonly number[]) =>
  courseWith(
    values.map((_, i) => i * minutes),
    values,
  );
const alertsAt = (...minutes: number[]) =>
  minutes.map((minute) => ({ at: minute * MINUTE, chance: 1, forecast: {} as never }));

test("an outcome is the reading of its time, within three minutes, and a number", () => {
  const [course] = coursesOf({
    study: "s",
    person: "p",
    times: [0, 5, 32, 34, 66, 98].map((minute) => minute * MINUTE),
    values: [100, 101, 102, 103, Number.NaN, 104],
    words: new Map([[4, "low"]]),
  });
  assert.ok(course);
  assert.deepEqual([...course.values], [100, 101, 102, 103, 40, 104]);
  assert.deepEqual([...outcomesOf(course, 30 * MINUTE)], [2, 3, -1, -1, 5, -1]);
});

test("two sensors at once are two courses, and a reading between two of the same sensor is one of it", () => {
  const times: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < 40; i++) {
    times.push(i * 5 * MINUTE, (i * 5 + 1) * MINUTE);
    values.push(100 + i, 200 - i);
  }
  const record = { study: "s", person: "p", times, values, words: new Map() };
  const [one, other, ...more] = coursesOf(record);
  assert.deepEqual([more.length, one?.values.at(-1), other?.values.at(-1)], [0, 139, 161]);
  assert.equal(coursesOf({ ...record, values: values.map((_, i) => 100 + i / 2) }).length, 1);
  // One spike is no sensor.
  assert.equal(coursesOf({ ...record, values: values.map((_, i) => (i === 21 ? 250 : 100)) }).length, 1);
});

test("a process that is a line of its past is forecast by it, and without others nothing changes", () => {
  const seed = Number(process.env.SEED ?? 20261128);
  console.log(`seed ${seed}`);
  const { float } = seededRandom(seed);
  const values = [120, 120];
  for (let i = 2; i < 3_000; i++)
    values.push(120 + 1.6 * (values[i - 1]! - 120) - 0.7 * (values[i - 2]! - 120) + 8 * (float() - 0.5));
  const course = every(5, values);
  const outcomes = outcomesOf(course, 5 * MINUTE);
  const say = autoregression(sumsOf(course, outcomes));
  for (const i of [100, 500, 2_000]) {
    const expected = 1.6 * (values[i]! - 120) - 0.7 * (values[i - 1]! - 120) + 120 - values[i]!;
    assert.ok(Math.abs(say(course, i) - expected) < 1, `${say(course, i)} ${expected}`);
  }
  const sums = noSums();
  addSums(sums, sumsOf(course, outcomes), 1);
  addSums(sums, sumsOf(course, outcomes), -1);
  assert.ok(Math.abs(autoregression(sums)(course, 100)) < 1e-6);
});

test("a low lasts fifteen minutes, and the next one comes after fifteen that were none", () => {
  const low = (...values: number[]) => lowsOf(every(5, values), 5 * MINUTE).map((at) => at / MINUTE);
  assert.deepEqual(low(100, 69, 69, 69, 100), [5]);
  assert.deepEqual(low(100, 69, 69, 100, 100, 100), []);
  assert.deepEqual(low(100, 69, 69, 100, 69, 69, 69, 100), [5]);
  assert.deepEqual(low(69, 69, 69, 100, 100, 100, 69, 69, 69), [0, 30]);
  assert.deepEqual(lowsOf(every(15, [100, 69, 100]), 15 * MINUTE), [15 * MINUTE]);
});

test("an alert is right when a low begins within 45 minutes after it, and a low is announced by one before it", () => {
  const values = Array.from({ length: 60 }, (_, i) => (i >= 20 && i < 30 ? 60 : 100));
  const course = every(5, values);
  const score = (...minutes: number[]) => scoreLows(course, 5 * MINUTE, alertsAt(...minutes), [...course.times]);
  const pick = ({ events, announced, falseAlerts, leads }: ReturnType<typeof score>) => [
    events,
    announced,
    falseAlerts,
    ...leads,
  ];
  assert.deepEqual(pick(score(70, 95)), [1, 1, 0, 30]);
  assert.deepEqual(pick(score(50)), [1, 0, 1]);
  assert.deepEqual(pick(score(100, 160)), [1, 0, 1]);
  // A dip that is no low: the alert was right about it, and no low came.
  const dipped = every(
    5,
    values.map((value, i) => (i === 50 ? 65 : value)),
  );
  const dip = scoreLows(dipped, 5 * MINUTE, alertsAt(230), [...dipped.times]);
  assert.deepEqual([dip.events, dip.falseAlerts, dip.noLowAfter], [1, 0, 1]);
  const blind = scoreLows(course, 5 * MINUTE, [], [...course.times].slice(20));
  assert.deepEqual([blind.events, blind.unforeseeable], [0, 1]);
});
