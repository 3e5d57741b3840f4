import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { madeEcg } from "../testing/ecg.ts";
import { STRIP_FEATURES, stripFeatures } from "./index.ts";

const seed = Number(process.env.SEED ?? 20261128);
console.log(`seed ${seed}`);
const random = seededRandom(seed).float;
const beats = (intervals: (i: number) => number, seconds: number): number[] => {
  const at = [0.5];
  while ((at.at(-1) as number) < seconds - 1) at.push((at.at(-1) as number) + intervals(at.length));
  return at;
};
const strip = (intervals: (i: number) => number, rateHz = 300, scale = 1): Float64Array =>
  madeEcg(beats(intervals, 30), 30, rateHz, scale).map((sample) => sample + 0.01 * (random() - 0.5));
const feature = (features: Float32Array | null, name: string): number => {
  assert.ok(features && STRIP_FEATURES.includes(name), name);
  return features[STRIP_FEATURES.indexOf(name)] as number;
};

test("every feature has a name of its own, and is a number of a strip that is one", () => {
  assert.equal(new Set(STRIP_FEATURES).size, STRIP_FEATURES.length);
  const found = stripFeatures(
    strip(() => 0.8),
    300,
  );
  assert.equal(found?.length, STRIP_FEATURES.length);
  for (const name of STRIP_FEATURES) if (name !== "p-premature") assert.ok(Number.isFinite(feature(found, name)), name);
});

test("a lead that is held the other way round, or is sampled otherwise, is the same strip", () => {
  for (const [rateHz, scale] of [
    [300, -1],
    [250, 1],
    [500, 1],
  ] as const) {
    const found = stripFeatures(
      strip(() => 0.8, rateHz, scale),
      rateHz,
    );
    assert.ok(Math.abs(feature(found, "beats") - 37) <= 1, `${feature(found, "beats")} beats`);
    assert.ok(Math.abs(feature(found, "rate") - Math.log(0.8)) < 0.01);
    assert.ok(feature(found, "alike-least") > 0.95);
    assert.ok(Math.abs(feature(found, "p-at") - 0.18) < 0.02, `P ${feature(found, "p-at")} s before R`);
    assert.ok(Math.abs(feature(found, "t-at") - 0.28) < 0.02, `T ${feature(found, "t-at")} s after R`);
    assert.ok(Math.abs(feature(found, "p-height") - 0.12) < 0.04, `P ${feature(found, "p-height")} of R`);
    assert.ok(feature(found, "p-steady") > 0.9);
  }
});

test("what is uneven, premature, unlike or noisy shows where it should", () => {
  const even = stripFeatures(
    strip(() => 0.8),
    300,
  );
  const uneven = stripFeatures(
    strip(() => 0.5 + 0.6 * random()),
    300,
  );
  assert.ok(feature(uneven, "foreseen") > feature(even, "foreseen") + 1);
  const premature = stripFeatures(
    strip((i) => (i % 6 === 0 ? 0.5 : i % 6 === 1 ? 1.1 : 0.8)),
    300,
  );
  assert.ok(feature(premature, "premature") > 0.1 && feature(even, "premature") === 0);
  assert.ok(feature(premature, "cleaned-deviation") < feature(premature, "deviation") - 0.5);
  const wide = strip(() => 0.9);
  for (const at of [6.8, 13.1, 21.2])
    for (let i = -60; i <= 60; i++)
      wide[at * 300 + i] = (wide[at * 300 + i] as number) - 1.5 * Math.exp(-0.5 * (i / 20) ** 2);
  assert.ok(feature(stripFeatures(wide, 300), "kinds") > feature(even, "kinds"));
  const noisy = stripFeatures(
    strip(() => 0.8).map((sample) => sample + 3 * (random() - 0.5)),
    300,
  );
  assert.ok(feature(noisy, "score") < feature(even, "score") - 0.3);
});

test("what is no strip has no features, and a bad one throws nothing", () => {
  const length = 300 * 20;
  assert.equal(stripFeatures([], 300), null);
  assert.equal(stripFeatures(new Float64Array(1), 300), null);
  assert.equal(stripFeatures(new Float64Array(length).fill(Number.NaN), 300), null);
  const bad: Readonly<Record<string, Float64Array>> = {
    flat: new Float64Array(length),
    clipped: Float64Array.from({ length }, (_, i) => Math.sign(Math.sin(i / 20))),
    noise: Float64Array.from({ length }, () => random()),
    holed: strip(() => 0.8).map((sample) => (random() < 0.3 ? Number.NaN : sample)),
    infinite: strip(() => 0.8).map((sample) => (random() < 0.1 ? Number.POSITIVE_INFINITY : sample)),
    "one beat": madeEcg([10], 20, 300),
  };
  for (const [name, samples] of Object.entries(bad)) {
    const found = stripFeatures(samples, 300);
    assert.equal(found?.length, STRIP_FEATURES.length, name);
    assert.ok(
      found?.every((value) => Number.isNaN(value) || Number.isFinite(value)),
      name,
    );
  }
});
