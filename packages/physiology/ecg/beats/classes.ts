import { feature } from "./features.ts";

/**
 * Classes of ANSI/AAMI EC57: N from the sinus or conducted like it (bundle branch blocks too), S early from above the ventricles,
 * V from the ventricles, F a fusion of both, Q not to be said (paced too).
 */
export type BeatClass = "N" | "S" | "V" | "F" | "Q";

/** Of which a model says how likely each is, in this order. */
export const LEARNED_CLASSES = ["N", "S", "V", "F"] as const satisfies readonly BeatClass[];

const EARLY = 0.85;
const UNLIKE = 0.75;
const WIDE = 1.2;
const LIKE = 0.88;
/** Where no interval is like the one before, early is nothing unusual. */
const UNEVEN = 0.12;

/** Without a model: V is unlike the patient's usual beats, and wide or early; S is like them, and early in an even rhythm. */
export function ruleOf(features: ArrayLike<number>): BeatClass {
  const of = (name: Parameters<typeof feature>[0]) => features[feature(name)] as number;
  const alike = of("like-usual");
  if (Number.isNaN(alike)) return "Q";
  const early = of("before-over-short") < EARLY;
  const wide = of("width-ratio") > WIDE;
  if (alike < UNLIKE && (wide || early || of("family-before") < EARLY)) return "V";
  if (alike < LIKE && wide && early) return "V";
  return early && of("before-over-long") < 0.9 && of("unevenness") < UNEVEN && alike > UNLIKE ? "S" : "N";
}

/** The likeliest. @param chances of LEARNED_CLASSES */
export function likeliest(chances: ArrayLike<number>): BeatClass {
  let best = 0;
  for (let i = 1; i < LEARNED_CLASSES.length; i++) if ((chances[i] as number) > (chances[best] as number)) best = i;
  return LEARNED_CLASSES[best] as BeatClass;
}
