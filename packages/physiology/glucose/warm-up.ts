import { type GlucoseTrace, HOUR_MS, MINUTE_MS } from "./trace.ts";
import table from "./warm-up.json" with { type: "json" };

/** A sensor was put on. */
export interface SensorStart {
  /** ms UTC. */
  readonly at: number;
  /** Whether a device or person said so, or only a silence speaks for it. */
  readonly known: boolean;
}

/** A time in which a sensor is not to be relied upon as later. */
export interface WarmUp {
  readonly from: number;
  readonly to: number;
  /** What the maker's warm-up is counts for nothing; the rest of the first day is less accurate. */
  readonly kind: "warm-up" | "first day";
  readonly known: boolean;
  /** Readings of the trace in it. */
  readonly readings: number;
  readonly why: string;
}

/** How long a sensor warms up, minutes. @param model as its maker calls it: "Dexcom G6"; an unknown one as long as most */
export function warmUpMinutes(model: string): number {
  const name = model.toLowerCase();
  return table.sensors.find(({ match }) => name.includes(match))?.minutes ?? table.otherwiseMinutes;
}

/**
 * Where nobody said when a sensor was put on: after a silence of at least its warm-up a new one may have begun. A silence may be a
 * telephone that was away, too: such a start is told as not known, and marks a first day only.
 */
export function likelyStarts(trace: GlucoseTrace, minutes: number): SensorStart[] {
  const { times } = trace;
  return Array.from(times).flatMap((at, i) => {
    const before = times[i - 1];
    // The first reading is the end of a silence of unknown length.
    const isStart = before === undefined || at - before >= Math.max(minutes * MINUTE_MS, 2 * trace.everyMs);
    return isStart ? [{ at, known: false }] : [];
  });
}

/**
 * What readings are of a sensor that warms up, or of its first day. @param starts in any order @param minutes of warm-up
 *
 * @source warm-up.json
 */
export function warmUps(trace: GlucoseTrace, starts: readonly SensorStart[], minutes: number): WarmUp[] {
  const sorted = starts.filter(({ at }) => Number.isFinite(at)).toSorted((a, b) => a.at - b.at);
  return sorted.flatMap(({ at, known }, i) => {
    const next = sorted[i + 1]?.at ?? Number.POSITIVE_INFINITY;
    const warm = Math.min(known ? at + minutes * MINUTE_MS : at, next);
    const day = Math.min(at + table.firstDayHours * HOUR_MS, next);
    const said = known ? "was put on" : "may have been put on: it was silent before";
    const spans: WarmUp[] = [
      spanOf(trace, at, warm, "warm-up", known, `the sensor ${said}; it warms up for ${minutes} minutes`),
      spanOf(
        trace,
        warm,
        day,
        "first day",
        known,
        `the sensor ${said}; less accurate for ${table.firstDayHours} hours`,
      ),
    ];
    return spans.filter((span) => span.to > span.from && span.readings > 0);
  });
}

function spanOf(
  trace: GlucoseTrace,
  from: number,
  to: number,
  kind: WarmUp["kind"],
  known: boolean,
  why: string,
): WarmUp {
  const readings = trace.times.reduce((sum, at) => (at >= from && at < to ? sum + 1 : sum), 0);
  return { from, to, kind, known, readings, why };
}
