import type { LocalTime } from "./local-time.ts";
import type { GlucoseTrace } from "./trace.ts";

/** Ambulatory glucose profile: all days laid over one another. */
export interface Agp {
  readonly bins: readonly AgpBin[];
  /** Local days with a reading. */
  readonly days: number;
}

export interface AgpBin {
  /** Where it begins, minutes since local midnight. */
  readonly minute: number;
  /** How many days have a reading here; of `days`, the others are missing. */
  readonly days: number;
  readonly count: number;
  /** mg/dL; null: no day has a reading here. */
  readonly percentiles: Readonly<Record<(typeof PERCENTILES)[number], number>> | null;
}

const PERCENTILES = [5, 25, 50, 75, 95] as const;
const DAY_MINUTES = 1_440;

/**
 * Percentiles by time of day, each day counting as much as any other: a sensor of every minute no more than one of every fifteen, and
 * the hour that a clock shows twice no more than any other. Nothing is smoothed and no gap is filled.
 *
 * @param binMinutes a divisor of a day: 5 or 15 are usual
 * @throws RangeError it divides no day
 * @source Battelino T et al. Diabetes Care 2019;42:1593 (5, 25, 50, 75 and 95 %, 14 days); Mazze RS et al. Diabetes Care 1987;10:111
 */
export function agp(trace: GlucoseTrace, local: LocalTime, binMinutes = 15): Agp {
  const count = DAY_MINUTES / binMinutes;
  if (!(Number.isInteger(count) && binMinutes >= 1)) throw new RangeError(`${binMinutes} minutes divide no day`);
  const days = new Set<string>();
  const bins = Array.from({ length: count }, () => new Map<string, number[]>());
  for (const [i, at] of trace.times.entries()) {
    const day = local.dayOf(at);
    days.add(day);
    const bin = bins[Math.floor(local.minuteOf(at) / binMinutes)] as Map<string, number[]>;
    const mine = bin.get(day) ?? [];
    bin.set(day, mine);
    mine.push(trace.values[i] as number);
  }
  return {
    days: days.size,
    bins: bins.map((bin, i) => {
      const values = [...bin.values()];
      return {
        minute: i * binMinutes,
        days: bin.size,
        count: values.reduce((sum, of) => sum + of.length, 0),
        percentiles: bin.size === 0 ? null : percentilesOf(values),
      };
    }),
  };
}

function percentilesOf(days: readonly (readonly number[])[]): Record<(typeof PERCENTILES)[number], number> {
  const all = days.flatMap((day) => day.map((value): [number, number] => [value, 1 / day.length]));
  all.sort(([a], [b]) => a - b);
  // Where each stands: the middle of its own share. Of equal shares this is statistics.ts's quantile.
  let before = 0;
  const places = all.map(([value, share]): [number, number] => {
    before += share;
    return [value, (before - share / 2) / days.length];
  });
  return Object.fromEntries(PERCENTILES.map((percent) => [percent, at(places, percent / 100)])) as Record<
    (typeof PERCENTILES)[number],
    number
  >; // a key for each of them
}

function at(places: readonly (readonly [number, number])[], part: number): number {
  const next = places.findIndex(([, place]) => place >= part);
  const [value, place] = places[next === -1 ? places.length - 1 : next] as readonly [number, number];
  const earlier = places[next - 1];
  if (!earlier) return value;
  return earlier[0] + ((part - earlier[1]) / (place - earlier[1])) * (value - earlier[0]);
}
