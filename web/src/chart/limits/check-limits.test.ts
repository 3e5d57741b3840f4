import assert from "node:assert/strict";
import { test } from "node:test";
import { addedLimits, checkLimits, draftOf, toNewLimits } from "./check-limits.ts";

const row = { ...addedLimits("spo2", []), criticalLow: 85, low: 90, high: 100 } as const;
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

test("a draft carries everything back", () => {
  assert.deepEqual(toNewLimits(draftOf(set)), { ...toNewLimits(row) });
});

test("a hysteresis that reaches the other limit is refused: the alarm could never end", () => {
  assert.deepEqual(checkLimits({ ...row, hysteresis: 10 }, {}), { hysteresis: "less than from low to high" });
  assert.deepEqual(checkLimits({ ...row, hysteresis: "" }, {}), { hysteresis: "0 or more" });
  assert.deepEqual(checkLimits({ ...row, high: "", hysteresis: 10 }, {}), {});
});

test("a row that is added behaves as the limits of its kind do", () => {
  const like = {
    ...set,
    signal: "heart-rate",
    delayMs: 6_000,
    hysteresis: 2,
    latching: true,
    priority: "high" as const,
  };
  const breath = { ...set, signal: "respiratory-rate", delayMs: 14_000, hysteresis: 1 };
  const added = addedLimits("pulse-rate-nibp", [breath, like]);
  assert.deepEqual(
    [added.delayS, added.hysteresis, added.latching, added.priority, added.low],
    [6, 2, true, "high", ""],
  );
  assert.equal(addedLimits("respiratory-rate-co2", [like, breath]).hysteresis, 1);
});
