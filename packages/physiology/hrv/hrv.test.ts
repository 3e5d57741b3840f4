import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { coverage, frequencyDomain, nonLinear, normalIntervals, segments, timeDomain, within } from "./index.ts";

/** Beats whose intervals are 800 ms and swing by `amplitude` ms at `hertz`. */
function beats(seconds: number, amplitude: number, hertz: number): number[] {
  const all = [0];
  for (let at = 0; at < seconds; ) {
    at += (800 + amplitude * Math.sin(2 * Math.PI * hertz * at)) / 1_000;
    all.push(at);
  }
  return all;
}
const near = (actual: number | null | undefined, expected: number, part = 0.01) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= part * Math.abs(expected), `${actual} is not ${expected}`);

test("a swing of 0.1 Hz is power of its size in LF, and one of 0.25 Hz in HF", () => {
  for (const [hertz, band] of [
    [0.1, "lf"],
    [0.25, "hf"],
    [0.02, "vlf"],
  ] as const) {
    const found = frequencyDomain(normalIntervals(beats(300, 40, hertz)));
    near(found?.[band], 40 ** 2 / 2, 0.05);
    near(found?.total, 40 ** 2 / 2, 0.05);
  }
  const { sdnn } = timeDomain(normalIntervals(beats(300, 40, 0.1)));
  near(sdnn, 40 / Math.SQRT2, 0.02);
});

test("what the definitions say of a few intervals, by hand", () => {
  const lengths = [800, 850, 790, 790, 810, 800, 860, 800];
  let at = 0;
  const found = timeDomain(normalIntervals([0, ...lengths.map((length) => (at += length / 1_000))]));
  assert.equal(found.count, 8);
  near(found.mean, 812.5, 1e-9);
  near(found.sdnn, Math.sqrt(5_150 / 7), 1e-6);
  near(found.rmssd, Math.sqrt((2_500 + 3_600 + 0 + 400 + 100 + 3_600 + 3_600) / 7), 1e-6);
  near(found.pnn50, 4 / 7, 1e-9);
  near(found.median, 800, 1e-9);
});

test("an ectopic beat takes both of its intervals along, and what is no interval is none", () => {
  const early = beats(60, 10, 0.1);
  const ectopic = 20;
  const moved = early.map((at, i) => (i === ectopic ? at - 0.3 : at));
  const marked = normalIntervals(moved, (beat) => beat !== ectopic);
  assert.equal(marked.rejected["not normal"], 2);
  // Without the classes it is seen by what it does to the rhythm.
  const unmarked = normalIntervals(moved);
  assert.deepEqual([unmarked.rejected.spike, unmarked.lengths.length], [2, marked.lengths.length]);
  // A change that stays is none: the rate rose, and the beats after agree.
  let at = 0;
  const faster = normalIntervals(Array.from({ length: 60 }, (_, i) => (at += i < 30 ? 1 : 0.7)));
  assert.equal(faster.rejected.spike, 0);
  const odd = normalIntervals([0, 1, 1, Number.NaN, 2, 3, 9, 10, 10.2]);
  assert.deepEqual(
    [odd.rejected.unusable, odd.rejected.gap, odd.rejected["too short"], odd.lengths.length],
    [3, 1, 1, 3],
  );
});

test("too few intervals are no measure, and a flat line has no entropy", () => {
  for (const few of [[], [0], [0, 1], [0, 1, 2]]) {
    const intervals = normalIntervals(few);
    assert.equal(timeDomain(intervals).sdnn, null);
    assert.equal(frequencyDomain(intervals), null);
    assert.ok(Object.values(nonLinear(intervals)).every((value) => value === null));
    assert.deepEqual(segments(intervals), { sdann: null, sdnnIndex: null });
  }
  const flat = nonLinear(normalIntervals(beats(300, 0, 0)));
  assert.deepEqual([flat.sampleEntropy, flat.approximateEntropy, flat.alpha1], [null, null, null]);
  assert.ok((flat.sd1 ?? 1) < 1e-3);
});

test("noise of the same size in every beat has a short exponent of a half, and its sum of one and a half", () => {
  const seed = Number(process.env.SEED ?? 20261128);
  console.log(`seed ${seed}`);
  const { float } = seededRandom(seed);
  const random = () => float() - 0.5;
  const of = (step: (before: number) => number) => {
    let [at, length] = [0, 0.8];
    const all = [0];
    for (let i = 0; i < 2_000; i++) {
      length = step(length);
      at += length;
      all.push(at);
    }
    return nonLinear(normalIntervals(all));
  };
  near(of(() => 0.8 + 0.1 * random()).alpha1, 0.55, 0.1);
  near(of((before) => before + 0.001 * random()).alpha1, 1.5, 0.1);
});

test("a window has what ends in it, and how much of it there is", () => {
  const all = normalIntervals(beats(600, 20, 0.1));
  const window = within(all, 100, 400);
  assert.ok(window.times.every((at) => at >= 100 && at < 400));
  near(coverage(window, 300), 1, 0.01);
  const day = segments(all);
  assert.ok((day.sdann ?? 99) < 2 && Math.abs((day.sdnnIndex ?? 0) - 20 / Math.SQRT2) < 0.5);
});
