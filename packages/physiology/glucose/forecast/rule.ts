import { FORECAST_FEATURES } from "./features.ts";
import type { Estimate } from "./personal.ts";

/** Least squares over the persons of all studies at hand, each study alike: how much of a slope goes on, and how far glucose comes back. */
const RULES = {
  30: { step: 0.6, slope: 0.75, level: 0.05, deviation: [5, 0.5] },
  60: { step: 0.5, slope: 0.7, level: 0.15, deviation: [10, 0.7] },
} as const;

const place = (name: string) => FORECAST_FEATURES.indexOf(name);
const STEP = place("change over 5 min");
const SLOPE = place("change over 15 min");
const LEVEL = place("mean of 6 h from now");
const SPREAD = place("own variance over 30 min (log)");

/**
 * What is said where no model is at hand, and what a model is held against: the slope goes on for a while, and glucose comes back to where it
 * was for hours.
 *
 * @param features of `createForecastFeatures`
 */
export function glucoseRule(minutes: keyof typeof RULES, features: ArrayLike<number>): Estimate {
  const { step, slope, level, deviation } = RULES[minutes];
  const of = (at: number) => features[at] as number;
  const back = Number.isFinite(of(LEVEL)) ? level * of(LEVEL) : 0;
  const [least, part] = deviation;
  return {
    change: step * of(STEP) + slope * (of(SLOPE) - of(STEP)) + back,
    deviation: least + part * Math.sqrt(Math.exp(of(SPREAD))),
  };
}
