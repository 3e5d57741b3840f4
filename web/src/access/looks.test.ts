import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccessEntry } from "@openward/api";
import { looksOf, peopleIn, whyText } from "./looks.ts";

const MINUTE = 60_000;
const NINA = "00000000-0000-7000-8000-000000000001";
let count = 0;
const entry = (at: number, more: Partial<AccessEntry> = {}): AccessEntry => ({
  id: `e${++count}`,
  at,
  words: "Nina Berg (nurse) looked at your measurements",
  by: "Nina Berg",
  byId: NINA,
  role: "nurse",
  because: null,
  entity: "Observation",
  purpose: null,
  outcome: "allowed",
  ...more,
});

test("what a screen asks every minute is one line, and what comes after half an hour is another", () => {
  const looks = looksOf([entry(100 * MINUTE), entry(61 * MINUTE), entry(60 * MINUTE), entry(31 * MINUTE), entry(0)]);
  assert.deepEqual(
    looks.map(({ first, last, times }) => [first / MINUTE, last / MINUTE, times]),
    [
      [100, 100, 1],
      [31, 61, 3],
      [0, 0, 1],
    ],
  );
});

test("two things in turns are two lines; what was refused stands apart from what was shown", () => {
  const other = { words: "Nina Berg (nurse) looked at your alarms" };
  const looks = looksOf([entry(4), entry(3, other), entry(2), entry(1, { outcome: "refused" })]);
  assert.deepEqual(
    looks.map(({ times, newest }) => [times, newest.words, newest.outcome]),
    [
      [2, "Nina Berg (nurse) looked at your measurements", "allowed"],
      [1, other.words, "allowed"],
      [1, "Nina Berg (nurse) looked at your measurements", "refused"],
    ],
  );
});

test("why is the permission in words, with the reason of an emergency", () => {
  const because = { purpose: "emergency", basis: "break-glass", reason: "unconscious" } as const;
  assert.equal(whyText(entry(0, { because })), "Emergency: without a permission that was there before (“unconscious”)");
  assert.equal(whyText(entry(0)), undefined);
  assert.equal(whyText(entry(0, { outcome: "refused" })), "refused: nothing was shown");
});

test("each person stands once in the choice, a stranger not at all", () => {
  const all = [entry(3), entry(2), entry(1, { byId: null, by: "" }), entry(0, { byId: "x", by: "Ada Moen" })];
  assert.deepEqual(
    peopleIn(all).map(({ name }) => name),
    ["Ada Moen", "Nina Berg"],
  );
});
