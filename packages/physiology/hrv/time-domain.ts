import { mean, median, quantile, standardDeviation } from "../statistics.ts";
import { type Intervals, within } from "./intervals.ts";

/** Milliseconds where nothing else is said; null where there are too few intervals. Task Force, Circulation 1996;93:1043. */
export interface TimeDomain {
  readonly count: number;
  readonly mean: number | null;
  readonly median: number | null;
  readonly interquartileRange: number | null;
  /** Standard deviation of all intervals. */
  readonly sdnn: number | null;
  readonly rmssd: number | null;
  /** Standard deviation of differences of successive intervals. */
  readonly sdsd: number | null;
  /** Part of successive intervals that differ by 50 ms or more, 0 to 1. */
  readonly pnn50: number | null;
  /** Number of intervals over the greatest number in a bin of 1/128 s. */
  readonly triangularIndex: number | null;
}

const FEWEST = 3;
const BIN_MS = 1_000 / 128;

export function timeDomain({ lengths }: Intervals): TimeDomain {
  const count = lengths.length;
  if (count < FEWEST) {
    const none = { mean: null, median: null, interquartileRange: null, sdnn: null, rmssd: null, sdsd: null };
    return { count, ...none, pnn50: null, triangularIndex: null };
  }
  const differences = successive(lengths);
  const bins = new Map<number, number>();
  let highest = 0;
  for (const length of lengths) {
    const bin = Math.floor(length / BIN_MS);
    const height = (bins.get(bin) ?? 0) + 1;
    bins.set(bin, height);
    highest = Math.max(highest, height);
  }
  return {
    count,
    mean: mean(lengths),
    median: median(lengths),
    interquartileRange: quantile(lengths, 0.75) - quantile(lengths, 0.25),
    sdnn: standardDeviation(lengths),
    rmssd: Math.sqrt(mean(differences.map((one) => one * one))),
    sdsd: standardDeviation(differences),
    // Sampled intervals are whole ticks: 50 ms that came out as 49.99999 are 50.
    pnn50: differences.filter((one) => Math.abs(one) >= 50 - 1e-9).length / differences.length,
    triangularIndex: count / highest,
  };
}

const SEGMENT_SECONDS = 300;

/** Of a whole day: how its pieces of five minutes differ, and how much there is in them. Milliseconds. */
export function segments(intervals: Intervals): { readonly sdann: number | null; readonly sdnnIndex: number | null } {
  const { times } = intervals;
  const means: number[] = [];
  const deviations: number[] = [];
  const end = times.at(-1) ?? 0;
  for (let from = times[0] ?? 0; from < end; from += SEGMENT_SECONDS) {
    const { lengths } = within(intervals, from, from + SEGMENT_SECONDS);
    if (lengths.length < FEWEST) continue;
    means.push(mean(lengths));
    deviations.push(standardDeviation(lengths));
  }
  return {
    sdann: means.length < 2 ? null : standardDeviation(means),
    sdnnIndex: deviations.length === 0 ? null : mean(deviations),
  };
}

/** Differences of successive intervals, milliseconds. */
export function successive(lengths: Float64Array): Float64Array {
  const differences = new Float64Array(Math.max(lengths.length - 1, 0));
  for (let i = 0; i < differences.length; i++) differences[i] = (lengths[i + 1] as number) - (lengths[i] as number);
  return differences;
}
