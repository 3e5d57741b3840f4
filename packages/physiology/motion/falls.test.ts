import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { FALL, gait, type MadeMotion, type Movement, madeMotion, play } from "../testing/motion.ts";
import { createImpactFinder, fallFeatures, type Impact, isFallByRule } from "./index.ts";

function impactsOf(motion: MadeMotion): Impact[] {
  const found: Impact[] = [];
  play(motion, createImpactFinder({ rateHz: motion.rateHz, onImpact: (impact) => found.push(impact) }));
  return found;
}
const fallsIn = (motion: MadeMotion) => impactsOf(motion).filter(({ features }) => isFallByRule(features).isFall);
const feature = ({ features }: Impact, name: (typeof fallFeatures)[number]) =>
  features[fallFeatures.indexOf(name)] ?? 0;

test("a fall is found once, where it was, at any rate and however the sensor is turned", () => {
  const random = seededRandom(3).float;
  for (const rateHz of [10, 20, 25, 31.25, 50, 100, 200])
    for (const [a, b, c] of [
      ["x", "y", "z"],
      ["z", "x", "y"],
    ] as const) {
      const made = madeMotion(FALL, rateHz, random);
      const falls = fallsIn({ rateHz, x: made[a], y: made[b], z: made[c] });
      assert.equal(falls.length, 1, `${rateHz} Hz`);
      assert.ok(Math.abs((falls[0]?.at ?? 0) - 6.37) <= 0.1, `${rateHz} Hz: ${falls[0]?.at}`);
    }
});

test("a verdict is there 3.5 s after the impact, and the same whether more follows or not", () => {
  const motion = madeMotion(FALL, 50, seededRandom(4).float);
  const found: number[] = [];
  let pushed = 0;
  const finder = createImpactFinder({ rateHz: 50, onImpact: ({ at }) => found.push(pushed / 50 - at) });
  for (; pushed < motion.x.length; pushed++)
    finder.push(motion.x[pushed] as number, motion.y[pushed] as number, motion.z[pushed] as number);
  finder.finish();
  assert.equal(found.length, 1);
  assert.ok((found[0] as number) > 3.4 && (found[0] as number) < 3.6, `${found}`);
  const until = Math.round(10.2 * 50);
  const cut = { rateHz: 50, x: motion.x.slice(0, until), y: motion.y.slice(0, until), z: motion.z.slice(0, until) };
  assert.deepEqual(impactsOf(cut), impactsOf(motion));
});

test("walking, running, hopping, sitting down and lying down are no falls", () => {
  const random = seededRandom(5).float;
  const knock = (g: number) => (t: number) => g * Math.exp(-(((t - 0.2) / 0.06) ** 2));
  const activities: Readonly<Record<string, readonly Movement[]>> = {
    walking: [{ for: 4 }, { for: 20, shaken: gait(1.8, 0.4) }],
    running: [{ for: 4 }, { for: 20, shaken: gait(2.7, 1.6) }],
    "running into the end": [{ for: 20, shaken: gait(2.7, 1.8) }],
    hopping: [{ for: 4 }, { for: 10, shaken: gait(2, 2.5) }, { for: 4 }],
    "sitting down hard": [{ for: 6 }, { for: 0.5, shaken: knock(1.5), turnedTo: 20 }, { for: 6 }],
    "lying down": [{ for: 6 }, { for: 1.5, turnedTo: 90, shaken: knock(0.6) }, { for: 8 }],
    "clapping with hands that turn": [
      { for: 4 },
      ...Array.from({ length: 6 }, (_, i) => ({ for: 1, shaken: knock(3), turnedTo: i % 2 === 0 ? 80 : 0 })),
      { for: 5, turnedTo: 80 },
    ],
    "a stumble": [{ for: 6 }, { for: 0.5, shaken: knock(2) }, { for: 6 }],
  };
  for (const [name, movements] of Object.entries(activities))
    for (const rateHz of [20, 100]) assert.deepEqual(fallsIn(madeMotion(movements, rateHz, random)), [], name);
});

test("what was not measured after an impact is not said of it", () => {
  const motion = madeMotion(FALL, 20);
  const from = Math.round(6.6 * 20);
  const blind = { ...motion, x: motion.x.map((v, i) => (i > from ? Number.NaN : v)) };
  const [impact, ...more] = impactsOf(blind);
  assert.ok(impact && more.length === 0);
  assert.ok(Number.isNaN(feature(impact, "turned")) && Number.isNaN(feature(impact, "restless-after")));
  assert.deepEqual(isFallByRule(impact.features), { isFall: null, why: "not measured after" });
  // A sample now and then is no posture.
  const few = motion.x.map((v, i) => (i > from && i % 7 > 0 ? Number.NaN : v));
  const [heard] = impactsOf({ ...motion, x: few });
  assert.ok(heard && Number.isNaN(feature(heard, "turned")));
  // The recording begins with the impact.
  const begin = Math.round(6.2 * 20);
  const late = { rateHz: 20, x: motion.x.slice(begin), y: motion.y.slice(begin), z: motion.z.slice(begin) };
  const [first] = impactsOf(late);
  assert.deepEqual(first && isFallByRule(first.features), { isFall: null, why: "not measured before" });
});

test("some samples that are missing, and one that no sensor can measure, change no verdict", () => {
  const motion = madeMotion(FALL, 100);
  const x = motion.x.map((value, i) => (i % 7 === 3 ? Number.NaN : i === 300 ? 1e9 : value));
  assert.equal(fallsIn({ ...motion, x }).length, 1);
  assert.ok(impactsOf({ ...motion, x }).every((impact) => feature(impact, "peak") < 10));
});

test("where nothing moves or nothing is measured there is no impact, and nothing throws", () => {
  const seed = Number(process.env.SEED ?? 20261128);
  console.log(`seed ${seed}`);
  const random = seededRandom(seed).float;
  const length = 20 * 60 * 10;
  const still = new Float64Array(length);
  const one = new Float64Array(length).fill(1);
  const cases: Readonly<Record<string, Float64Array>> = {
    still: one,
    absent: new Float64Array(length).fill(Number.NaN),
    infinite: new Float64Array(length).fill(Number.POSITIVE_INFINITY),
    "the noise of a cheap sensor": one.map(() => 1 + 0.4 * (random() - 0.5)),
    "one sample": Float64Array.of(1),
    none: new Float64Array(0),
  };
  for (const [name, y] of Object.entries(cases)) {
    const rest = still.subarray(0, y.length);
    assert.deepEqual(impactsOf({ rateHz: 20, x: rest, y, z: rest }), [], name);
  }
  // A sensor that is stuck at its limit hits nothing again and again.
  assert.ok(impactsOf({ rateHz: 20, x: still, y: one.map(() => 16), z: still }).length <= 1);
  for (let i = 0; i < 50; i++) {
    const odd = [0, 1, -1, 16, 1e300, Number.NaN, Number.NEGATIVE_INFINITY, 5e-324];
    const axis = () => Float64Array.from({ length: 400 }, () => odd[Math.floor(random() * odd.length)] as number);
    const rateHz = 10 + 300 * random();
    for (const { features } of impactsOf({ rateHz, x: axis(), y: axis(), z: axis() })) {
      assert.equal(features.length, fallFeatures.length);
      isFallByRule(features);
    }
  }
  for (const rateHz of [0, 9.9, -1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => createImpactFinder({ rateHz, onImpact() {} }), RangeError);
});
