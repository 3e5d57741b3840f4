import { type FallFeature, fallFeatures } from "./fall-features.ts";

export type FallVerdict =
  | { readonly isFall: boolean }
  /** Nothing can be said, and why. */
  | { readonly isFall: null; readonly why: "not measured before" | "not measured after" };

/** The chance from which on the model `falls` means a fall. */
export const FALL_CHANCE = 0.5;

/** Sitting down hard and lying down stay below, g. */
const IMPACT_G = 1.8;
/** A body that fell lies otherwise than it stood. Degrees. */
const TURNED = 45;
/** Who runs or hops hits the ground again nearly as hard. */
const RIVAL = 0.75;

/**
 * A fall by its phases: an impact that stands alone, and another posture afterwards. After Kangas M et al. Gait Posture
 * 2008;28:285 (waist and head 97 to 98 %, wrist worse); the limits are ours. Needs no model, and is the check of one.
 *
 * @param features of an `Impact`
 */
export function isFallByRule(features: ArrayLike<number>): FallVerdict {
  const of = (name: FallFeature) => features[fallFeatures.indexOf(name)] ?? Number.NaN;
  if (!(of("peak") >= IMPACT_G)) return { isFall: false };
  if (of("rival-before") > RIVAL || of("rival-after") > RIVAL) return { isFall: false };
  const turned = Math.max(orLeast(of("turned")), orLeast(of("turned-at-once")));
  if (turned >= 0) return { isFall: turned >= TURNED };
  // Directions are compared: one of the two sides is missing.
  return { isFall: null, why: Number.isNaN(of("restless-before")) ? "not measured before" : "not measured after" };
}

const orLeast = (value: number) => (Number.isNaN(value) ? -1 : value);
