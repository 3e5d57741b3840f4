import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { gait, type Movement, madeMotion, play } from "../testing/motion.ts";
import { createPosture, createSteps, type Posture, type Step } from "./index.ts";

const random = seededRandom(8).float;

function stepsOf(movements: readonly Movement[], rateHz = 50): Step[] {
  const found: Step[] = [];
  play(madeMotion(movements, rateHz, random), createSteps({ rateHz, onStep: (step) => found.push(step) }));
  return found;
}

test("steps are counted at any rate, pace and strength, and where they were", () => {
  for (const rateHz of [10, 20, 31.25, 100, 200])
    for (const [perSecond, g] of [
      [1.2, 0.15],
      [1.8, 0.4],
      [2.7, 1.3],
    ] as const) {
      const steps = stepsOf([{ for: 3 }, { for: 30, shaken: gait(perSecond, g) }, { for: 5 }], rateHz);
      const what = `${rateHz} Hz, ${perSecond}/s`;
      assert.ok(Math.abs(steps.length - 30 * perSecond) <= 2, `${what}: ${steps.length} steps`);
      assert.ok(Math.abs((steps.at(-2)?.cadence ?? 0) / (60 * perSecond) - 1) < 0.1, what);
      assert.ok(
        steps.every(({ at }, i) => at > 2.8 && at < 33.5 && at > (steps[i - 1]?.at ?? 0)),
        what,
      );
    }
});

test("a few movements in a row, a tremor and a ride are no steps", () => {
  const knock: Movement = { for: 0.2, shaken: (t) => 0.4 * Math.sin((Math.PI * t) / 0.2) };
  const none: Readonly<Record<string, readonly Movement[]>> = {
    "four movements": [{ for: 3 }, { for: 2, shaken: gait(2, 0.5) }, { for: 10 }],
    "a tremor of 5 Hz": [{ for: 3 }, { for: 20, shaken: gait(5, 0.15) }],
    breathing: [{ for: 60, shaken: gait(0.25, 0.02) }],
    "a knock every two seconds": Array.from({ length: 20 }, () => [knock, { for: 1.8 }]).flat(),
    "knocks by twos": Array.from({ length: 20 }, () => [knock, { for: 0.4 }, knock, { for: 1.1 }]).flat(),
    "knocks without a rhythm": [0.2, 1.2, 0.3, 0.7, 1.2, 0.15, 1, 0.3, 1.25, 0.5].flatMap((pause) => [
      knock,
      { for: pause },
    ]),
    still: [{ for: 600 }],
  };
  for (const [name, movements] of Object.entries(none)) assert.deepEqual(stepsOf(movements), [], name);
});

test("a walk goes on after a gap, and the gap has no steps", () => {
  const made = madeMotion([{ for: 3 }, { for: 30, shaken: gait(2, 0.4) }], 50, random);
  const isGap = (i: number) => i >= 10 * 50 && i < 20 * 50;
  const found: number[] = [];
  const steps = createSteps({ rateHz: 50, onStep: ({ at }) => found.push(at) });
  play({ ...made, z: made.z.map((v, i) => (isGap(i) ? Number.NaN : v)) }, steps);
  assert.deepEqual(
    found.filter((at) => at > 10.1 && at < 19.9),
    [],
  );
  assert.ok(Math.abs(found.length - 2 * (7 + 13)) <= 3, `${found.length}`);
});

test("no number makes it throw or count for ever", () => {
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, 1e308, -1e308, 0, 16];
  const found: unknown[] = [];
  const steps = createSteps({ rateHz: 20, onStep: (step) => found.push(step) });
  const posture = createPosture({ rateHz: 20, onPosture: (now) => found.push(now) });
  for (let i = 0; i < 20_000; i++) {
    const [x, y, z] = [0, 1, 2].map(() => odd[Math.floor(random() * odd.length)] as number) as [number, number, number];
    steps.push(x, y, z);
    posture.push(x, y, z);
  }
  assert.ok(found.length < 200, `${found.length}`);
  for (const rateHz of [9, Number.NaN]) {
    assert.throws(() => createSteps({ rateHz, onStep() {} }), RangeError);
    assert.throws(() => createPosture({ rateHz, onPosture() {} }), RangeError);
  }
});

function posturesOf(movements: readonly Movement[], upright?: { x: number; y: number; z: number }): Posture[] {
  const found: Posture[] = [];
  const onPosture = (posture: Posture) => found.push(posture);
  play(madeMotion(movements, 25, random), createPosture({ rateHz: 25, onPosture, ...(upright && { upright }) }));
  return found;
}

test("who lies is told from who is upright, once it is known how the sensor sits", () => {
  const day: Movement[] = [
    { for: 5, turnedTo: 0 },
    { for: 5 },
    { for: 2, turnedTo: 88 },
    { for: 10 },
    { for: 2, turnedTo: 30 },
    { for: 10 },
  ];
  const told = posturesOf(day, { x: 0, y: 1, z: 0 });
  assert.deepEqual(
    told.map(({ posture }) => posture),
    ["upright", "lying", "upright"],
  );
  assert.ok(Math.abs((told[1]?.at ?? 0) - 14) <= 1.1 && Math.abs((told[2]?.at ?? 0) - 26) <= 1.1, JSON.stringify(told));
  // A sensor that was put on upside down, told so.
  assert.deepEqual(posturesOf(day, { x: 0, y: -1, z: 0 })[0]?.posture, "lying");
});

test("nobody says how the sensor sits: walking does", () => {
  const walk: Movement = { for: 20, shaken: gait(1.8, 0.4) };
  const lying = [{ for: 2, turnedTo: 90 }, { for: 8 }] as const;
  // A few steps are too few to go by.
  assert.deepEqual(
    posturesOf([{ for: 3 }, { ...walk, for: 6 }, ...lying]).map(({ posture }) => posture),
    [null],
  );
  assert.deepEqual(posturesOf([{ for: 5 }, ...lying])[0], { at: 1, posture: null, why: "not calibrated" });
  const told = posturesOf([{ for: 3 }, walk, { for: 3 }, ...lying]);
  assert.deepEqual(
    told.map(({ posture }) => posture),
    [null, "upright", "lying"],
  );
});

test("silence is no posture", () => {
  const made = madeMotion([{ for: 30 }], 25, random);
  const found: Posture[] = [];
  const posture = createPosture({ rateHz: 25, upright: { x: 0, y: 1, z: 0 }, onPosture: (one) => found.push(one) });
  play({ ...made, y: made.y.map((v, i) => (i > 250 && i < 500 ? Number.NaN : v)) }, posture);
  assert.deepEqual(
    found.map((one) => (one.posture === null ? one.why : one.posture)),
    ["upright", "not measured", "upright"],
  );
});
