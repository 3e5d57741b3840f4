import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { gait, madeMotion, play } from "../testing/motion.ts";
import { createSensorCheck, type SensorState } from "./index.ts";

const random = seededRandom(6).float;
/** @param change what the sensor makes of a sample, and when */
function statesOf(change: (value: number, seconds: number) => number, seconds = 20): [SensorState, number][] {
  const rateHz = 40;
  const made = madeMotion([{ for: 4 }, { for: 2, shaken: gait(2, 0.4) }, { for: seconds - 6 }], rateHz, random);
  const through = (axis: Float64Array) => axis.map((value, i) => change(value, i / rateHz));
  const found: [SensorState, number][] = [];
  const check = createSensorCheck({ rateHz, onState: (state, at) => found.push([state, at]) });
  play({ rateHz, x: through(made.x), y: through(made.y), z: through(made.z) }, check);
  return found;
}

test("a sensor that says 1 g at rest is good, and one that does not is not", () => {
  assert.deepEqual(
    statesOf((value) => value),
    [["ok", 2]],
  );
  assert.deepEqual(
    statesOf((value) => -value),
    [["ok", 2]],
  );
  assert.deepEqual(
    statesOf((value) => value / 4),
    [["off scale", 2]],
  );
  // m/s² taken for g.
  assert.deepEqual(
    statesOf((value) => value * 9.80665),
    [["off scale", 2]],
  );
  assert.deepEqual(
    statesOf((value, t) => (t < 8 ? value / 4 : value)),
    [
      ["off scale", 2],
      ["ok", 10],
    ],
  );
});

test("one that is never at rest is not judged", () => {
  const found: SensorState[] = [];
  const check = createSensorCheck({ rateHz: 20, onState: (state) => found.push(state) });
  play(madeMotion([{ for: 30, shaken: gait(2, 0.6) }], 20), check);
  assert.deepEqual(found, []);
});

test("silence and being stuck are told, and what comes after them is judged anew", () => {
  assert.deepEqual(
    statesOf((value, t) => (t >= 10 && t < 16 ? Number.NaN : value), 30),
    [
      ["ok", 2],
      ["silent", 15],
      ["unknown", 17],
      ["ok", 18],
    ],
  );
  const states = statesOf((value, t) => (t >= 10 && t < 80 ? 0.577 : value), 90).map(([state]) => state);
  assert.deepEqual(states, ["ok", "stuck", "unknown", "ok"]);
});
