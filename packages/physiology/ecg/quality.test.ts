import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { madeEcg } from "../testing/ecg.ts";
import { createLeadQuality, type LeadQuality } from "./index.ts";

function quality(samples: ArrayLike<number>, rateHz = 250): LeadQuality[] {
  const found: LeadQuality[] = [];
  const watch = createLeadQuality(rateHz, (one) => found.push(one));
  for (let i = 0; i < samples.length; i++) watch.push(samples[i] as number);
  return found;
}
const beats = (seconds: number) => Array.from({ length: Math.floor(seconds / 0.8) }, (_, i) => 0.4 + 0.8 * i);
const clean = (seconds: number, rateHz = 250) => madeEcg(beats(seconds), seconds, rateHz);
const seed = Number(process.env.SEED ?? 20261128);
console.log(`seed ${seed}`);
const random = seededRandom(seed).float;
/** What is said of each second after the first ten of clean ECG, when from then on it is something else. */
function after(make: (clean: number, i: number) => number): LeadQuality[] {
  const samples = clean(30).map((sample, i) => (i < 3_750 ? sample : make(sample, i)));
  return quality(samples).slice(16);
}

test("a clean lead is clean at every rate of sampling", () => {
  for (const rateHz of [125, 250, 360, 500]) {
    const found = quality(clean(30, rateHz), rateHz);
    assert.equal(found.length, 30);
    for (const { trouble, score, agreement } of found.slice(12)) {
      assert.deepEqual([trouble, agreement], [null, 1], `${rateHz} Hz`);
      assert.ok(score > 0.9, `${rateHz} Hz: ${score}`);
    }
  }
});

test("what is wrong is told by name, and is worth little", () => {
  const wrong: readonly (readonly [string, number, (clean: number, i: number) => number])[] = [
    ["absent", 0, () => Number.NaN],
    ["absent", 0, (_, i) => (i % 2 === 0 ? 0.1 : Number.POSITIVE_INFINITY)],
    ["flat", 0, () => 0.3],
    ["saturated", 0.3, (sample) => Math.min(5 * sample, 1.2)],
    ["jump", 0.3, (sample, i) => sample + 4 * Math.sin((2 * Math.PI * i) / 250)],
    ["muscle", 0.6, (sample) => sample + 1.6 * (random() - 0.5)],
  ];
  for (const [trouble, most, make] of wrong) {
    const found = after(make);
    const named = found.filter((one) => one.trouble === trouble).length;
    assert.ok(named >= 0.8 * found.length, `${trouble}: ${found.map((one) => one.trouble)}`);
    assert.ok(
      found.every(({ score }) => score <= most),
      `${trouble}: ${found.map(({ score }) => score.toFixed(2))}`,
    );
  }
});

test("what moves like beats and is none makes the two ways disagree", () => {
  let [value, slow] = [0, 0];
  const found = after((sample) => {
    value += (random() - 0.5) * 0.8 - 0.08 * value;
    slow += 0.15 * (value - slow);
    return sample + slow;
  });
  const scores = found.slice(8).map(({ score }) => score);
  assert.ok(Math.max(...scores) < 0.6, `${scores.map((score) => score.toFixed(2))}`);
});

test("a heart that stands still is no noise: no beats, and the line is there", () => {
  const samples = clean(60).map((sample, i) => (i < 5_000 ? sample : 0) + 0.01 * (random() - 0.5));
  assert.equal(quality(samples).at(-1)?.trouble, "no-beats");
});

test("the same whatever the pieces, and a hostile lead throws nothing and gives numbers from 0 to 1", () => {
  const hostile = [Number.NaN, Number.POSITIVE_INFINITY, -1e9, 1e9, 0, 0.1];
  const samples = Float64Array.from({ length: 20_000 }, () =>
    random() < 0.3 ? (hostile[Math.floor(random() * hostile.length)] as number) : random(),
  );
  for (const { score, agreement, restlessness } of quality(samples))
    for (const number of [score, agreement ?? 0, restlessness ?? 0]) assert.ok(number >= 0 && number <= 1, `${number}`);
  assert.deepEqual(quality(new Float64Array(0)), []);
  assert.deepEqual(quality(new Float64Array(1)), []);
});
