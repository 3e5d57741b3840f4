import assert from "node:assert/strict";
import { test } from "node:test";
import { auroc, type Judged } from "./auroc.ts";
import { bestThreshold, eventOne, eventTwo, hosmerLemeshow, tenths } from "./challenge2012.ts";

const judged = (had: readonly number[], not: readonly number[]): Judged[] => [
  ...had.map((said) => ({ had: true, said })),
  ...not.map((said) => ({ had: false, said })),
];

test("the area counts pairs in their order, and ties by halves", () => {
  assert.equal(auroc(judged([3, 4], [1, 2])), 1);
  assert.equal(auroc(judged([1, 2], [3, 4])), 0);
  assert.equal(auroc(judged([2, 3], [1, 2, 3])), (1 + 0.5 + (1 + 1 + 0.5)) / 6);
  assert.ok(Number.isNaN(auroc(judged([1], []))));
});

test("event 1 is the lesser of sensitivity and positive predictive value", () => {
  const all = judged([0.9, 0.6, 0.3], [0.7, 0.2, 0.1, 0.1]);
  assert.equal(eventOne(all, 0.5), 2 / 3);
  assert.equal(eventOne(all, 0.8), 1 / 3);
  assert.equal(eventOne(all, 0.3), 3 / 4);
  assert.equal(eventOne(all, 1), 0);
  assert.equal(bestThreshold(all), 0.3);
});

test("tenths by what was said; H is nought where it is exactly so, and event 2 is H over the range", () => {
  const all = Array.from({ length: 100 }, (_, i): Judged => {
    const tenth = Math.floor(i / 10);
    return { said: (tenth + 0.5) / 10 + (i % 10) * 1e-9, had: i % 10 < tenth };
  });
  const ten = tenths(all);
  assert.deepEqual(
    ten.map(({ deaths }) => deaths),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  // By hand: each is half a death off its expectation.
  const byHand = ten.reduce((sum, { said }) => sum + 0.25 / (10 * said * (1 - said) + 0.001), 0);
  assert.ok(Math.abs(hosmerLemeshow(all) - byHand) < 1e-6);
  assert.ok(Math.abs(eventTwo(all) - byHand / 0.9) < 1e-6);
});
