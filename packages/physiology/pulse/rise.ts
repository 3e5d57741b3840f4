import { type Biquad, lowPass } from "../ecg/biquad.ts";

/** A pulse wave as it comes: smoothed, and by how much it rose of late. */
export interface Rise {
  /** Of the last sample that was pushed, unit of the signal, later by `delay`. */
  readonly smooth: number;
  /** All that it rose over the width of an upstroke, unit of the signal; 0 where it only fell. */
  readonly rise: number;
  readonly isMissing: boolean;
  /** It has not moved at all for long enough that it cannot be a pulse: clipped, or the last value held. */
  readonly isStuck: boolean;
  /** @param sample NaN: none */
  push(sample: number): void;
}

/** What a pulse wave needs; muscles and mains lie above. */
const BAND_HZ = 8;
/** Width of an upstroke. Zong W et al. Comput Cardiol 2003;30:259 (128 ms, pressure); the rise of a finger's is longer. */
const WIDTH_S = 0.17;
const GAP_S = 0.1;
const STUCK_S = 0.2;
/** Group delay of the filter at low frequencies: sqrt(2) / (2 pi f). */
export const riseDelayS = Math.SQRT2 / (2 * Math.PI * BAND_HZ);

export function createRise(rateHz: number): Rise {
  const filter: Biquad = lowPass(BAND_HZ, rateHz);
  const width = Math.max(Math.round(WIDTH_S * rateHz), 1);
  const rises = new Float64Array(width);
  let n = -1;
  let sum = 0;
  let missing = Number.POSITIVE_INFINITY;
  let held = 0;
  let before = Number.NaN;
  let smooth = 0;

  function step(sample: number): number {
    if (!Number.isFinite(sample)) {
      missing++;
      return 0;
    }
    held = sample === before ? held + 1 : 0;
    before = sample;
    if (missing > GAP_S * rateHz) {
      missing = 0;
      smooth = filter.settle(sample);
      return 0;
    }
    missing = 0;
    const filtered = filter.next(sample);
    const rose = Math.max(filtered - smooth, 0);
    smooth = filtered;
    return rose;
  }

  return {
    get smooth() {
      return smooth;
    },
    get rise() {
      return sum;
    },
    get isMissing() {
      return missing > GAP_S * rateHz;
    },
    get isStuck() {
      return held > STUCK_S * rateHz;
    },
    push(sample) {
      n++;
      const rose = step(sample);
      const at = n % width;
      sum += rose - (rises[at] as number);
      rises[at] = rose;
      // Once around, it is added up anew: what rounding leaves behind must not grow.
      if (at === width - 1) {
        sum = 0;
        for (let i = 0; i < width; i++) sum += rises[i] as number;
      }
      if (sum < 0) sum = 0;
    },
  };
}
