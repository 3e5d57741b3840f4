import assert from "node:assert/strict";
import { test } from "node:test";
import { manualRuntime } from "./manual.ts";
import { steadyClock } from "./steady.ts";

const START = Date.UTC(2026, 0, 1);

test("a jump of the wall clock is taken only after a quarter of an hour", () => {
  const { clock, advance, setNow } = manualRuntime(START);
  const steady = steadyClock(clock);
  advance(1_000);
  setNow(START + 3_601_000);
  assert.equal(steady.now(), START + 1_000);
  advance(60_000);
  assert.equal(steady.now(), START + 61_000);
  advance(15 * 60_000);
  assert.equal(steady.now(), clock.now());
});

test("small corrections are followed at once", () => {
  const { clock, advance, setNow } = manualRuntime(START);
  const steady = steadyClock(clock);
  advance(1_000);
  setNow(START + 1_300);
  assert.equal(steady.now(), START + 1_300);
});
