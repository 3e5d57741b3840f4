import { type Biquad, highPass, lowPass } from "./biquad.ts";
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
export const createSlope = (rateHz: number, scale?: number): Slope => new LeadSlope(rateHz, scale);

/** A class: what changes with each sample is changed in place. */
class LeadSlope implements Slope {
  averaged = 0;
  now = 0;
  steepness = 0;
  steepest = 0;
  readonly #rateHz: number;
  readonly #scale: number | undefined;
  readonly #high: Biquad;
  readonly #low: Biquad;
  readonly #rises: Float64Array;
  readonly #history: Float32Array;
  readonly #heights = new Recent(BEATS_KEPT);
  readonly #gap: number;
  readonly #fading: number;
  readonly #calming: number;
  #sum = 0;
  #n = -1;
  #inRises = 0;
  #inHistory = 0;
  #missing = Number.POSITIVE_INFINITY;
  #before = 0;
  #restless = 0.2;

  constructor(rateHz: number, scale: number | undefined) {
    this.#rateHz = rateHz;
    this.#scale = scale;
    this.#high = highPass(BAND_HZ[0], rateHz);
    this.#low = lowPass(BAND_HZ[1], rateHz);
    this.#rises = new Float64Array(Math.max(Math.round(WIDTH_S * rateHz), 1));
    this.#history = new Float32Array(Math.round(KEPT_S * rateHz));
    this.#gap = GAP_S * rateHz;
    this.#fading = 1 - 1 / (30 * rateHz);
    this.#calming = 1 / (RESTLESS_S * rateHz);
  }

  get weight(): number {
    const isBlind = this.#heights.count > 0 && this.#heights.median < LEAST_STEEPNESS;
    return isBlind || this.#missing > this.#gap ? 0 : 1 / (this.#restless * this.#restless * this.#restless);
  }

  push(sample: number): void {
    this.#n++;
    const found = this.#rise(sample);
    const rises = this.#rises;
    this.#sum += found - (rises[this.#inRises] as number);
    rises[this.#inRises] = found;
    this.#inRises++;
    if (this.#inRises === rises.length) {
      this.#inRises = 0;
      // Once around, it is added up anew: what rounding leaves behind must not grow.
      this.#sum = 0;
      for (let i = 0; i < rises.length; i++) this.#sum += rises[i] as number;
    }
    this.steepness = Math.max(this.#sum / rises.length, 0);
    this.#history[this.#inHistory] = this.steepness;
    this.#inHistory = this.#inHistory + 1 === this.#history.length ? 0 : this.#inHistory + 1;
    this.steepest = Math.max(this.steepest * this.#fading, this.steepness);
    const usual = this.#heights.count > 0 ? this.#heights.median : (this.#scale ?? this.steepest);
    const unit = Math.max(usual, LEAST_STEEPNESS);
    this.averaged = this.steepness / unit;
    this.now = found / unit;
    this.#restless += (Math.min(this.averaged, 1.5) - this.#restless) * this.#calming;
    this.#restless = Math.max(this.#restless, 0.02);
  }

  beatAt(at: number): void {
    const around = Math.round(AROUND_S * this.#rateHz);
    const kept = this.#history.length;
    let top = 0;
    for (let i = Math.max(at - around, this.#n - kept + 1, 0); i <= Math.min(at + around, this.#n); i++)
      top = Math.max(top, this.#history[i % kept] as number);
    this.#heights.add(top);
  }

  /** @returns mV/s in the band */
  #rise(sample: number): number {
    if (!Number.isFinite(sample)) {
      this.#missing++;
      return 0;
    }
    const isNew = this.#missing > this.#gap;
    this.#missing = 0;
    if (isNew) {
      this.#before = this.#low.settle(this.#high.settle(sample));
      return 0;
    }
    const filtered = this.#low.next(this.#high.next(sample));
    const found = Math.abs(filtered - this.#before) * this.#rateHz;
    this.#before = filtered;
    return found;
  }
}
