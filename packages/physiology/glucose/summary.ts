import { bandOf, type GlucoseUnit, MG_PER_DL_OF_MMOL_PER_L, type TimesInRanges } from "./bands.ts";
import { intervalOf } from "./trace.ts";

/** What one sensor said, in order of time; values in `unit`. */
export interface SensorGlucose {
  readonly unit: GlucoseUnit;
  /** ms UTC, ascending. */
  readonly times: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

export interface GlucoseSummary {
  /** In which most of it was received. */
  readonly unit: GlucoseUnit;
  readonly count: number;
  /** How long the readings stand for, together, ms. */
  readonly measuredMs: number;
  readonly meanMgPerDl: number;
  readonly times: TimesInRanges;
  /** Glucose management indicator, per cent. */
  readonly gmi: number;
  /** Coefficient of variation, per cent. */
  readonly cv: number;
  /** Time of the newest reading, ms UTC. */
  readonly lastAt: number;
  /** How long that one stands for, ms. */
  readonly lastMs: number;
  /** Times of all readings that count, in no order. */
  readonly counted: readonly number[];
}

/**
 * What a span of a sensor's glucose comes to. Each reading stands for the interval at which its sensor speaks (the median of the
 * gaps between its readings, to the minute), so that a sensor of every minute and one of every fifteen weigh by time. Where two
 * sensors speak of the same time the one that said more counts.
 *
 * @param sensors of one patient and one span; readings that are not to be relied upon left out
 * @returns undefined: there are fewer than two readings, of which nothing is to be said
 * @source times in ranges and sufficiency: Battelino et al., Diabetes Care 2019;42:1593; GMI = 3.31 + 0.02392 x mean (mg/dL):
 *   Bergenstal et al., Diabetes Care 2018;41:2275; CV = 100 x SD (n - 1) / mean
 */
export function summariseGlucose(sensors: readonly SensorGlucose[]): GlucoseSummary | undefined {
  const ranked = sensors
    .filter(({ times }) => times.length > 0)
    .map((sensor, i) => ({ sensor, i, everyMs: intervalOf(sensor.times) }))
    // By what they cover, not by how often they say it.
    .sort((a, b) => b.everyMs * b.sensor.times.length - a.everyMs * a.sensor.times.length || a.i - b.i);
  const sums = { weight: 0, value: 0, square: 0, count: 0 };
  const bands = { veryLow: 0, low: 0, target: 0, high: 0, veryHigh: 0 };
  const counted: number[] = [];
  const taken: { readonly times: ArrayLike<number>; readonly everyMs: number }[] = [];
  let last = { at: Number.NEGATIVE_INFINITY, ms: 0 };
  for (const { sensor, everyMs } of ranked) {
    const { times, values, unit } = sensor;
    for (let i = 0; i < times.length; i++) {
      const time = times[i] as number;
      const value = values[i] as number;
      // The same time once: a second value of it is another's, or a mistake.
      if ((i > 0 && times[i - 1] === time) || taken.some((other) => speaksAt(other, time))) continue;
      const mgPerDl = unit === "mg/dL" ? value : value * MG_PER_DL_OF_MMOL_PER_L;
      sums.weight += everyMs;
      sums.value += everyMs * mgPerDl;
      sums.square += everyMs * mgPerDl * mgPerDl;
      sums.count += 1;
      bands[bandOf(value, unit)] += everyMs;
      counted.push(time);
      if (time > last.at) last = { at: time, ms: everyMs };
    }
    taken.push({ times, everyMs });
  }
  const [first] = ranked;
  if (!first || sums.count < 2) return undefined;
  const mean = sums.value / sums.weight;
  const variance = Math.max(0, sums.square / sums.weight - mean * mean) * (sums.count / (sums.count - 1));
  const percent = (weight: number) => (100 * weight) / sums.weight;
  return {
    unit: first.sensor.unit,
    count: sums.count,
    measuredMs: sums.weight,
    meanMgPerDl: mean,
    times: {
      veryLow: percent(bands.veryLow),
      low: percent(bands.low),
      target: percent(bands.target),
      high: percent(bands.high),
      veryHigh: percent(bands.veryHigh),
    },
    gmi: 3.31 + 0.02392 * mean,
    cv: (100 * Math.sqrt(variance)) / mean,
    lastAt: last.at,
    lastMs: last.ms,
    counted,
  };
}

/** Has a sensor a reading within its own interval of this time? */
function speaksAt(
  { times, everyMs }: { readonly times: ArrayLike<number>; readonly everyMs: number },
  time: number,
): boolean {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) <= time - everyMs) low = middle + 1;
    else high = middle;
  }
  const next = times[low];
  return next !== undefined && next < time + everyMs;
}
