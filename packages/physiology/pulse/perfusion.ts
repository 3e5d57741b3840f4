import type { Pulse } from "./detector.ts";

/** Of a plethysmogram whose constant part was taken away (its level is about its amplitude) there is none. */
const LEAST_LEVELS = 3;

/**
 * Perfusion index: the pulsating part of the light over the constant part.
 *
 * @param pulse of a wave that still has its constant part; of light that falls when blood comes, its negative
 * @returns UCUM "%"; null where the pulse is an artefact or the constant part is not there
 * @source Lima AP et al. Crit Care Med 2002;30:1210
 */
export function perfusionIndex({ foot, amplitude, artefact }: Pulse): number | null {
  const level = Math.abs(foot + amplitude / 2);
  if (artefact !== null || !(amplitude > 0) || level < LEAST_LEVELS * amplitude) return null;
  return (100 * amplitude) / level;
}
