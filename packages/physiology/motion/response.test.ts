import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { FALL, gait, type MadeMotion, type Movement, madeMotion, play } from "../testing/motion.ts";
import { type AfterFall, createImpactFinder, createResponseWatch, isFallByRule } from "./index.ts";

const random = seededRandom(10).float;
/** Told as the server would: a fall that the rule finds begins the watch. */
function after(motion: MadeMotion): [AfterFall, number][] {
  const found: [AfterFall, number][] = [];
  const { rateHz } = motion;
  const watch = createResponseWatch({ rateHz, onOutcome: (outcome, at) => found.push([outcome, Math.round(at)]) });
  const finder = createImpactFinder({
    rateHz,
    onImpact: ({ features }) => {
      if (isFallByRule(features).isFall) watch.fell();
    },
  });
  play(motion, {
    push(x, y, z) {
      finder.push(x, y, z);
      watch.push(x, y, z);
    },
  });
  return found;
}
const made = (movements: readonly Movement[]) => madeMotion([...FALL, ...movements], 25, random);
const writhe: Movement = { for: 40, shaken: (t) => 0.25 * Math.sin(2 * Math.PI * 0.7 * t) };

test("who lies still for half a minute after a fall does not respond", () => {
  // The impact is at 6.4 s, the verdict at 9.9 s.
  assert.deepEqual(after(made([{ for: 60 }])), [["no response", 39]]);
});

test("who moves responds, and who then lies still does not any more", () => {
  assert.deepEqual(after(made([writhe])), []);
  assert.deepEqual(after(made([writhe, { for: 40 }])), [["no response", 83]]);
  const again = after(made([{ for: 40 }, writhe, { for: 40 }])).map(([outcome]) => outcome);
  assert.deepEqual(again, ["no response", "no response"]);
});

test("a twitch is no response", () => {
  const twitch: Movement = { for: 0.8, shaken: gait(2, 0.4) };
  assert.deepEqual(
    after(made([{ for: 8 }, twitch, { for: 30 }])).map(([outcome]) => outcome),
    ["no response"],
  );
});

test("who walks again is watched no longer", () => {
  const walk: Movement = { for: 15, shaken: gait(1.8, 0.4) };
  const found = after(made([writhe, { for: 1, turnedTo: 0 }, walk, { for: 120 }]));
  assert.deepEqual(
    found.map(([outcome]) => outcome),
    ["walks"],
  );
});

test("a quarter of an hour of movement without walking ends the watch, and says so", () => {
  const found = after(made([{ ...writhe, for: 1_000 }]));
  assert.deepEqual(found, [["over", 910]]);
});

test("silence is told as such, and never taken for stillness", () => {
  const motion = made([{ for: 100 }]);
  const silent = (from: number, to: number) => ({
    ...motion,
    y: motion.y.map((v, i) => (i >= from * 25 && i < to * 25 ? Number.NaN : v)),
  });
  assert.deepEqual(
    after(silent(12, 200)).map(([outcome]) => outcome),
    ["not measured"],
  );
  assert.deepEqual(after(silent(30, 45)), [
    ["not measured", 40],
    ["no response", 75],
  ]);
});

test("without a fall nothing is said, whatever comes", () => {
  assert.deepEqual(after(madeMotion([{ for: 200 }], 25)), []);
  assert.deepEqual(after({ ...madeMotion([{ for: 100 }], 25), y: new Float64Array(2_500).fill(Number.NaN) }), []);
  for (const stillS of [0, 4, 1e9, Number.NaN])
    assert.throws(() => createResponseWatch({ rateHz: 25, stillS, onOutcome() {} }), RangeError);
});
