import assert from "node:assert/strict";
import { test } from "node:test";
import { burstOf, melodyOf } from "./burst.ts";
import { PRIORITIES } from "./priority.ts";

const within = (value: number, [low, high]: readonly [number, number], what: string) =>
  assert.ok(value >= low && value <= high, `${what} is ${value}, outside ${low} to ${high}`);

test("high is ten pulses in two groups of five, with the standard's timing", () => {
  const { pulses, periodMs, durationMs } = burstOf("high", "oxygen");
  assert.equal(pulses.length, 10);
  for (const p of pulses) within(p.durationMs, [75, 200], "pulse");
  const gaps = pulses.slice(1).map((p, i) => p.onsetMs - (pulses[i]!.onsetMs + pulses[i]!.durationMs));
  for (const i of [0, 1, 3, 5, 6, 8]) within(gaps[i]!, [50, 125], `spacing ${i}`);
  for (const i of [2, 7]) assert.equal(gaps[i], 2 * gaps[0]! + pulses[0]!.durationMs);
  within(gaps[4]!, [350, 1300], "spacing of the groups");
  within(periodMs - durationMs, [2500, 15000], "silence between bursts");
});

test("medium is three pulses and low is two, slower and never louder", () => {
  const [high, medium, low] = PRIORITIES.map((p) => burstOf(p));
  assert.ok(high && medium && low);
  assert.equal(medium.pulses.length, 3);
  assert.equal(low.pulses.length, 2);
  for (const p of [...medium.pulses, ...low.pulses]) within(p.durationMs, [125, 250], "pulse");
  within(medium.periodMs - medium.durationMs, [2500, 30000], "silence between bursts");
  assert.ok(low.periodMs - low.durationMs >= 15000);
  assert.ok(high.gain >= medium.gain && medium.gain >= low.gain);
});

test("the melody follows the signal", () => {
  assert.equal(melodyOf("spo2"), "oxygen");
  assert.equal(melodyOf("heart-rate"), "cardiovascular");
  assert.equal(melodyOf("infusion-rate-current"), "delivery");
  assert.equal(melodyOf(null), "general");
});
