import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { madeEcg } from "../../testing/ecg.ts";
import { createEcgFilter, type EcgFilterOptions } from "./index.ts";

const RATE = 250;
const run = (options: EcgFilterOptions, samples: ArrayLike<number>) => {
  const filter = createEcgFilter(options);
  return { delay: filter.delay, out: Array.from(samples, (sample) => filter.push(sample)) };
};
const sine = (hertz: number, seconds: number, rateHz = RATE) =>
  Float64Array.from({ length: seconds * rateHz }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / rateHz));
/** Root mean square of the last half over that of a sine. */
const gain = (out: readonly number[]) => {
  const rest = out.slice(out.length / 2);
  return Math.sqrt((2 * rest.reduce((sum, one) => sum + one * one, 0)) / rest.length);
};

test("drift goes and the ECG stays, ST too, as late as is stated", () => {
  const beats = Array.from({ length: 70 }, (_, i) => 0.5 + 0.85 * i);
  const clean = madeEcg(beats, 60, RATE);
  const drifting = clean.map((sample, i) => sample + 0.8 * Math.sin((2 * Math.PI * 0.15 * i) / RATE) + 2);
  const { delay, out } = run({ rateHz: RATE, baseline: true }, drifting);
  const level = clean.reduce((sum, one) => sum + one, 0) / clean.length;
  let worst = 0;
  for (let i = 10 * RATE; i < out.length; i++)
    worst = Math.max(worst, Math.abs((out[i] as number) + level - (clean[i - delay] as number)));
  assert.ok(worst < 0.09, `off by ${worst} mV at most`);
  assert.ok(Math.abs(delay / RATE - 0.9) < 0.02, `${delay} samples`);
});

test("what is slower than 0.2 Hz goes, what is faster than 1.5 Hz stays", () => {
  const through = (hertz: number) => gain(run({ rateHz: RATE, baseline: true }, sine(hertz, 60)).out);
  assert.ok(through(0.1) < 0.03);
  assert.ok(through(0.2) < 0.12);
  for (const hertz of [1.5, 3, 10, 40]) assert.ok(Math.abs(through(hertz) - 1) < 0.15, `${hertz} Hz`);
});

test("mains go at any rate, folded ones too, and what is beside them stays", () => {
  for (const rateHz of [100, 125, 250, 360, 500, 1_000])
    for (const mainsHz of [50, 60] as const) {
      const options = { rateHz, mainsHz };
      const left = gain(run(options, sine(mainsHz, 20, rateHz)).out);
      assert.ok(left < 0.02, `${mainsHz} Hz at ${rateHz}: ${left} is left`);
      const beside = gain(run(options, sine(20, 20, rateHz)).out);
      assert.ok(Math.abs(beside - 1) < 0.02, `20 Hz at ${rateHz}: ${beside}`);
    }
});

test("muscles go, and nothing is moved but by the delay", () => {
  const options = { rateHz: RATE, muscle: true };
  assert.ok(gain(run(options, sine(80, 10)).out) < 0.03);
  assert.ok(Math.abs(gain(run(options, sine(15, 10)).out) - 1) < 0.02);
  const peak = new Float64Array(200);
  peak[100] = 1;
  const { delay, out } = run(options, peak);
  const after = out.map((one) => (Number.isNaN(one) ? 0 : one));
  assert.equal(after.indexOf(Math.max(...after)), 100 + delay);
  for (let i = 1; i <= delay; i++)
    assert.ok(Math.abs((after[100 + delay - i] as number) - (after[100 + delay + i] as number)) < 1e-9, "symmetrical");
});

test("what is missing is missing in what comes out, as long and as late, and nothing else is", () => {
  const samples = madeEcg([1, 2, 3, 4, 5, 6, 7, 8, 9], 10, RATE);
  for (const [from, to] of [
    [500, 503],
    [700, 900],
    [400, 1_400],
  ] as const) {
    const gap = samples.map((sample, i) => (i >= from && i < to ? Number.NaN : sample));
    gap[2_000] = Number.POSITIVE_INFINITY;
    const { delay, out } = run({ rateHz: RATE, baseline: true, mainsHz: 50, muscle: true }, gap);
    for (let i = 0; i < out.length; i++) {
      const source = i - delay;
      const isMissing = source < 0 || (source >= from && source < to) || source === 2_000;
      assert.equal(Number.isNaN(out[i]), isMissing, `${from} to ${to}, sample ${i}`);
      assert.ok(isMissing || Math.abs(out[i] as number) < 2);
    }
  }
});

test("any input: nothing is thrown, and a number comes out only where one went in", () => {
  const seed = Number(process.env.SEED ?? 20261129);
  console.log(`seed ${seed}`);
  const random = seededRandom(seed).float;
  const values = [0, 1e6, -1e6, Number.NaN, Number.NEGATIVE_INFINITY, 5, 5, 5];
  for (let round = 0; round < 40; round++) {
    const rateHz = [60, 125, 250, 500][Math.floor(random() * 4)] as number;
    const input = Array.from({ length: 2_000 }, () =>
      random() < 0.9 ? 4 * random() - 2 : (values[Math.floor(random() * values.length)] as number),
    );
    const filter = createEcgFilter({ rateHz, baseline: random() < 0.7, muscle: random() < 0.5, mainsHz: 60 });
    for (const [i, sample] of input.entries()) {
      const out = filter.push(sample);
      assert.equal(Number.isFinite(out), Number.isFinite(input[i - filter.delay] ?? Number.NaN));
    }
  }
});
