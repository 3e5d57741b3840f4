import { MINUTE_MS } from "../trace.ts";
import type { Forecast } from "./personal.ts";

/** Glucose will probably be below 70 mg/dL soon. */
export interface LowAlert {
  /** ms UTC, of the reading with which it was seen to come. */
  readonly at: number;
  /** Of being below at the end of the forecast, 0 to 1. */
  readonly chance: number;
  readonly forecast: Forecast;
}

export interface LowAlerts {
  /** @param forecast of 30 minutes; null: there is none, and nothing is raised or cleared by it */
  push(at: number, value: number, forecast: Forecast | null): LowAlert | null;
  /** Between an alert and its clearing. */
  readonly isRaised: boolean;
}

export interface LowAlertLimits {
  /** Raised from this chance up, cleared below the other: between them nothing changes. */
  readonly raise: number;
  readonly clear: number;
}

/** Chosen on all persons of the studies at hand (validate glucose-low): most of the lows, about one false alert a day at most. */
export const LOW_ALERT_LIMITS: LowAlertLimits = { raise: 0.245, clear: 0.12 };
const LOW = 70;
/** Once below it has come. It is over when glucose is this far up again, or no longer below for so long (the consensus on lows). */
const RISEN = 80;
const OVER_MS = 15 * MINUTE_MS;
/** Sooner it is not said again. */
const QUIET_MS = 30 * MINUTE_MS;
/** While it is still expected it is said again after so long: the first may have been forgotten. */
const REPEAT_MS = 45 * MINUTE_MS;
/** A forecast of a reading longer ago says nothing of now. */
const STALE_MS = 20 * MINUTE_MS;

/**
 * The alert comes before the low, or not at all: below 70 mg/dL it is the limit that alarms. It never takes the place of that limit.
 * Delay: none, it is decided with the reading.
 */
export function createLowAlerts(limits: LowAlertLimits = LOW_ALERT_LIMITS): LowAlerts {
  let raisedAt = Number.NEGATIVE_INFINITY;
  let isRaised = false;
  let isBelow = false;
  let belowAt = Number.NEGATIVE_INFINITY;
  return {
    push(at, value, forecast) {
      if (value < LOW) [isBelow, isRaised, belowAt] = [true, false, at];
      else if (value >= RISEN || at - belowAt > OVER_MS) isBelow = false;
      if (!forecast || isBelow || at - forecast.at > STALE_MS) return null;
      const chance = normalBelow((LOW - forecast.value) / forecast.deviation);
      if (chance < limits.clear) isRaised = false;
      const since = at - raisedAt;
      if (chance < limits.raise || since < QUIET_MS || (isRaised && since < REPEAT_MS)) return null;
      isRaised = true;
      raisedAt = at;
      return { at, chance, forecast };
    },
    get isRaised() {
      return isRaised;
    },
  };
}

/** Part of the normal distribution below z, within 1e-3: a logistic that follows it (Bowling SR et al. J Ind Eng Manag 2009;2:114). */
const normalBelow = (z: number): number => 1 / (1 + Math.exp(-(0.07056 * z ** 3 + 1.5976 * z)));
