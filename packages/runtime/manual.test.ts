import assert from "node:assert/strict";
import { test } from "node:test";
import { manualRuntime } from "./manual.ts";

test("timers run in the order of their due times, at their own time", () => {
  const { clock, timers, advance } = manualRuntime(1_000);
  const seen: [string, number][] = [];
  timers.after(20, () => seen.push(["late", clock.now()]));
  timers.after(10, () => seen.push(["early", clock.now()]));
  const ticking = timers.every(8, () => seen.push(["tick", clock.now()]));
  advance(17);
  ticking.cancel();
  advance(100);
  assert.deepEqual(seen, [
    ["tick", 1008],
    ["early", 1010],
    ["tick", 1016],
    ["late", 1020],
  ]);
});

test("a step runs the next timer alone", () => {
  const { clock, timers, step } = manualRuntime(1_000);
  const seen: [string, number][] = [];
  timers.after(20, () => seen.push(["late", clock.now()]));
  timers.after(10, () => seen.push(["early", clock.now()]));
  assert.equal(step(), true);
  assert.deepEqual(seen, [["early", 1010]]);
  step();
  assert.deepEqual(seen.at(-1), ["late", 1020]);
  assert.equal(step(), false);
});

test("setting the time of day moves no timer", () => {
  const { clock, timers, advance, setNow } = manualRuntime(1_000);
  let ran = 0;
  timers.after(10, () => ran++);
  setNow(5_000_000);
  assert.equal(ran, 0);
  advance(10);
  assert.equal(ran, 1);
  assert.equal(clock.now(), 5_000_010);
});

test("the same seed gives the same ids, and they are UUIDs of version 7", () => {
  const a = manualRuntime(1_000, 7).ids.uuid();
  assert.equal(a, manualRuntime(1_000, 7).ids.uuid());
  assert.match(a, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
