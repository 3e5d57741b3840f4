import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { gait, madeMotion, play } from "../testing/motion.ts";
import { type ActivityEpoch, createActivity, createWear, cutPoints, intensityOf, type Wear } from "./index.ts";

const hip = cutPoints.find(({ id }) => id === "adult-hip") ?? assert.fail();

test("acceleration above gravity is averaged, and falls in the class of its cut points", () => {
  const found: ActivityEpoch[] = [];
  const activity = createActivity({ rateHz: 20, cutPoints: hip, epochS: 2, onEpoch: (epoch) => found.push(epoch) });
  // Magnitudes of 1, 1.05, 0.5 and 1.4 g: what is below gravity counts as none.
  for (const y of [1, 1.05, 0.5, 1.4]) for (let i = 0; i < 40; i++) activity.push(0, y, 0);
  assert.deepEqual(
    found.map(({ at, enmo, intensity }) => [at, enmo, intensity]),
    [
      [2, 0, "inactive"],
      [4, 50, "light"],
      [6, 0, "inactive"],
      [8, 400, "vigorous"],
    ],
  );
  for (const { light, moderate, vigorous } of cutPoints) {
    assert.ok(light < moderate && moderate < (vigorous ?? Number.POSITIVE_INFINITY));
    const limits = { ...hip, light, moderate, vigorous };
    assert.deepEqual(
      [light - 0.1, light, moderate - 0.1, moderate].map((mg) => intensityOf(mg, limits)),
      ["inactive", "light", "light", "moderate"],
    );
    assert.equal(intensityOf(5_000, limits), vigorous === null ? "moderate" : "vigorous");
  }
});

test("an epoch of which less than half was measured has no activity", () => {
  const found: ActivityEpoch[] = [];
  const activity = createActivity({ rateHz: 12.5, cutPoints: hip, onEpoch: (epoch) => found.push(epoch) });
  // Epochs of 62 or 63 samples: 30 of the first are there, and 40 of the second.
  for (let i = 0; i < 125; i++) activity.push(0, i < 33 || (i >= 63 && i < 85) ? Number.NaN : 1.1, 0);
  assert.deepEqual(
    found.map(({ at, enmo, intensity, measured }) => [at, enmo, intensity, measured]),
    [
      [5, null, null, 30 / 63],
      [10, 100, "moderate", 40 / 62],
    ],
  );
  assert.throws(() => createActivity({ rateHz: 5, cutPoints: hip, onEpoch() {} }), RangeError);
});

/** @param minutes of each, at 10 Hz */
function wearOf(
  minutes: readonly (readonly [kind: "worn" | "asleep" | "table" | "absent", minutes: number])[],
): Wear[] {
  const random = seededRandom(9).float;
  const found: Wear[] = [];
  const wear = createWear({ rateHz: 10, onWear: (one) => found.push(one) });
  for (const [kind, many] of minutes)
    for (let i = 0; i < many * 600; i++) {
      const noise = () => 0.012 * (random() - 0.5);
      // Somebody asleep breathes, and turns every ten minutes.
      const turn = kind === "asleep" ? Math.floor(i / 6_000) % 3 : 0;
      const move = kind === "worn" ? 0.4 * Math.sin(i / 9) : kind === "asleep" ? 0.01 * Math.sin(i / 6) : 0;
      const angle = 0.5 * turn + move;
      wear.push(
        kind === "absent" ? Number.NaN : Math.sin(angle) + noise(),
        Math.cos(angle) + noise(),
        0.2 * move + noise(),
      );
    }
  return found;
}

test("worn is told from lying on a table by the hour, also of somebody asleep", () => {
  const hours = wearOf([
    ["worn", 75],
    ["asleep", 60],
    ["table", 75],
    ["worn", 30],
  ]);
  assert.deepEqual(
    hours.map(({ at, isWorn }) => [at / 60, isWorn]),
    [
      ...[60, 75, 90, 105, 120, 135, 150, 165, 180].map((minute) => [minute, true]),
      [195, false],
      [210, false],
      [225, true],
      [240, true],
    ],
  );
});

test("shaken along one axis alone is a table that shakes; one turn in an hour is somebody asleep", () => {
  const judged = (move: (i: number) => readonly [number, number, number]) => {
    const found: Wear[] = [];
    const wear = createWear({ rateHz: 10, onWear: (one) => found.push(one) });
    for (let i = 0; i < 36_000; i++) wear.push(...move(i));
    return found.map(({ isWorn, quietAxes }) => [isWorn, quietAxes]);
  };
  assert.deepEqual(
    judged((i) => [0.1 * Math.sin(i), 1, 0]),
    [[false, 2]],
  );
  const turn = (i: number) => (i >= 9_000 && i < 9_020 ? 0.1 : 0);
  assert.deepEqual(
    judged((i) => [turn(i), 1 - turn(i), turn(i)]),
    [[true, 0]],
  );
});

test("what was not measured is neither worn nor not, and less than an hour is not judged", () => {
  assert.deepEqual(wearOf([["absent", 60]]), [{ at: 3_600, isWorn: null, quietAxes: 0 }]);
  assert.deepEqual(wearOf([["table", 59]]), []);
  assert.deepEqual(
    wearOf([
      ["table", 29],
      ["absent", 31],
    ])[0]?.isWorn,
    null,
  );
  assert.deepEqual(
    wearOf([
      ["absent", 20],
      ["table", 40],
    ])[0]?.isWorn,
    false,
  );
  assert.throws(() => createWear({ rateHz: 1, onWear() {} }), RangeError);
});

test("numbers that no sensor can say count as missing", () => {
  const found: Wear[] = [];
  const wear = createWear({ rateHz: 10, onWear: (one) => found.push(one) });
  for (let i = 0; i < 36_000; i++) wear.push(0, i % 3 === 0 ? 1e200 : 1, 0);
  assert.deepEqual(found, [{ at: 3_600, isWorn: false, quietAxes: 3 }]);
  const epochs: ActivityEpoch[] = [];
  const activity = createActivity({ rateHz: 10, cutPoints: hip, onEpoch: (one) => epochs.push(one) });
  play(madeMotion([{ for: 5, shaken: gait(2, 0.4) }], 10), {
    push: (x, _, z) => activity.push(x, Number.POSITIVE_INFINITY, z),
  });
  assert.deepEqual(epochs, [{ at: 5, enmo: null, intensity: null, measured: 0 }]);
});
