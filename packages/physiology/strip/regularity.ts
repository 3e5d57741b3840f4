import { createIrregularity, IRREGULARITY_FEATURES } from "../rhythm/irregularity.ts";
import { part, ratio, shareOf } from "./numbers.ts";
import type { Strip } from "./prepare.ts";

/** Intervals of the strip: as a whole, and where they are the most and the least even. */
export const REGULARITY = [
  ...IRREGULARITY_FEATURES,
  "beats",
  "rate-slowest",
  "rate-fastest",
  "longest-over-median",
  "shortest-over-median",
  "pnn50",
  "pnn20",
  "premature",
  "late",
  "premature-pairs",
  "most-even-cleaned",
  "least-even-cleaned",
  "most-even",
  "least-even",
  "trend",
  "drift",
] as const;

const MOST = 160;
/** Intervals, over which evenness is looked for. */
const STRETCH = 9;

export function regularity({ intervals }: Strip): number[] {
  const n = Math.min(intervals.length, MOST);
  const out = new Float64Array(IRREGULARITY_FEATURES.length);
  createIrregularity(MOST, true).measure(intervals.subarray(0, n), out, 0);
  if (n < 4) return [...out, n + 1, ...REGULARITY.slice(out.length + 1).map(() => Number.NaN)];
  const middle = part(intervals, 0.5);
  const steps = Float64Array.from({ length: n - 1 }, (_, i) =>
    Math.abs((intervals[i + 1] as number) - (intervals[i] as number)),
  );
  const isPremature = (i: number) => (intervals[i] as number) < 0.85 * localMedian(intervals, i);
  const stretches = evenness(intervals.subarray(0, n));
  const half = n >> 1;
  return [
    ...out,
    n + 1,
    60 / part(intervals, 0.95),
    60 / part(intervals, 0.05),
    ratio(part(intervals, 1), middle),
    ratio(part(intervals, 0), middle),
    shareOf(steps, (step) => step > 0.05),
    shareOf(steps, (step) => step > 0.02),
    shareOf(intervals, (_, i) => isPremature(i)),
    shareOf(intervals, (one, i) => one > 1.2 * localMedian(intervals, i)),
    shareOf(
      intervals,
      (_, i) => isPremature(i) && i + 1 < n && (intervals[i + 1] as number) > 1.05 * localMedian(intervals, i),
    ),
    part(stretches.cleaned, 0),
    part(stretches.cleaned, 1),
    part(stretches.all, 0),
    part(stretches.all, 1),
    part(intervals.subarray(half), 0.5) / part(intervals.subarray(0, half), 0.5),
    ratio(part(intervals, 0.75) - part(intervals, 0.25), middle),
  ];
}

function localMedian(intervals: Float64Array, i: number): number {
  return part(intervals.subarray(Math.max(i - 4, 0), i + 5), 0.5);
}

/** Median change from one interval to the next, by their median, of each stretch; with premature beats evened out as well. */
function evenness(intervals: Float64Array): { all: number[]; cleaned: number[] } {
  const [all, cleaned]: [number[], number[]] = [[], []];
  const measure = createIrregularity(STRETCH, false);
  const out = new Float64Array(IRREGULARITY_FEATURES.length);
  for (let from = 0; from === 0 || from + STRETCH <= intervals.length; from++) {
    measure.measure(intervals.subarray(from, from + STRETCH), out, 0);
    all.push(out[IRREGULARITY_FEATURES.indexOf("successive-median")] as number);
    cleaned.push(out[IRREGULARITY_FEATURES.indexOf("cleaned-deviation")] as number);
  }
  return { all: all.filter(Number.isFinite), cleaned: cleaned.filter(Number.isFinite) };
}
