import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import {
  AF_FEATURES,
  afByBoth,
  afByRule,
  createAfDecision,
  createIntervalRows,
  INTERVALS_PER_ROW,
  type IntervalRow,
} from "./index.ts";

const seed = Number(process.env.SEED ?? 20261128);
console.log(`seed ${seed}`);
const random = seededRandom(seed).float;

function rowsOf(intervals: readonly number[]): IntervalRow[] {
  const rows: IntervalRow[] = [];
  const watch = createIntervalRows((row) => rows.push(row));
  for (const interval of intervals) watch.push(interval);
  watch.finish();
  return rows;
}
const made = (count: number, of: (i: number) => number) => Array.from({ length: count }, (_, i) => of(i));
const fibrillating = (count: number) => made(count, () => 0.45 + 0.55 * random());
const sinus = (count: number) => made(count, (i) => 0.9 + 0.05 * Math.sin(i / 4) + 0.01 * random());
/** The rule's verdicts, one for each row. */
function verdicts(intervals: readonly number[]): (boolean | null)[] {
  const found: (boolean | null)[] = [];
  const decision = createAfDecision(({ isFibrillation }) => found.push(isFibrillation));
  for (const { at, features } of rowsOf(intervals)) decision.push(at, features && afByRule(features));
  decision.finish();
  return found;
}

test("intervals in no order are fibrillation, and those of a sinus rhythm are none", () => {
  assert.ok(verdicts(fibrillating(400)).every((is) => is === true));
  assert.ok(verdicts(sinus(400)).every((is) => is === false));
});

test("ectopic beats, in patterns and now and then, are none", () => {
  const patterns: Readonly<Record<string, (i: number) => number>> = {
    bigeminy: (i) => (i % 2 === 0 ? 0.5 : 1.2) + 0.01 * random(),
    trigeminy: (i) => [0.85, 0.5, 1.2][i % 3] as number,
    "now and then": (i) => (i % 11 === 5 ? 0.5 : i % 11 === 6 ? 1.3 : 0.9 + 0.02 * random()),
    "a block of every fourth": (i) => (i % 4 === 3 ? 1.6 : 0.8 + 0.01 * random()),
  };
  for (const [name, of] of Object.entries(patterns))
    assert.ok(
      verdicts(made(300, of)).every((is) => is === false),
      name,
    );
});

test("where a rhythm changes the verdict does, within thirty beats", () => {
  const found = verdicts([...sinus(300), ...fibrillating(300), ...sinus(300)]);
  const at = (i: number) => found[Math.floor(i / INTERVALS_PER_ROW)];
  assert.deepEqual([at(100), at(265), at(335), at(450), at(565), at(635)], [false, false, true, true, true, false]);
});

test("a row comes ninety intervals later, whatever the pieces, and is of nothing later than that", () => {
  const intervals = [...sinus(150), ...fibrillating(150), ...sinus(105)];
  const whole = rowsOf(intervals);
  assert.equal(whole.length, Math.ceil((intervals.length - INTERVALS_PER_ROW / 2) / INTERVALS_PER_ROW));
  for (const { features } of whole) assert.equal(features?.length, AF_FEATURES.length);
  const seen: [number, number][] = [];
  let pushed = 0;
  const watch = createIntervalRows(({ at, features }) => {
    seen.push([at, pushed]);
    assert.deepEqual(features, whole[seen.length - 1]?.features, `row ${at}`);
  });
  for (const interval of intervals) {
    pushed++;
    watch.push(interval);
  }
  for (const [at, when] of seen) assert.equal(when, at + 90);
  // What comes later than it may see changes nothing.
  const other = rowsOf([...intervals.slice(0, 200), ...fibrillating(205)]);
  for (const [i, { at, features }] of other.entries())
    if (at + 90 <= 200) assert.deepEqual(features, whole[i]?.features);
});

test("too few intervals, gaps and what are none: no verdict, and none is made up", () => {
  assert.deepEqual(rowsOf([]), []);
  assert.deepEqual(verdicts(fibrillating(8)), [null]);
  assert.ok(verdicts(made(200, () => Number.NaN)).every((is) => is === null));
  assert.ok(verdicts(made(200, () => 0)).every((is) => is === null));
  // A gap every fifteen intervals leaves no stretch that is long enough.
  assert.ok(verdicts(made(200, (i) => (i % 15 === 0 ? 60 : 0.5 + random()))).every((is) => is === null));
  const holed = [...sinus(200), 3_600, ...sinus(200)];
  assert.ok(
    verdicts(holed).every((is) => is === false),
    "a gap between two stretches of sinus rhythm is no irregularity",
  );
  const hostile = [Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1e-9, 3.9, 0.8];
  for (const { features } of rowsOf(made(2_000, () => hostile[Math.floor(random() * hostile.length)] as number)))
    for (const value of features ?? []) assert.ok(Number.isNaN(value) || Number.isFinite(value));
});

test("one row against its neighbours is not believed, and one that has no chance has no verdict", () => {
  const found: (boolean | null)[] = [];
  const decision = createAfDecision(({ isFibrillation }) => found.push(isFibrillation));
  const low = made(5, () => 0.05);
  const chances = [...low, 0.999, ...low, null, ...made(5, () => 0.95)];
  for (const [i, chance] of chances.entries()) decision.push(10 * i, chance);
  decision.finish();
  assert.deepEqual(
    found,
    chances.map((_, i) => (i < 11 ? false : i === 11 ? null : true)),
  );
});

test("model and rule have equal say", () => {
  assert.ok(Math.abs(afByBoth(0.5, 0.5) - 0.5) < 1e-9);
  assert.ok(afByBoth(0.999, 0.6) > 0.5 && afByBoth(0.001, 0.4) < 0.5);
  assert.ok(afByBoth(0.7, 0.1) < 0.5 && afByBoth(0.3, 0.9) > 0.5);
  for (const [model, rule] of [
    [0, 1],
    [1, 0],
  ] as const)
    assert.ok(Number.isFinite(afByBoth(model, rule)));
});
