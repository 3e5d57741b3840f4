import { mean } from "../statistics.ts";
import { likeness, part, powers, ratio, rootMeanSquare } from "./numbers.ts";
import type { Strip } from "./prepare.ts";
import type { Template } from "./template.ts";

/** P waves of the usual beat and of each, and what is left when the usual beat is taken off. */
export const ATRIAL = [
  "p-height",
  "p-at",
  "p-depth",
  "p-energy",
  "p-steady",
  "p-steady-lower",
  "p-over-rest",
  "p-premature",
  "rest",
  "rest-before",
  "rest-peak-hz",
  "rest-concentration",
  "rest-fibrillatory",
  "waves-between",
] as const;

/** Before the top of the QRS, where a P wave is. */
const P_S = [0.26, 0.06] as const;
const SPECTRUM_HZ = Array.from({ length: 48 }, (_, i) => 2 + 0.25 * i);
const FIBRILLATORY_HZ = [4, 9.5] as const;

export function atrial(strip: Strip, template: Template | null): number[] {
  if (!template || template.beats.length < 3) return ATRIAL.map(() => Number.NaN);
  const { rateHz, intervals } = strip;
  const { usual, top, beats, which } = template;
  const [from, to] = [top - Math.round(P_S[0] * rateHz), top - Math.round(P_S[1] * rateHz)];
  const height = Math.max(usual[top] as number, 1e-3);
  const all = beats.map((one) => straightened(one.subarray(from, to)));
  const p = straightened(usual.subarray(from, to));
  let [highest, lowest] = [0, 0];
  for (let i = 0; i < p.length; i++) {
    if ((p[i] as number) > (p[highest] as number)) highest = i;
    if ((p[i] as number) < (p[lowest] as number)) lowest = i;
  }
  const steady = all.map((one) => likeness(one, p));
  const off = all.map((one) => rootMeanSquare(one.map((sample, i) => sample - (p[i] as number))));
  const middle = part(intervals, 0.5);
  const premature = steady.filter(
    (_, k) => ((intervals[(which[k] as number) - 1] as number) ?? middle) < 0.88 * middle,
  );
  const rest = without(strip, template);
  const power = powers(rest, rateHz, SPECTRUM_HZ);
  let peak = 0;
  for (let i = 0; i < power.length; i++) {
    const isFibrillatory =
      (SPECTRUM_HZ[i] as number) >= FIBRILLATORY_HZ[0] && (SPECTRUM_HZ[i] as number) <= FIBRILLATORY_HZ[1];
    if (isFibrillatory && ((power[i] as number) > (power[peak] as number) || peak === 0)) peak = i;
  }
  const sum = (low: number, high: number) =>
    power.reduce(
      (found, one, i) => found + ((SPECTRUM_HZ[i] as number) >= low && (SPECTRUM_HZ[i] as number) <= high ? one : 0),
      0,
    );
  const peakHz = SPECTRUM_HZ[peak] as number;
  return [
    (p[highest] as number) / height,
    (p.length - highest) / rateHz + P_S[1],
    (p[lowest] as number) / height,
    rootMeanSquare(p) / height,
    part(steady, 0.5),
    part(steady, 0.2),
    ratio(rootMeanSquare(p), part(off, 0.5)),
    premature.length > 0 ? mean(premature) : Number.NaN,
    rootMeanSquare(rest) / height,
    part(off, 0.5) / height,
    peakHz,
    ratio(sum(peakHz - 0.6, peakHz + 0.6), sum(2, 13.75)),
    ratio(sum(...FIBRILLATORY_HZ), sum(2, 13.75)),
    wavesBetween(strip),
  ];
}

/** Less the line from its beginning to its end. */
function straightened(samples: Float64Array): Float64Array {
  const ends = 5;
  const [first, last] = [mean(samples.subarray(0, ends)), mean(samples.subarray(-ends))];
  return samples.map((sample, i) => sample - first - ((last - first) * i) / Math.max(samples.length - 1, 1));
}

/** Taken off at each beat as far as the next one's begins. */
function without({ samples, beats, rateHz }: Strip, { usual, top }: Template): Float64Array {
  const rest = samples.slice();
  for (const [k, at] of beats.entries()) {
    const before = beats[k - 1] ?? Number.NEGATIVE_INFINITY;
    const next = beats[k + 1] ?? Number.POSITIVE_INFINITY;
    // The usual P wave is of the beat that it leads to, the usual T wave of the one before.
    const from = Math.max(at - top, before + Math.round(0.35 * rateHz), 0);
    const to = Math.min(at + usual.length - top, Math.max(next - top, at + Math.round(0.35 * rateHz)), samples.length);
    for (let i = from; i < to; i++) rest[i] = (rest[i] as number) - (usual[i - at + top] ?? 0);
  }
  return rest;
}

/** Tops between T wave and QRS, for each beat: one with P waves, more with fibrillatory or flutter waves. */
function wavesBetween({ samples, beats, rateHz }: Strip): number {
  let [tops, counted] = [0, 0];
  const near = Math.round(0.025 * rateHz);
  for (let k = 0; k + 1 < beats.length; k++) {
    const from = (beats[k] as number) + Math.round(0.4 * rateHz);
    const to = (beats[k + 1] as number) - Math.round(0.07 * rateHz);
    if (to - from < 0.15 * rateHz) continue;
    counted += (to - from) / rateHz;
    for (let i = from + near; i < to - near; i++) {
      let isTop = true;
      for (let j = i - near; isTop && j <= i + near; j++)
        isTop = j === i || (samples[j] as number) < (samples[i] as number);
      if (isTop) tops++;
    }
  }
  return ratio(tops, counted);
}
