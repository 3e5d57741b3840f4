import { firstFrom } from "../statistics.ts";
import type { LocalTime } from "./local-time.ts";
import { type GlucoseTrace, HOUR_MS } from "./trace.ts";

/** How much of a span a sensor measured. */
export interface GlucoseWear {
  /** Per cent of the readings that were to be expected at the sensor's interval; at most 100. */
  readonly activePercent: number;
  /** Local days with a reading. */
  readonly days: number;
  /** At least 70 per cent of at least fourteen days: less does not stand for a person's months. */
  readonly isSufficient: boolean;
  /** What is missing for longer than two intervals, the beginning and the end of the span with it; ms UTC. */
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
}

const SUFFICIENT_PERCENT = 70;
const SUFFICIENT_MS = 14 * 24 * HOUR_MS;

/**
 * @param from, to of the span that is asked about, ms UTC: what is missing at its ends is missing
 * @returns null: the span has no length
 * @source Battelino T et al. Diabetes Care 2019;42:1593; Riddlesworth TD et al. Diabetes Technol Ther 2018;20:314
 */
export function glucoseWear(trace: GlucoseTrace, from: number, to: number, local: LocalTime): GlucoseWear | null {
  if (!(to > from && Number.isFinite(to - from))) return null;
  const times = trace.times.subarray(firstFrom(trace.times, from), firstFrom(trace.times, to));
  const activePercent = Math.min((100 * times.length * trace.everyMs) / (to - from), 100);
  const edges = [from, ...times, to];
  const gaps = edges.slice(1).flatMap((end, i) => {
    const begin = edges[i] as number;
    return end - begin > 2 * trace.everyMs ? [{ from: begin, to: end }] : [];
  });
  return {
    activePercent,
    days: new Set(Array.from(times, (at) => local.dayOf(at))).size,
    isSufficient: activePercent >= SUFFICIENT_PERCENT && to - from >= SUFFICIENT_MS,
    gaps,
  };
}
