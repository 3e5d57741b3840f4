import { mean, standardDeviation } from "../statistics.ts";
import { type GlucoseTrace, HOUR_MS, valueAt } from "./trace.ts";

/** Of fewer differences than these no mean is told. */
const FEWEST = 12;

/**
 * Mean of daily differences, mg/dL: how far readings are from those of the same time a day before. Molnar GD et al. Diabetologia
 * 1972;8:342.
 *
 * @param days how many days before @returns null of fewer than twelve pairs
 */
export function modd(trace: GlucoseTrace, days = 1): number | null {
  const differences = differencesOver(trace, days * 24 * HOUR_MS);
  return differences.length < FEWEST ? null : mean(differences.map(Math.abs));
}

/**
 * Continuous overall net glycaemic action, mg/dL: the standard deviation (n - 1) of what changed within so many hours. McDonnell CM
 * et al. Diabetes Technol Ther 2005;7:253.
 *
 * @returns null of fewer than twelve pairs
 */
export function conga(trace: GlucoseTrace, hours: number): number | null {
  const differences = differencesOver(trace, hours * HOUR_MS);
  return differences.length < FEWEST ? null : standardDeviation(differences);
}

/** Each reading less what was there before, on the line between two readings; where nothing was, there is no difference. */
function differencesOver(trace: GlucoseTrace, lagMs: number): Float64Array {
  return trace.values
    .map((value, i) => value - valueAt(trace, (trace.times[i] as number) - lagMs))
    .filter(Number.isFinite);
}
