/** One filter of a chain, sample by sample. */
export interface Stage {
  /** What comes out was pushed so many samples ago. */
  readonly delay: number;
  next(sample: number): number;
  /** As if it had been this value for ever. @returns what comes out then */
  settle(sample: number): number;
}

/** Average over the last so many samples; linear phase. @param width samples, odd: the delay is half of it */
export function movingAverage(width: number): Stage {
  const kept = new Float32Array(width);
  let at = 0;
  let sum = 0;
  return {
    delay: (width - 1) / 2,
    next(sample) {
      sum -= kept[at] as number;
      kept[at] = sample;
      sum += kept[at] as number;
      at = at + 1 === width ? 0 : at + 1;
      if (at === 0) {
        // Once around, it is added up anew: what rounding leaves behind must not grow.
        sum = 0;
        for (let i = 0; i < width; i++) sum += kept[i] as number;
      }
      return sum / width;
    },
    settle(sample) {
      kept.fill(sample);
      at = 0;
      sum = sample * width;
      return sample;
    },
  };
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
