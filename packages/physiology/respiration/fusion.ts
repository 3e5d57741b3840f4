import type { Channel, Modulation } from "./sources.ts";
import { createSpectrum, RATE_COUNT } from "./spectrum.ts";
import { Tracker } from "./tracker.ts";

/** What all series together say at one moment. */
export interface Fused {
  /** /min; null where nothing is clear or there is nothing. */
  readonly rate: number | null;
  readonly absent: "no signal" | "unclear" | null;
  readonly confidence: number;
  readonly source: Modulation | null;
}

export const STEP_S = 4;
/** How much of each is believed; the rest may be anything. Movement of the chest is breathing itself, the others follow it. */
const TRUST: Readonly<Record<Modulation, number>> = {
  impedance: 0.95,
  "ecg-baseline": 0.7,
  "ecg-amplitude": 0.7,
  "ecg-interval": 0.6,
  "pulse-baseline": 0.7,
  "pulse-amplitude": 0.6,
  "pulse-interval": 0.6,
};
/** A sine explains so much of noise at some rate (0: no reason to believe it) and so much of a breath that is plain to see (1). */
const CLEAR = [0.15, 0.4] as const;
/** Windows overlap: each says again what the last one said, and only so much of it is new. */
const NEW = 0.35;
/** Less confident than this: absent. */
const LEAST_CONFIDENCE = 0.5;

/**
 * Likelihoods of each rate by each series (`spectrum.ts`), tempered by how much its kind is to be trusted and how much of it
 * a sine explains, multiplied, and carried on from before (`tracker.ts`). To be asked every STEP_S.
 */
export function createFusion(channels: readonly Channel[]): (now: number) => Fused {
  const spectrum = createSpectrum(Math.max(...channels.map(({ series }) => series.times.length), 1));
  const tracker = new Tracker();
  const all = new Float64Array(RATE_COUNT);
  const one = new Float64Array(RATE_COUNT);

  /** Leads say the same thing several times over. */
  function kinds(): Map<Modulation, number> {
    const found = new Map<Modulation, number>();
    for (const { modulation, series } of channels)
      if (series.count > 0) found.set(modulation, (found.get(modulation) ?? 0) + 1);
    return found;
  }

  return (now) => {
    all.fill(0);
    let source: Modulation | null = null;
    let clearest = 0;
    const many = kinds();
    for (const { modulation, series, fastest } of channels) {
      const { times, values, count } = series.until(now);
      const clear = spectrum.of(
        times,
        values,
        count,
        { fastest: fastest(), isOfBeats: modulation !== "impedance" },
        one,
      );
      if (clear === 0) continue;
      const isWave = Math.min(Math.max((clear - CLEAR[0]) / (CLEAR[1] - CLEAR[0]), 0), 1);
      const trust = TRUST[modulation] * isWave;
      if (clear * TRUST[modulation] > clearest) {
        clearest = clear * TRUST[modulation];
        source = modulation;
      }
      blend(one, trust, all, 1 / (many.get(modulation) ?? 1));
    }
    for (let k = 0; k < RATE_COUNT; k++) all[k] = NEW * (all[k] as number);
    const { rate, confidence } = tracker.next(STEP_S, all);
    const absent = source === null ? "no signal" : confidence < LEAST_CONFIDENCE ? "unclear" : null;
    return absent === null ? { rate, absent, confidence, source } : { rate: null, absent, confidence: 0, source: null };
  };
}

/** Log of (trust times the chance of each rate, and the rest evenly), added up. */
function blend(logLikelihood: Float64Array, trust: number, into: Float64Array, weight: number): void {
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of logLikelihood) highest = Math.max(highest, value);
  let sum = 0;
  for (let k = 0; k < RATE_COUNT; k++) sum += Math.exp((logLikelihood[k] as number) - highest);
  for (let k = 0; k < RATE_COUNT; k++) {
    const chance = Math.exp((logLikelihood[k] as number) - highest) / sum;
    into[k] = (into[k] as number) + weight * Math.log(trust * chance + (1 - trust) / RATE_COUNT);
  }
}
