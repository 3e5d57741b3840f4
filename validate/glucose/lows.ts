import type { LowAlert } from "@openward/physiology/glucose";
import type { Course } from "../records/course.ts";

/** How predicted lows came out for one person. */
export interface LowScore {
  /** Lows that could be announced: there was a forecast in the 45 minutes before. */
  readonly events: number;
  readonly announced: number;
  /** Lows after a gap, or with which a recording begins. */
  readonly unforeseeable: number;
  readonly alerts: number;
  /** Glucose did not fall below 70 within 45 minutes. */
  readonly falseAlerts: number;
  /** These, and those of a dip of less than 15 minutes. */
  readonly noLowAfter: number;
  /** Of the announced, minutes from the first alert that holds to the low. */
  readonly leads: readonly number[];
  /** For which there were forecasts. */
  readonly days: number;
}

const MINUTE_MS = 60_000;
const LOW = 70;
/** As long as a low of the consensus lasts, and as long as glucose is back before the next one is another. Danne T et al. Diabetes Care 2017;40:1631. */
const LASTS_MS = 15 * MINUTE_MS;
/** An alert is right when a low begins so soon after it. */
const AHEAD_MS = 45 * MINUTE_MS;
const GAP_MS = 30 * MINUTE_MS;

/** Where lows begin: below 70 mg/dL for at least 15 minutes, after at least 15 minutes that were not. ms */
export function lowsOf({ times, values }: Course, everyMs: number): number[] {
  const found: number[] = [];
  let begin = Number.NaN;
  let last = Number.NEGATIVE_INFINITY;
  let isCounted = false;
  for (let i = 0; i < times.length; i++) {
    const at = times[i] as number;
    const isLow = (values[i] as number) < LOW;
    const isGap = at - (times[i - 1] ?? at) > GAP_MS;
    if (isGap || (!isLow && at - last >= LASTS_MS)) begin = Number.NaN;
    if (!isLow) continue;
    if (Number.isNaN(begin)) [begin, isCounted] = [at, false];
    last = at;
    if (isCounted || at - begin + everyMs < LASTS_MS) continue;
    found.push(begin);
    isCounted = true;
  }
  return found;
}

/** @param forecastAt times of readings with a forecast, ascending */
export function scoreLows(
  course: Course,
  everyMs: number,
  alerts: readonly LowAlert[],
  forecastAt: readonly number[],
): LowScore {
  const lows = lowsOf(course, everyMs);
  const isBefore = (low: number) => (at: number) => at < low && low - at <= AHEAD_MS;
  const below = Array.from(course.times).filter((_, i) => (course.values[i] as number) < LOW);
  let next = 0;
  const foreseeable = lows.filter((low) => {
    while (next < forecastAt.length && (forecastAt[next] as number) < low - AHEAD_MS) next++;
    const first = forecastAt[next];
    return first !== undefined && first < low;
  });
  const leads = foreseeable.flatMap((low) => {
    const first = alerts.find(({ at }) => isBefore(low)(at));
    return first ? [(low - first.at) / MINUTE_MS] : [];
  });
  return {
    events: foreseeable.length,
    announced: leads.length,
    unforeseeable: lows.length - foreseeable.length,
    alerts: alerts.length,
    falseAlerts: alerts.filter(({ at }) => !below.some((dip) => isBefore(dip)(at))).length,
    noLowAfter: alerts.filter(({ at }) => !lows.some((low) => isBefore(low)(at))).length,
    leads,
    days: (forecastAt.length * everyMs) / 86_400_000,
  };
}
