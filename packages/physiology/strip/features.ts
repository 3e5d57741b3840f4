import { ATRIAL, atrial } from "./atrial.ts";
import { MORPHOLOGY, morphology } from "./morphology.ts";
import { NOISE, noise } from "./noise.ts";
import { prepare } from "./prepare.ts";
import { REGULARITY, regularity } from "./regularity.ts";
import { templateOf } from "./template.ts";

/** Names of what `stripFeatures` gives. */
export const STRIP_FEATURES: readonly string[] = [...REGULARITY, ...MORPHOLOGY, ...ATRIAL, ...NOISE];

/** Shorter is no strip: monitors ask for ten seconds, hand-held recorders give thirty. */
export const STRIP_LEAST_S = 5;

/**
 * What a short ECG of one lead is like, for telling its rhythm: intervals, the usual beat and how others differ from it, P waves
 * and what is between beats, noise. All of it at once: a strip is not a stream.
 *
 * @param samples mV, NaN where there is none
 * @returns STRIP_FEATURES, NaN what cannot be told; null of less than five seconds, or where half and more is missing
 */
export function stripFeatures(samples: ArrayLike<number>, rateHz: number): Float32Array | null {
  if (!(samples.length >= STRIP_LEAST_S * rateHz)) return null;
  const strip = prepare(samples, rateHz);
  if (strip.missing > 0.5) return null;
  const template = templateOf(strip);
  return Float32Array.of(
    ...regularity(strip),
    ...morphology(strip, template),
    ...atrial(strip, template),
    ...noise(strip),
  );
}
