import { mean, standardDeviation } from "../statistics.ts";
import { type GlucoseTrace, HOUR_MS } from "./trace.ts";

/** Mean amplitude of glycaemic excursions, mg/dL. */
export interface Mage {
  /** Of excursions in the direction of the first one, as Service has it. */
  readonly mage: number;
  /** From nadir to peak, and from peak to nadir; null where there is none. */
  readonly up: number | null;
  readonly down: number | null;
  readonly excursions: number;
}

/** Of what is missing for longer, nobody knows how far it went: excursions begin anew. */
const GAP_MS = 3 * HOUR_MS;
const FEWEST = 12;

/**
 * Excursions are the ways between turning points, of which each is more than a standard deviation (of all readings, n - 1) away from the
 * next; smaller ups and downs belong to the way on which they are. Service FJ et al. Diabetes 1970;19:644; turning points as by Baghurst
 * PA. Diabetes Technol Ther 2011;13:296, without smoothing.
 *
 * @returns null of fewer than twelve readings, and where nothing goes as far as a standard deviation
 */
export function mage({ times, values }: GlucoseTrace): Mage | null {
  if (values.length < FEWEST) return null;
  const least = standardDeviation(values);
  const ways: number[] = [];
  for (let from = 0; from < values.length; ) {
    let to = from + 1;
    while (to < values.length && (times[to] as number) - (times[to - 1] as number) <= GAP_MS) to++;
    ways.push(...excursions(values.subarray(from, to), least));
    from = to;
  }
  const ups = ways.filter((way) => way > 0);
  const downs = ways.filter((way) => way < 0).map(Math.abs);
  const [first] = ways;
  if (first === undefined) return null;
  return {
    mage: mean(first > 0 ? ups : downs),
    up: ups.length > 0 ? mean(ups) : null,
    down: downs.length > 0 ? mean(downs) : null,
    excursions: ways.length,
  };
}

/** Up is positive. A turning point is one when it is left by more than `least`. */
function excursions(values: Float64Array, least: number): number[] {
  const ways: number[] = [];
  let lowest = values[0] ?? Number.NaN;
  let highest = lowest;
  let begin: number | undefined;
  let direction = 0;
  for (const value of values) {
    if (direction >= 0 && value > highest) highest = value;
    if (direction <= 0 && value < lowest) lowest = value;
    if (direction >= 0 && highest - value > least) {
      if (direction > 0 && begin !== undefined) ways.push(highest - begin);
      [begin, direction, lowest] = [highest, -1, value];
    } else if (direction <= 0 && value - lowest > least) {
      if (direction < 0 && begin !== undefined) ways.push(lowest - begin);
      [begin, direction, highest] = [lowest, 1, value];
    }
  }
  // The last way counts as far as it came: by then it was more than `least`.
  if (begin !== undefined) ways.push((direction > 0 ? highest : lowest) - begin);
  return ways;
}
