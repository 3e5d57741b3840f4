import { feature } from "./features.ts";

/**
 * Classes of ANSI/AAMI EC57: N from the sinus or conducted like it (bundle branch blocks too), S early from above the ventricles,
 * V from the ventricles, F a fusion of both, Q not to be said (paced too).
 */
export type BeatClass = "N" | "S" | "V" | "F" | "Q";

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

/** What the rule calls V the model must deny nearly surely, and what the rule does not it must be sure of. */
const VENTRICULAR_UNLESS = 0.2;
const VENTRICULAR_FROM = 0.9;
const EARLY_FROM = 0.6;

/**
 * By rule and models together: one says how likely it is from a ventricle, the other how likely, if it is not, it is early from above.
 * Fusions are not told: they go to what they look like more.
 */
export function classBy(rule: BeatClass, ventricular: number, early: number): BeatClass {
  if (rule === "Q") return "Q";
  const isDenied = ventricular <= VENTRICULAR_UNLESS;
  if ((rule === "V" && !isDenied) || ventricular > VENTRICULAR_FROM) return "V";
  return early > EARLY_FROM ? "S" : "N";
}
