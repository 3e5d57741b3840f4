import { STRIP_FEATURES } from "./features.ts";

/** Letters of the Challenge 2017: normal, atrial fibrillation, another rhythm, too noisy to be told. */
export type StripRhythm = "N" | "A" | "O" | "~";

const at = (name: string) => STRIP_FEATURES.indexOf(name);
const WHERE = {
  agree: at("detectors-agree"),
  alike: at("alike"),
  foreseen: at("foreseen"),
  cleaned: at("cleaned-successive"),
  premature: at("premature"),
  kinds: at("unlike-beats"),
  rate: at("rate"),
};
/** Chosen on the folder of the Challenge 2017 as a whole; rates are those of clinical use. */
const LIMITS = {
  agree: 0.7,
  alike: 0.85,
  foreseen: -2.6,
  cleaned: -3,
  premature: 0.02,
  kinds: 0.04,
  slowest: 50,
  fastest: 100,
};

/**
 * The rule that needs no model: too noisy where two ways of finding beats disagree and beats are unlike one another; fibrillation
 * where intervals are in no order; another rhythm where beats come early, differ, or are too slow or too fast; else normal.
 */
export function stripByRule(features: Float32Array): StripRhythm {
  const of = (index: number) => features[index] as number;
  const perMinute = 60 / Math.exp(of(WHERE.rate));
  if (!(of(WHERE.agree) > LIMITS.agree) && !(of(WHERE.alike) > LIMITS.alike)) return "~";
  if (Number.isNaN(of(WHERE.foreseen))) return "~";
  if (of(WHERE.foreseen) > LIMITS.foreseen && of(WHERE.cleaned) > LIMITS.cleaned) return "A";
  if (of(WHERE.premature) > LIMITS.premature || of(WHERE.kinds) > LIMITS.kinds) return "O";
  return perMinute < LIMITS.slowest || perMinute > LIMITS.fastest ? "O" : "N";
}
