import assert from "node:assert/strict";
import { test } from "node:test";
import { changedLimits, checkLimits, draftOf, emptyLimits, toNewLimits } from "./check-limits.ts";

const row = { ...emptyLimits("spo2"), criticalLow: 85, low: 90, high: 100 } as const;
const set = { ...toNewLimits(row), setBy: "profile adult", setAt: 0, isDefault: true, revision: "profile adult" };

test("limits in order can be saved", () => assert.deepEqual(checkLimits(row, { min: 0, max: 100 }), {}));

test("a low limit above the high one is refused at the field", () => {
  assert.deepEqual(checkLimits({ ...row, high: 88 }, {}), { high: "must be above low" });
});

test("a critical limit inside the ordinary one is refused", () => {
  assert.deepEqual(checkLimits({ ...row, criticalLow: 93 }, {}), { low: "must be above critical low" });
});

test("a limit that the signal cannot reach is refused", () => {
  assert.deepEqual(checkLimits({ ...row, high: 140 }, { min: 0, max: 100 }), { high: "not above 100" });
});

test("a delay outside ten minutes is refused", () => {
  assert.deepEqual(checkLimits({ ...row, delayS: 601 }, {}), { delayS: "0 to 600 s" });
});

test("only rows that changed are sent, and a draft carries everything back", () => {
  assert.deepEqual(changedLimits([draftOf(set)], [set]), []);
  assert.equal(changedLimits([{ ...draftOf(set), low: 92 }], [set]).length, 1);
  assert.deepEqual(toNewLimits(draftOf(set)), { ...toNewLimits(row) });
  assert.equal(changedLimits([emptyLimits("heart-rate")], [set]).length, 1);
});
