import { firstFrom } from "../statistics.ts";
import { type GlucoseUnit, MG_PER_DL_OF_MMOL_PER_L } from "./bands.ts";

/** What a sensor said of one person: in order of time, one reading for a time, mg/dL. */
export interface GlucoseTrace {
  /** ms UTC, ascending. */
  readonly times: Float64Array;
  /** mg/dL. */
  readonly values: Float64Array;
  /** How often it speaks: the median of the gaps, to the minute, from one to fifteen. */
  readonly everyMs: number;
  readonly leftOut: Readonly<Record<LeftOut, number>>;
}

export type LeftOut = "no number" | "no glucose of anybody" | "second of its time";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
const INTERVAL_MIN_MS = MINUTE_MS;
const INTERVAL_MAX_MS = 15 * MINUTE_MS;
/** mg/dL, as for glucose of blood. Sensors say 40 to 500; what is far below are codes of errors. */
const LOWEST = 10;
const HIGHEST = 1_000;
/** Between readings further apart nothing is known: three of the slowest sensor. So does iglu (Broll S et al. PLoS One 2021;16:e0248560). */
export const BRIDGED_MS = 45 * MINUTE_MS;

/** @param times ms UTC, in any order @param values in `unit`; what is no number was no reading */
export function traceOf(
  times: ArrayLike<number>,
  values: ArrayLike<number>,
  unit: GlucoseUnit = "mg/dL",
): GlucoseTrace {
  const leftOut = { "no number": 0, "no glucose of anybody": 0, "second of its time": 0 };
  const factor = unit === "mg/dL" ? 1 : MG_PER_DL_OF_MMOL_PER_L;
  const readings: [number, number][] = [];
  for (let i = 0; i < times.length; i++) {
    const at = times[i] as number;
    const value = (values[i] ?? Number.NaN) * factor;
    if (!Number.isFinite(at) || !Number.isFinite(value)) leftOut["no number"]++;
    else if (value < LOWEST || value > HIGHEST) leftOut["no glucose of anybody"]++;
    else readings.push([at, value]);
  }
  const sorted = readings.toSorted(([a], [b]) => a - b);
  const kept = sorted.filter(([at], i) => i === 0 || at !== sorted[i - 1]?.[0]);
  leftOut["second of its time"] = sorted.length - kept.length;
  const at = Float64Array.from(kept, ([time]) => time);
  return { times: at, values: Float64Array.from(kept, ([, value]) => value), everyMs: intervalOf(at), leftOut };
}

/** ms @param times ascending */
export function intervalOf(times: ArrayLike<number>): number {
  const gaps: number[] = [];
  for (let i = 1; i < times.length; i++) {
    const gap = (times[i] as number) - (times[i - 1] as number);
    if (gap > 0) gaps.push(gap);
  }
  gaps.sort((a, b) => a - b);
  const median = gaps[Math.floor(gaps.length / 2)] ?? INTERVAL_MAX_MS;
  const whole = Math.round(median / MINUTE_MS) * MINUTE_MS;
  return Math.min(Math.max(whole, INTERVAL_MIN_MS), INTERVAL_MAX_MS);
}

/** mg/dL at a time, on the line between the readings around it; NaN where these are more than 45 minutes apart or none is. */
export function valueAt({ times, values }: GlucoseTrace, at: number): number {
  const next = firstFrom(times, at);
  const to = times[next];
  if (to === undefined) return Number.NaN;
  if (to === at) return values[next] as number;
  const from = times[next - 1];
  if (from === undefined || to - from > BRIDGED_MS) return Number.NaN;
  const before = values[next - 1] as number;
  return before + ((at - from) / (to - from)) * ((values[next] as number) - before);
}
