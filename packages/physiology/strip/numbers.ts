import { correlation, quantile } from "../statistics.ts";

/** NaN where there is nothing to divide by. */
export const ratio = (part: number, whole: number): number => (whole > 0 ? part / whole : Number.NaN);

/** How many of them are so, as a part; NaN of none. */
export function shareOf(values: ArrayLike<number>, isSo: (value: number, i: number) => boolean): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (isSo(values[i] as number, i)) count++;
  return ratio(count, values.length);
}

/** NaN of none. */
export const part = (values: ArrayLike<number>, of: number): number =>
  values.length === 0 ? Number.NaN : quantile(values, of);

/** 0 where one does not move: such a stretch is like nothing. */
export const likeness = (a: ArrayLike<number>, b: ArrayLike<number>, from = 0, to = a.length): number =>
  correlation(a, b, from, to) || 0;

export function rootMeanSquare(values: ArrayLike<number>, from = 0, to = values.length): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += (values[i] as number) ** 2;
  return Math.sqrt(sum / Math.max(to - from, 1));
}

/**
 * Power at each frequency under a cosine window (Goertzel), averaged over windows of four seconds, half over one another: a
 * long strip says no more at one frequency than a short one.
 */
export function powers(samples: Float64Array, rateHz: number, hertz: readonly number[]): Float64Array {
  const length = Math.min(Math.round(4 * rateHz), samples.length);
  const taper = Float64Array.from(
    { length },
    (_, i) => (0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / length)) / length,
  );
  const turns = hertz.map((frequency) => 2 * Math.cos((2 * Math.PI * frequency) / rateHz));
  const window = new Float64Array(length);
  const sums = new Float64Array(hertz.length);
  let count = 0;
  for (let from = 0; from + length <= samples.length && length > 0; from += Math.max(length >> 1, 1)) {
    for (let i = 0; i < length; i++) window[i] = (samples[from + i] as number) * (taper[i] as number);
    for (const [k, turn] of turns.entries()) sums[k] = (sums[k] as number) + goertzel(window, turn);
    count++;
  }
  return sums.map((sum) => sum / Math.max(count, 1));
}

function goertzel(window: Float64Array, turn: number): number {
  let [one, two] = [0, 0];
  for (let i = 0; i < window.length; i++) {
    const next = (window[i] as number) + turn * one - two;
    two = one;
    one = next;
  }
  return Math.max(one * one + two * two - turn * one * two, 0);
}
