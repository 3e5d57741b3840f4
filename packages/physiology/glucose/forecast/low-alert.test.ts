import assert from "node:assert/strict";
import { test } from "node:test";
import { createLowAlerts, type Forecast } from "../index.ts";

const MINUTE = 60_000;
/** Forecast values at five minutes each, with a deviation of 10; the glucose itself is `now`. */
function run(values: readonly (number | null)[], now: (i: number) => number = () => 100) {
  const lows = createLowAlerts({ raise: 0.5, clear: 0.1 });
  return values.flatMap((value, i) => {
    const at = i * 5 * MINUTE;
    const forecast: Forecast | null =
      value === null ? null : { at, minutes: 30, value, low: 0, high: 0, deviation: 10 };
    return lows.push(at, now(i), forecast) ? [5 * i] : [];
  });
}

test("it is raised once the chance is reached, and again only after it was cleared", () => {
  assert.deepEqual(run([100, 75, 69, 68, 69, 71]), [10]);
  // Between clear and raise nothing changes; it is said once more when it lasts.
  assert.deepEqual(run([69, 75, 69, 75, 69, 75, 69, 75, 69, 75, 69]), [0, 50]);
  // Cleared, but too soon; then late enough.
  assert.deepEqual(run([69, 100, 69, 100, 100, 100, 69]), [0, 30]);
});

test("what is below 70 already is no prediction, and the next one waits until glucose is up again", () => {
  assert.deepEqual(
    run([60, 60, 60], () => 69),
    [],
  );
  const up = (i: number) => [90, 69, 69, 69, 69, 69, 69, 69, 81, 80][i] ?? 80;
  assert.deepEqual(run([69, 60, 60, 60, 60, 60, 60, 60, 60, 60], up), [0, 40]);
  // Or until it was not below for longer than a quarter of an hour.
  const hovering = (i: number) => [90, 69, 69, 69, 69, 71, 72, 71, 72, 71][i] ?? 71;
  assert.deepEqual(run([69, 60, 60, 60, 60, 60, 60, 60, 60, 60], hovering), [0, 40]);
});

test("without a forecast nothing is raised, and nothing is cleared", () => {
  assert.deepEqual(run([null, null, null]), []);
  assert.deepEqual(run([69, null, null, null, null, null, null, null, 69]), [0]);
  const lows = createLowAlerts();
  const old: Forecast = { at: 0, minutes: 30, value: 40, low: 40, high: 40, deviation: 1 };
  assert.equal(lows.push(60 * MINUTE, 100, old), null);
  assert.equal(lows.push(61 * MINUTE, Number.NaN, null), null);
  assert.ok((lows.push(10 * MINUTE, 100, old)?.chance ?? 0) > 0.99);
});
