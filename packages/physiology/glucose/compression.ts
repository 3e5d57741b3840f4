import { firstFrom } from "../statistics.ts";
import { type GlucoseTrace, MINUTE_MS } from "./trace.ts";

/** A low that looks as if somebody lay on the sensor. */
export interface CompressionLow {
  /** Of the readings that are not to be relied upon, ms UTC; `to` is the last of them. */
  readonly from: number;
  readonly to: number;
  /** mg/dL before it, at its lowest, and after it; `after` is null while it lasts. */
  readonly before: number;
  readonly lowest: number;
  readonly after: number | null;
  /** mg/dL/min, the steepest of the fall and of the way back. */
  readonly fall: number;
  readonly rise: number | null;
  /** Only what came back is told from a low of the blood: until then it is suspected. */
  readonly state: "suspected" | "recovered";
  readonly why: string;
}

/** Steady before: no faster than this over half an hour, mg/dL/min. */
const STEADY = 1;
const STEADY_MS = 30 * MINUTE_MS;
/** The fall: faster than glucose of blood falls at rest, at least so deep within so long. */
const FALL = 1.5;
const DEPTH = 25;
const FALL_MS = 15 * MINUTE_MS;
/** Back: to within this part of the depth, as fast, within two hours. */
const BACK = 0.35;
const RISE = 1;
const LASTS_MS = 120 * MINUTE_MS;
/** Between readings further apart than this nothing is said of a fall. */
const GAP_MS = 16 * MINUTE_MS;

/**
 * Pressure on a sensor (sleeping on it) drives the fluid out from under it: readings fall at once from a steady course and come back as
 * fast, which blood glucose does not. Told in retrospect; a fall that has not come back is suspected and no more, and must not calm an
 * alarm: a low of the blood begins alike.
 *
 * @param isLying whether the person lies or sleeps then; a fall at another time is none
 * @source Baysal N et al. J Diabetes Sci Technol 2014;8:1091 (rate and return as signs); Helton KL et al. J Diabetes Sci Technol
 *   2011;5:632 (pressure); Mensh BD et al. J Diabetes Sci Technol 2013;7:863 (sleeping positions). The limits are working values: no
 *   recording with marked compressions was at hand
 */
export function compressionLows(trace: GlucoseTrace, isLying: (at: number) => boolean): CompressionLow[] {
  const { times, values } = trace;
  const found: CompressionLow[] = [];
  for (let i = 1; i < times.length; i++) {
    const low = isLying(times[i] as number) ? lowFrom(i) : undefined;
    if (!low) continue;
    found.push(low);
    while (i + 1 < times.length && (times[i + 1] as number) <= low.to) i++;
  }
  return found;

  /** @param first reading that may be pressed upon; the one before it was not */
  function lowFrom(first: number): CompressionLow | undefined {
    const start = times[first - 1] as number;
    const before = values[first - 1] as number;
    if (!isFalling(first) || !isSteady(first - 1)) return undefined;
    let deepest = first;
    let end = first;
    while (end < times.length && (times[end] as number) - start <= FALL_MS && !isGap(end)) {
      if ((values[end] as number) < (values[deepest] as number)) deepest = end;
      end++;
    }
    if (before - (values[deepest] as number) < DEPTH) return undefined;
    return backFrom(first, deepest, before, -slopeInto(first));
  }

  function backFrom(first: number, deepest: number, before: number, fall: number): CompressionLow | undefined {
    const from = times[first] as number;
    let lowest = values[deepest] as number;
    let rise = 0;
    for (let i = deepest + 1; i < times.length; i++) {
      const at = times[i] as number;
      const value = values[i] as number;
      if (isGap(i) || at - from > LASTS_MS) return undefined;
      lowest = Math.min(lowest, value);
      rise = Math.max(rise, slopeInto(i));
      if (value < before - BACK * (before - lowest)) continue;
      if (rise < RISE) return undefined;
      const to = times[i - 1] as number;
      return told({ from, to, before, lowest, after: value, fall, rise, state: "recovered" });
    }
    return told({
      from,
      to: times.at(-1) as number,
      before,
      lowest,
      after: null,
      fall,
      rise: null,
      state: "suspected",
    });
  }

  function isFalling(i: number): boolean {
    return !isGap(i) && -slopeInto(i) >= FALL;
  }

  function isSteady(i: number): boolean {
    const at = times[i] as number;
    const from = firstFrom(times, at - STEADY_MS);
    if (i - from < 2 || (times[from] as number) > at - STEADY_MS / 2) return false;
    for (let k = from + 1; k <= i; k++) if (isGap(k)) return false;
    const change = (values[i] as number) - (values[from] as number);
    return Math.abs(change) / ((at - (times[from] as number)) / MINUTE_MS) <= STEADY;
  }

  function isGap(i: number): boolean {
    return (times[i] as number) - (times[i - 1] as number) > GAP_MS;
  }

  /** mg/dL/min */
  function slopeInto(i: number): number {
    const minutes = ((times[i] as number) - (times[i - 1] as number)) / MINUTE_MS;
    return ((values[i] as number) - (values[i - 1] as number)) / minutes;
  }
}

function told(low: Omit<CompressionLow, "why">): CompressionLow {
  const fell = `fell from a steady ${Math.round(low.before)} to ${Math.round(low.lowest)} mg/dL at up to ${low.fall.toFixed(1)} mg/dL/min while lying`;
  const came = low.after === null || low.rise === null ? "not back yet" : `back at ${low.rise.toFixed(1)} mg/dL/min`;
  return { ...low, why: `${fell}; ${came}` };
}
