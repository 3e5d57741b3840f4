import { HOUR_MS, MINUTE_MS } from "../trace.ts";
import { FORECAST_FEATURES } from "./features.ts";
import { createRidge } from "./ridge.ts";

/** Glucose at a time to come, mg/dL. */
export interface Forecast {
  /** The reading that it was made with, ms UTC. */
  readonly at: number;
  readonly minutes: number;
  readonly value: number;
  /** Between which it lies in 95 of 100 cases. */
  readonly low: number;
  readonly high: number;
  /** Standard deviation of what is not known. */
  readonly deviation: number;
}

/** What a model or the rule says of anybody: by how much glucose will have changed, mg/dL. */
export interface Estimate {
  readonly change: number;
  readonly deviation: number;
}

export interface PersonalForecast {
  /**
   * @param at ms UTC, of a reading later than the one before
   * @param value mg/dL @param features of `createForecastFeatures`, null: there are none
   * @param estimate null: nothing says anything
   */
  push(at: number, value: number, features: ArrayLike<number> | null, estimate: Estimate | null): Forecast | null;
}

/** The reading that shows how it came is no further off than this. */
const NEAR_MS = 3 * MINUTE_MS;
const WAITING = 64;
const HALF_LIFE_MS = 7 * 24 * HOUR_MS;
/** Of the estimate and of the course: by how much more or less of each this person goes on than others. */
const INPUTS = [
  "step 0 min ago",
  "step 5 min ago",
  "step 10 min ago",
  "step 15 min ago",
  "change over 30 min",
  "change over 60 min",
  "mean of 24 h from now",
] as const;
const PLACES = INPUTS.map((name) => FORECAST_FEATURES.indexOf(name));
/** How far people, and sensors, are apart in these: constant (mg/dL), part of the estimate, level (100 mg/dL), parts of the inputs. */
const APART = [3, 0.15, 5, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.05];
/** Forecasts five minutes apart share most of what comes: together they say as much as a few. */
const SHARED = 0.06;
/** 95 of 100. */
const MISSED = 0.05;
const STEP = 0.04;
const WIDTH_START = 2;
const [NARROWEST, WIDEST] = [0.7, 8];
/** No sensor says less. */
const LOWEST = 40;

/**
 * Makes an estimate of anybody this person's: a straight-line correction that is learnt from how this person's forecasts came out,
 * and an interval whose width follows how often it was missed (adaptive conformal inference: Gibbs I, Candes E. NeurIPS 2021). Only
 * what came before a reading is used for it. Bounded memory: 10 kB.
 *
 * @param minutes how far ahead
 */
export function createPersonalForecast(minutes: number): PersonalForecast {
  const aheadMs = minutes * MINUTE_MS;
  const ridge = createRidge(APART);
  const waiting = Array.from({ length: WAITING }, () => ({
    due: Number.NaN,
    from: 0,
    value: 0,
    width: 0,
    change: 0,
    deviation: 1,
    row: new Float64Array(APART.length),
  }));
  let first = 0;
  let next = 0;
  let faded = Number.NaN;
  let width = WIDTH_START;

  /** How earlier forecasts came out, as far as this reading shows it. */
  function settle(at: number, value: number): void {
    while (first < next) {
      const one = waiting[first % WAITING] as (typeof waiting)[number];
      if (one.due - at > NEAR_MS) return;
      first++;
      if (at - one.due > NEAR_MS) continue;
      const isMissed = Math.abs(value - one.value) > one.width;
      width = Math.min(Math.max(width * Math.exp(STEP * ((isMissed ? 1 : 0) - MISSED)), NARROWEST), WIDEST);
      const left = value - one.from - one.change;
      // What is far off for once is somebody's meal, and no habit.
      const bounded = Math.min(Math.max(left, -3 * one.deviation), 3 * one.deviation);
      ridge.learn(one.row, bounded, SHARED / one.deviation ** 2);
    }
  }

  return {
    push(at, value, features, estimate) {
      if (at > faded) ridge.fade(0.5 ** ((at - faded) / HALF_LIFE_MS));
      faded = at;
      settle(at, value);
      if (!features || !estimate || !Number.isFinite(estimate.change) || !(estimate.deviation > 0)) return null;
      if (next - first === WAITING) first++;
      const one = waiting[next % WAITING] as (typeof waiting)[number];
      next++;
      const { row } = one;
      row[0] = 1;
      row[1] = estimate.change;
      row[2] = (value - 120) / 100;
      for (let i = 0; i < PLACES.length; i++) row[i + 3] = finite(features[PLACES[i] as number] as number);
      const told = Math.max(value + estimate.change + ridge.predict(row), LOWEST);
      one.due = at + aheadMs;
      one.from = value;
      one.value = told;
      one.width = width * estimate.deviation;
      one.change = estimate.change;
      one.deviation = estimate.deviation;
      const low = Math.max(told - one.width, LOWEST);
      return { at, minutes, value: told, low, high: told + one.width, deviation: one.width / 1.96 };
    },
  };
}

const finite = (value: number) => (Number.isFinite(value) ? value : 0);
