import { createIrregularity, IRREGULARITY_FEATURES } from "./irregularity.ts";

/** Intervals around the one in question, in all. */
const WINDOWS = [
  { intervals: 20, pairs: false },
  { intervals: 60, pairs: true },
  { intervals: 180, pairs: false },
] as const;
/** Before it and after it alone: where a rhythm begins or ends, the two differ. */
const SIDE = 30;
const HALF = 90;
/** Every so many intervals the question is asked again: a row stands for them. */
export const INTERVALS_PER_ROW = 10;
/** Longer is a gap in the recording, in the field's counts of beats: no interval. */
const GAP_S = 4;
const FEWEST = 24;

const sides = ["before", "after"] as const;
const ofSide = ["successive-median", "deviation"] as const;

/** Names of what a row holds. */
export const AF_FEATURES: readonly string[] = [
  ...WINDOWS.flatMap(({ intervals, pairs }) =>
    IRREGULARITY_FEATURES.slice(0, pairs ? IRREGULARITY_FEATURES.length : -2).map((name) => `${name}-${intervals}`),
  ),
  ...sides.flatMap((side) => ofSide.map((name) => `${name}-${side}`)),
];

/** What the intervals around some of them are like. */
export interface IntervalRow {
  /** The interval in the middle of those that it stands for, counted from the first that was pushed. */
  readonly at: number;
  /** AF_FEATURES; null where there are too few intervals around. */
  readonly features: Float32Array | null;
}

export interface IntervalWatch {
  /** @param interval seconds from one beat to the next; NaN where one is not known */
  push(interval: number): void;
  /** The last ones, for which less is there after them. */
  finish(): void;
}

/**
 * Rows for telling atrial fibrillation from intervals between beats alone. A row comes 90 intervals after the one that it is
 * about; the first ones, and the last, have less around them. A gap ends what is looked at on that side.
 */
export function createIntervalRows(onRow: (row: IntervalRow) => void): IntervalWatch {
  const size = 2 * HALF + 2 * INTERVALS_PER_ROW;
  const ring = new Float64Array(size);
  const window = new Float64Array(2 * HALF);
  const long = createIrregularity(2 * HALF, false);
  const paired = createIrregularity(60, true);
  const scratch = new Float64Array(IRREGULARITY_FEATURES.length);
  let n = 0;
  let next = INTERVALS_PER_ROW / 2;

  const isInterval = (at: number) => {
    const length = ring[at % size] as number;
    return length > 0 && length < GAP_S;
  };

  /** Those in [from, to) that no gap parts from `centre`. */
  function around(centre: number, from: number, to: number): Float64Array {
    let [low, high] = [centre, centre];
    while (low > from && isInterval(low - 1)) low--;
    while (high < to && isInterval(high)) high++;
    for (let i = low; i < high; i++) window[i - low] = ring[i % size] as number;
    return window.subarray(0, high - low);
  }

  function row(centre: number, end: number): void {
    const first = Math.max(n - size, 0);
    const all = around(centre, Math.max(centre - HALF, first), Math.min(centre + HALF, end));
    if (all.length < FEWEST) {
      onRow({ at: centre, features: null });
      return;
    }
    const features = new Float32Array(AF_FEATURES.length);
    let at = 0;
    for (const { intervals, pairs } of WINDOWS) {
      const half = intervals / 2;
      // At an end of what there is, as many as there can be stand on the other side.
      const from = Math.max(Math.min(centre - half, end - intervals), first);
      const some = around(centre, from, Math.min(Math.max(centre + half, from + intervals), end));
      (pairs ? paired : long).measure(some, scratch, 0);
      const count = pairs ? scratch.length : scratch.length - 2;
      features.set(scratch.subarray(0, count), at);
      at += count;
    }
    for (const [from, to] of [
      [centre - SIDE, centre],
      [centre, centre + SIDE],
    ] as const) {
      long.measure(around(centre, Math.max(from, first), Math.min(to, end)), scratch, 0);
      for (const name of ofSide) features[at++] = scratch[IRREGULARITY_FEATURES.indexOf(name)] as number;
    }
    onRow({ at: centre, features });
  }

  return {
    push(interval) {
      ring[n % size] = interval;
      n++;
      while (next + HALF <= n) {
        row(next, n);
        next += INTERVALS_PER_ROW;
      }
    },
    finish() {
      for (; next < n; next += INTERVALS_PER_ROW) row(next, n);
    },
  };
}
