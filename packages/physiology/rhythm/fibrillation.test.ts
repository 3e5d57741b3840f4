import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { madeEcg } from "../testing/ecg.ts";
import { createWaves, type Waves } from "./index.ts";

function waves(samples: ArrayLike<number>, rateHz: number): Waves[] {
  const found: Waves[] = [];
  const watch = createWaves(rateHz, (one) => found.push(one));
  for (let i = 0; i < samples.length; i++) watch.push(samples[i] as number);
  return found;
}
const every = (seconds: number, until: number) =>
  Array.from({ length: Math.floor(until / seconds) }, (_, i) => 0.3 + i * seconds);
const share = (found: readonly Waves[]) => found.filter(({ isOscillation }) => isOscillation).length / found.length;

/** Waves of 4 to 6 Hz whose size and frequency wander, mV. */
function madeFibrillation(seconds: number, rateHz: number, height: number, random: () => number): Float64Array {
  let phase = 0;
  let [hertz, size] = [5, 1];
  return Float64Array.from({ length: seconds * rateHz }, () => {
    hertz += (5 - hertz) / rateHz + (random() - 0.5) * 0.3;
    size += (1 - size) / rateHz + (random() - 0.5) * 0.05;
    phase += (2 * Math.PI * Math.min(Math.max(hertz, 3.5), 6.5)) / rateHz;
    return (height / 2) * size * Math.sin(phase) + 0.01 * (random() - 0.5);
  });
}

test("fibrillation is heard at every rate of sampling, and once four seconds are there", () => {
  const seed = Number(process.env.SEED ?? 20261128);
  console.log(`seed ${seed}`);
  const random = seededRandom(seed).float;
  for (const rateHz of [125, 250, 300, 360, 500]) {
    const found = waves(madeFibrillation(40, rateHz, 0.8, random), rateHz);
    assert.equal(found.length, 40);
    assert.ok(found.slice(0, 3).every(({ height, isOscillation }) => Number.isNaN(height) && !isOscillation));
    assert.ok(share(found.slice(4)) > 0.9, `${rateHz} Hz: ${share(found.slice(4))}`);
  }
});

test("beats are none, slow or fast, upside down or tall", () => {
  for (const interval of [0.35, 0.5, 0.8, 1.5, 2.5])
    for (const scale of [0.4, 1, -2])
      assert.equal(
        share(waves(madeEcg(every(interval, 29), 30, 250, scale), 250)),
        0,
        `every ${interval} s x ${scale}`,
      );
});

test("nothing, noise, drift and gaps are no waves", () => {
  const random = seededRandom(5).float;
  const length = 250 * 20;
  const made: Readonly<Record<string, Float64Array>> = {
    flat: new Float64Array(length),
    absent: new Float64Array(length).fill(Number.NaN),
    infinite: new Float64Array(length).fill(Number.POSITIVE_INFINITY),
    "the noise of an amplifier": Float64Array.from({ length }, () => 0.02 * (random() - 0.5)),
    "the noise of muscles": Float64Array.from({ length }, () => random() - 0.5),
    drift: Float64Array.from({ length }, (_, i) => 2 * Math.sin((2 * Math.PI * 0.2 * i) / 250)),
    "fine waves": Float64Array.from({ length }, (_, i) => 0.04 * Math.sin((2 * Math.PI * 5 * i) / 250)),
    "one step": Float64Array.from({ length }, (_, i) => (i > length / 2 ? 3 : 0)),
    "one sample": new Float64Array(1).fill(1),
  };
  for (const [name, samples] of Object.entries(made))
    assert.deepEqual(
      waves(samples, 250).filter(({ isOscillation }) => isOscillation),
      [],
      name,
    );
  const holed = madeFibrillation(20, 250, 0.8, random);
  for (let i = 0; i < holed.length; i += 500) holed[i] = Number.NaN;
  assert.equal(share(waves(holed, 250)), 0, "a window with a hole is not judged");
});
