import { createLeadQuality, type LeadQuality } from "../ecg/quality.ts";
import { createWaves, type Waves } from "../rhythm/fibrillation.ts";
import { part, powers, ratio, shareOf } from "./numbers.ts";
import type { Strip } from "./prepare.ts";

/** How much the strip can be trusted, and what its spectrum is like. */
export const NOISE = [
  "seconds",
  "missing",
  "agreement",
  "score",
  "score-lower",
  "score-upper",
  "troubled",
  "restless",
  "restless-upper",
  "detectors-agree",
  "skewness",
  "kurtosis",
  "height",
  "height-varies",
  "below-1-hz",
  "1-to-3-hz",
  "3-to-7-hz",
  "7-to-15-hz",
  "15-to-30-hz",
  "above-30-hz",
  "leakage",
  "beyond",
  "beyond-upper",
  "concentration",
] as const;

const EDGES_HZ = [0.5, 1, 3, 7, 15, 30, 60] as const;
const SPECTRUM_HZ = Array.from({ length: 120 }, (_, i) => 0.5 * (i + 1));
const NEAR_S = 0.1;

export function noise({ raw, samples, rateHz, beats, others, missing }: Strip): number[] {
  const seconds: LeadQuality[] = [];
  const waves: Waves[] = [];
  const quality = createLeadQuality(rateHz, (one) => seconds.push(one));
  const watch = createWaves(rateHz, (one) => waves.push(one));
  for (const sample of raw) {
    quality.push(sample);
    watch.push(sample);
  }
  const scores = seconds.slice(4).map(({ score }) => score);
  const restless = seconds.slice(4).flatMap(({ restlessness }) => restlessness ?? []);
  const judged = waves.filter(({ height }) => Number.isFinite(height));
  const found = matched(beats, others, NEAR_S * rateHz);
  const heights = eachSecond(samples, rateHz);
  const power = powers(raw, rateHz, SPECTRUM_HZ);
  const all = power.reduce((sum, one) => sum + one, 0);
  return [
    raw.length / rateHz,
    missing,
    seconds.at(-1)?.agreement ?? Number.NaN,
    part(scores, 0.5),
    part(scores, 0.1),
    part(scores, 0.9),
    shareOf(
      seconds.map(({ trouble }) => (trouble === null ? 0 : 1)),
      (one) => one > 0,
    ),
    part(restless, 0.5),
    part(restless, 0.9),
    ratio(found, beats.length + others.length - found),
    ...moments(samples),
    part(heights, 0.5),
    ratio(part(heights, 0.9) - part(heights, 0.1), part(heights, 0.5)),
    ...EDGES_HZ.slice(1).map((to, i) =>
      ratio(
        power.reduce((sum, one, k) => {
          const hertz = SPECTRUM_HZ[k] as number;
          return hertz >= (EDGES_HZ[i] as number) && hertz < to ? sum + one : sum;
        }, 0),
        all,
      ),
    ),
    part(
      judged.map(({ leakage }) => leakage),
      0.1,
    ),
    part(
      judged.map(({ beyond }) => beyond),
      0.5,
    ),
    part(
      judged.map(({ beyond }) => beyond),
      0.9,
    ),
    part(
      judged.map(({ concentration }) => concentration),
      0.9,
    ),
  ];
}

function matched(beats: readonly number[], others: readonly number[], near: number): number {
  let [count, j] = [0, 0];
  for (const at of beats) {
    while (j < others.length && (others[j] as number) < at - near) j++;
    if (j < others.length && (others[j] as number) <= at + near) {
      count++;
      j++;
    }
  }
  return count;
}

/** From lowest to highest, mV. */
function eachSecond(samples: Float64Array, rateHz: number): number[] {
  const heights: number[] = [];
  for (let from = 0; from + rateHz <= samples.length; from += rateHz) {
    const second = samples.subarray(from, from + rateHz);
    heights.push(Math.max(...second) - Math.min(...second));
  }
  return heights;
}

function moments(samples: Float64Array): [number, number] {
  let [two, three, four] = [0, 0, 0];
  for (const sample of samples) {
    two += sample ** 2;
    three += sample ** 3;
    four += sample ** 4;
  }
  const n = Math.max(samples.length, 1);
  return two > 0 ? [three / n / (two / n) ** 1.5, four / n / (two / n) ** 2] : [Number.NaN, Number.NaN];
}
