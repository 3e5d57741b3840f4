import assert from "node:assert/strict";
import { test } from "node:test";
import { manualRuntime, seededRandom } from "@openward/runtime/manual";
import { testSeed } from "../../packages/timeseries/testing/random.ts";
import { createSchedule } from "./schedule.ts";

const seed = testSeed();

test(`everything falls due at its time and in its order, whatever is cancelled (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const runtime = manualRuntime(0);
  const schedule = createSchedule(runtime);
  const expected: number[] = [];
  const seen: number[] = [];
  for (let i = 0; i < 5_000; i++) {
    const delay = Math.floor(random.float() * 10_000_000);
    const due = schedule.after(delay, () => {
      seen.push(delay);
      assert.equal(runtime.clock.monotonic(), delay);
    });
    if (random.float() < 0.6) due.cancel();
    else expected.push(delay);
  }
  assert.equal(runtime.pending(), 1, "one timer for all of them");
  runtime.advance(10_000_000);
  assert.deepEqual(
    seen,
    expected.sort((a, b) => a - b),
  );
});

test("what falls due may set something new", () => {
  const runtime = manualRuntime(0);
  const schedule = createSchedule(runtime);
  const seen: number[] = [];
  const again = () => {
    seen.push(runtime.clock.monotonic());
    if (seen.length < 3) schedule.after(10, again);
  };
  schedule.after(10, again);
  runtime.advance(100);
  assert.deepEqual(seen, [10, 20, 30]);
  schedule.stop();
  assert.equal(runtime.pending(), 0);
});
