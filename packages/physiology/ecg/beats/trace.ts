import { type Biquad, highPass, lowPass } from "../biquad.ts";

/** What a QRS, a P and a T wave are made of, without drift and most of muscles. */
const BAND_HZ = [0.5, 35] as const;
/** Kept at this rate at least: shapes are compared, not measured, here. */
const LEAST_HZ = 120;
/** Missing for longer than this, the filters begin anew. */
const GAP_S = 0.05;

/** The last seconds of one lead without drift and muscles, at about 125 Hz. */
export class Trace {
  readonly #high: Biquad;
  readonly #low: Biquad;
  readonly #step: number;
  readonly #kept: Float32Array;
  readonly #gap: number;
  #sinceKept = Number.POSITIVE_INFINITY;
  #newest = -1;
  #missing = Number.POSITIVE_INFINITY;

  constructor(rateHz: number, seconds: number) {
    this.#high = highPass(BAND_HZ[0], rateHz);
    this.#low = lowPass(BAND_HZ[1], rateHz);
    this.#step = Math.max(Math.floor(rateHz / LEAST_HZ), 1);
    this.#kept = new Float32Array(Math.ceil((seconds * rateHz) / this.#step));
    this.#gap = GAP_S * rateHz;
  }

  /** @param sample mV; what is no number is missing */
  push(sample: number): void {
    const value = this.#filtered(sample);
    this.#sinceKept++;
    if (this.#sinceKept < this.#step) return;
    this.#sinceKept = 0;
    this.#newest++;
    this.#kept[this.#newest % this.#kept.length] = value;
  }

  /** @param frame of the lead, or between two @returns mV; NaN: missing, forgotten or not there yet */
  at(frame: number): number {
    const place = frame / this.#step;
    const below = Math.floor(place);
    if (below < 0 || below <= this.#newest - this.#kept.length || below >= this.#newest) return Number.NaN;
    const low = this.#kept[below % this.#kept.length] as number;
    const high = this.#kept[(below + 1) % this.#kept.length] as number;
    return low + (place - below) * (high - low);
  }

  #filtered(sample: number): number {
    if (!Number.isFinite(sample)) {
      this.#missing++;
      return Number.NaN;
    }
    const isNew = this.#missing > this.#gap;
    this.#missing = 0;
    return isNew ? this.#low.settle(this.#high.settle(sample)) : this.#low.next(this.#high.next(sample));
  }
}
