/** One filter of a chain, sample by sample. */
export interface Stage {
  /** What comes out was pushed so many samples ago. */
  readonly delay: number;
  next(sample: number): number;
  /** As if it had been this value for ever. @returns what comes out then */
  settle(sample: number): number;
}

/** Average over the last so many samples; linear phase. @param width samples, odd: the delay is half of it */
export const movingAverage = (width: number): Stage => new Average(width);

/** A class: what changes with each sample is changed in place. */
class Average implements Stage {
  readonly delay: number;
  readonly #kept: Float32Array;
  #at = 0;
  #sum = 0;

  constructor(width: number) {
    this.delay = (width - 1) / 2;
    this.#kept = new Float32Array(width);
  }

  next(sample: number): number {
    const kept = this.#kept;
    this.#sum -= kept[this.#at] as number;
    kept[this.#at] = sample;
    this.#sum += kept[this.#at] as number;
    this.#at++;
    if (this.#at === kept.length) {
      this.#at = 0;
      // Once around, it is added up anew: what rounding leaves behind must not grow.
      this.#sum = 0;
      for (let i = 0; i < kept.length; i++) this.#sum += kept[i] as number;
    }
    return this.#sum / kept.length;
  }

  settle(sample: number): number {
    this.#kept.fill(sample);
    this.#at = 0;
    this.#sum = (this.#kept[0] as number) * this.#kept.length;
    return sample;
  }
}

/** The same so many samples later. */
export function later(delay: number): Stage {
  const kept = new Float32Array(Math.max(delay, 1));
  let at = 0;
  return {
    delay,
    next(sample) {
      if (delay === 0) return sample;
      const out = kept[at] as number;
      kept[at] = sample;
      at = at + 1 === delay ? 0 : at + 1;
      return out;
    },
    settle(sample) {
      kept.fill(sample);
      return sample;
    },
  };
}

/** @param taps symmetrical, an odd number: linear phase */
export function symmetric(taps: Float64Array): Stage {
  const kept = new Float64Array(taps.length);
  const half = (taps.length - 1) / 2;
  let newest = 0;
  return {
    delay: half,
    next(sample) {
      newest = newest + 1 === taps.length ? 0 : newest + 1;
      kept[newest] = sample;
      let low = newest + 1 === taps.length ? 0 : newest + 1;
      let high = newest;
      let sum = 0;
      for (let i = 0; i < half; i++) {
        sum += (taps[i] as number) * ((kept[low] as number) + (kept[high] as number));
        low = low + 1 === taps.length ? 0 : low + 1;
        high = high === 0 ? taps.length - 1 : high - 1;
      }
      return sum + (taps[half] as number) * (kept[low] as number);
    },
    settle(sample) {
      kept.fill(sample);
      return sample;
    },
  };
}

/** Hamming's window on a sinc. @param width samples, odd @returns taps that add up to 1 */
export function lowPassTaps(hertz: number, rateHz: number, width: number): Float64Array {
  const half = (width - 1) / 2;
  const taps = Float64Array.from({ length: width }, (_, i) => {
    const x = i - half;
    const sinc = x === 0 ? (2 * hertz) / rateHz : Math.sin((2 * Math.PI * hertz * x) / rateHz) / (Math.PI * x);
    return sinc * (0.54 + 0.46 * Math.cos((Math.PI * x) / (half + 1)));
  });
  const sum = taps.reduce((all, tap) => all + tap, 0);
  return taps.map((tap) => tap / sum);
}
