import { highPass, lowPass } from "./biquad.ts";
import { Recent } from "./recent.ts";

/** What one lead says, in units of its own beats. */
export interface Slope {
  /** Averaged over the width of a QRS: about 1 at the top of a beat. */
  readonly averaged: number;
  readonly now: number;
  /** Averaged, mV/s. */
  readonly steepness: number;
  /** The steepest so far, mV/s; of the last half minute mostly. */
  readonly steepest: number;
  /** How much of it is beats and how little is anything else. */
  readonly weight: number;
  /** @param sample mV, NaN: none */
  push(sample: number): void;
  /** A beat was found. @param at frame */
  beatAt(at: number): void;
}

/** What a QRS has more of than P, T, drift and muscles do. */
const BAND_HZ = [8, 22] as const;
const WIDTH_S = 0.085;
/** Of the filters and of half the width, together: how much later the top is than the beat. */
export const delayOf = (rateHz: number): number => Math.round((WIDTH_S / 2 + 0.022) * rateHz);

/** Frames are kept for so long, to look up how high a beat was that is found later. */
const KEPT_S = 2;
const BEATS_KEPT = 8;
/** Around a beat, where its top may be in this lead. */
const AROUND_S = 0.1;
/** A lead is as restless as it was over this time. */
const RESTLESS_S = 8;
/** mV/s, averaged over the width: a QRS of some 50 microvolts. Less is no beat, but what is left of a line without any. */
export const LEAST_STEEPNESS = 1;
/** Missing for longer than this, the filters begin anew. */
const GAP_S = 0.05;

/** @param scale how steep beats are, mV/s, until some were found */
export function createSlope(rateHz: number, scale?: number): Slope {
  const high = highPass(BAND_HZ[0], rateHz);
  const low = lowPass(BAND_HZ[1], rateHz);
  const width = Math.max(Math.round(WIDTH_S * rateHz), 1);
  const rises = new Float64Array(width);
  const kept = Math.round(KEPT_S * rateHz);
  const history = new Float64Array(kept);
  const heights = new Recent(BEATS_KEPT);
  let sum = 0;
  let n = -1;
  let value = Number.NaN;
  let missing = Number.POSITIVE_INFINITY;
  let before = 0;
  let steepness = 0;
  let steepest = 0;
  let restless = 0.2;
  let averaged = 0;
  let now = 0;

  /** @returns mV/s in the band */
  function rise(sample: number): number {
    if (Number.isNaN(sample)) {
      missing++;
      return 0;
    }
    value = sample;
    if (missing > GAP_S * rateHz) {
      before = low.settle(high.settle(sample));
      missing = 0;
      return 0;
    }
    missing = 0;
    const filtered = low.next(high.next(value));
    const found = Math.abs(filtered - before) * rateHz;
    before = filtered;
    return found;
  }

  return {
    get averaged() {
      return averaged;
    },
    get now() {
      return now;
    },
    get steepness() {
      return steepness;
    },
    get steepest() {
      return steepest;
    },
    get weight() {
      const isBlind = heights.count > 0 && heights.median < LEAST_STEEPNESS;
      return isBlind || missing > GAP_S * rateHz ? 0 : restless ** -3;
    },
    push(sample) {
      n++;
      const found = rise(Number.isFinite(sample) ? sample : Number.NaN);
      const at = n % width;
      sum += found - (rises[at] as number);
      rises[at] = found;
      // Once around, it is added up anew: what rounding leaves behind must not grow.
      if (at === width - 1) sum = rises.reduce((all, one) => all + one, 0);
      steepness = Math.max(sum / width, 0);
      history[n % kept] = steepness;
      steepest = Math.max(steepest * (1 - 1 / (30 * rateHz)), steepness);
      const unit = Math.max(heights.count > 0 ? heights.median : (scale ?? steepest), LEAST_STEEPNESS);
      averaged = steepness / unit;
      now = found / unit;
      restless += (Math.min(averaged, 1.5) - restless) / (RESTLESS_S * rateHz);
      restless = Math.max(restless, 0.02);
    },
    beatAt(at) {
      const around = Math.round(AROUND_S * rateHz);
      let top = 0;
      for (let i = Math.max(at - around, n - kept + 1, 0); i <= Math.min(at + around, n); i++)
        top = Math.max(top, history[i % kept] as number);
      heights.add(top);
    },
  };
}
