import assert from "node:assert/strict";
import { test } from "node:test";
import { daysUntil, dayText, isUrgent, mainCauseOf, percentOf, proofText, stepOf } from "./words.ts";

const nothing = { at: null, percent: null, after: null, count: null, gateway: null, what: null, reason: null };
const timeOf = (at: number) => `t${at}`;

test("a hundred is all of it, and nothing but nothing is none", () => {
  const percents = [
    [1440, 1440],
    [1440, 1439],
    [1440, 0],
    [1440, 1],
    [1000, 955],
  ].map(([expected = 0, received = 0]) => percentOf({ expected, received }));
  assert.deepEqual(percents, [100, 99, 0, 1, 96]);
  assert.deepEqual([100, 99, 98, 94, 79, 49].map(stepOf), ["whole", "whole", "little", "some", "much", "most"]);
});

test("a day says what is missing and why, the most first; without gaps there is no cause", () => {
  const day = { expected: 100, received: 60, missing: { clock: 10, battery: 25 } } as const;
  assert.equal(dayText("2026-11-27", day), "2026-11-27: 60 %, 60 of 100; missing: battery 25, clock 10");
  assert.equal(mainCauseOf(day), "battery");
  assert.equal(mainCauseOf({ missing: {} }), null);
  assert.equal(dayText("2026-11-27", undefined), "2026-11-27: nothing was expected");
});

test("what a cause is read from is a sentence", () => {
  const sentences = [
    proofText({ ...nothing, by: "battery", at: 5, percent: 6, after: 97 }, timeOf),
    proofText({ ...nothing, by: "others-heard", gateway: { id: "gw" }, count: 1 }, timeOf),
    proofText({ ...nothing, by: "quarantine", count: 3, what: "UNIT_MISMATCH" }, timeOf),
    proofText({ ...nothing, by: "standby", reason: "Withheld" }, timeOf),
  ];
  assert.deepEqual(sentences, [
    "Battery 6 % at t5. Afterwards 97 %.",
    "Gateway gw heard 1 other device, and this one not.",
    "3 messages in quarantine: UNIT_MISMATCH.",
    "Watching was paused: Withheld.",
  ]);
});

test("what has something newer to sign in with is not urgent", () => {
  assert.ok(isUrgent({ endsAt: 0, isCovered: false }, 1));
  assert.ok(!isUrgent({ endsAt: 0, isCovered: true }, 1));
  assert.ok(!isUrgent({ endsAt: 8 * 86_400_000, isCovered: false }, 0));
});

test("days go back over the end of a month", () => {
  assert.deepEqual(daysUntil("2026-03-01", 3), ["2026-02-27", "2026-02-28", "2026-03-01"]);
});
