import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceBody } from "@openward/api";
import { clockSentences, isClockInDoubt } from "./clock-text.ts";

const clock = {
  kind: "local-as-utc",
  leadsTo: "corrected",
  isCertain: true,
  since: 0,
  notBefore: null,
  decidedAt: 0,
  lessMs: 120,
  moreMs: 2_120,
  driftPpm: 12.5,
  driftBoundPpm: 3,
  sightings: 40,
  sequence: 3,
  byPerson: false,
  because: null,
} as const satisfies DeviceBody["clock"];

test("what is wrong, what comes of it, and how sure", () => {
  assert.equal(clockSentences({ clock: null, clockOffsetMs: 5 }), null);
  const told = clockSentences({ clock, clockOffsetMs: 7_200_000 }) ?? [];
  assert.equal(told[0], "The clock is wrong: it shows the time of a place and says it is UTC.");
  assert.match(told[1] ?? "", /corrected; what the device said is kept/);
  assert.match(told[2] ?? "", /2 h.* ahead .*40 comparisons/);
  assert.equal(told[3], "Drift: 12.5 ± 3 parts per million.");
});

test("what only late data could feign as well is said to be so", () => {
  const flagged = {
    ...clock,
    kind: "step",
    leadsTo: "flagged",
    isCertain: false,
    driftPpm: null,
    driftBoundPpm: null,
  } as const;
  const told = clockSentences({ clock: flagged, clockOffsetMs: -3_600_000 }) ?? [];
  assert.match(told[0] ?? "", /set wrong, or its data comes late/);
  assert.equal(told.length, 3, "no drift where nobody knows it");
  const right = clockSentences({
    clock: { ...flagged, kind: null, leadsTo: "kept", isCertain: true },
    clockOffsetMs: 12,
  });
  assert.equal(right?.[0], "The clock is right.");
});

test("what a person said of a clock is told with why, and may be said otherwise", () => {
  const kept = { ...clock, kind: "step", leadsTo: "kept", byPerson: true, because: "It showed the time." } as const;
  const told = clockSentences({ clock: kept, clockOffsetMs: null })?.join(" ") ?? "";
  assert.match(told, /Somebody looked at it: the clock is right.*Because: It showed the time\..*until it is set again/);
  assert.doesNotMatch(told, /The clock is wrong/);
  assert.equal(isClockInDoubt(kept), true);
  assert.equal(isClockInDoubt({ leadsTo: "flagged", byPerson: false }), true);
  assert.equal(isClockInDoubt({ leadsTo: "kept", byPerson: false }), false);
  assert.equal(isClockInDoubt({ leadsTo: "corrected", byPerson: true }), false, "it has moved readings");
});
