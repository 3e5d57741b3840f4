import { mean } from "../statistics.ts";
import type { Intervals } from "./intervals.ts";

/** ms² in each band; all of them together are about the variance of the intervals. */
export interface FrequencyDomain {
  readonly ulf: number;
  readonly vlf: number;
  readonly lf: number;
  readonly hf: number;
  readonly total: number;
  readonly lfOverHf: number | null;
}

/** Hz; a band has both of its ends. Task Force 1996, with the lower end of VLF as 1 / 300 s. */
const BANDS = { ulf: [0, 0.0033], vlf: [0.0033, 0.04], lf: [0.04, 0.15], hf: [0.15, 0.4] } as const;
const STEP_HZ = 1 / 1_024;
const FEWEST = 16;

/**
 * Lomb's periodogram: intervals stand where they are, unevenly, and nothing is made up between them. Lomb 1976; Scargle
 * 1982. @returns null where there are too few
 */
export function frequencyDomain({ times, lengths }: Intervals): FrequencyDomain | null {
  const count = lengths.length;
  const seconds = (times.at(-1) ?? 0) - (times[0] ?? 0) + (lengths[0] ?? 0) / 1_000;
  if (count < FEWEST || seconds <= 0) return null;
  const middle = mean(lengths);
  const values = lengths.map((length) => length - middle);
  const power = { ulf: 0, vlf: 0, lf: 0, hf: 0 };
  for (let k = 1; k * STEP_HZ <= BANDS.hf[1]; k++) {
    const at = k * STEP_HZ;
    // A sine of amplitude A has n A² / 2 here: over the length, and twice the mean rate, it is its power over a band.
    const density = (lomb(times, values, 2 * Math.PI * at) * seconds) / count;
    for (const [name, [from, to]] of Object.entries(BANDS) as [keyof typeof BANDS, readonly [number, number]][])
      if (from <= at && at <= to) power[name] += density * STEP_HZ;
  }
  const total = power.ulf + power.vlf + power.lf + power.hf;
  return { ...power, total, lfOverHf: power.hf > 0 ? power.lf / power.hf : null };
}

function lomb(times: Float64Array, values: Float64Array, omega: number): number {
  let sin2 = 0;
  let cos2 = 0;
  for (const time of times) {
    sin2 += Math.sin(2 * omega * time);
    cos2 += Math.cos(2 * omega * time);
  }
  const shift = Math.atan2(sin2, cos2) / 2;
  let [ofCos, ofSin, cosCos, sinSin] = [0, 0, 0, 0];
  for (let i = 0; i < times.length; i++) {
    const cos = Math.cos(omega * (times[i] as number) - shift);
    const sin = Math.sin(omega * (times[i] as number) - shift);
    const value = values[i] as number;
    ofCos += value * cos;
    ofSin += value * sin;
    cosCos += cos * cos;
    sinSin += sin * sin;
  }
  return (cosCos > 0 ? ofCos ** 2 / cosCos : 0) + (sinSin > 0 ? ofSin ** 2 / sinSin : 0);
}
