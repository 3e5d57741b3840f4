import { highPass, lowPass } from "../ecg/biquad.ts";
import { type Accelerations, createFrames, FRAME_HZ } from "./frames.ts";

export interface Step {
  /** Seconds from the first sample. */
  readonly at: number;
  /** /min, of the last steps of this walk. */
  readonly cadence: number;
}

export interface StepOptions {
  readonly rateHz: number;
  /** In order of time; the first six of a walk are told with its sixth. */
  readonly onStep: (step: Step) => void;
}

/** Steps are in this band. */
const BAND_HZ = [0.5, 3] as const;
/** How much later the filters tell a peak, s. */
const DELAY_S = 0.09;
/** Ducharme found single steps from 0.027 g (waist) and 0.036 g (wrist) on, filtered; at rest a hand makes as much without any. */
const STEP_G = 0.05;
const NEAREST_FRAMES = 0.25 * FRAME_HZ;
/** Further apart they are no walk: 40/min. */
const FURTHEST_FRAMES = 1.5 * FRAME_HZ;
/** So many in a regular row are a walk; fewer are a hand that does something. */
const WALK = 6;
/** From the median of the intervals before, as a part of it; or from the one before the last, since one leg may push less. */
const REGULAR = 0.4;
const STRIDE_REGULAR = 0.25;
/** Of the median push of this walk: less is what lies between two steps. */
const PUSH = 0.3;
/** Missing for longer than this, the filters begin anew. */
const GAP_FRAMES = 0.25 * FRAME_HZ;
const KEPT = 8;

/**
 * Steps by peaks of the magnitude within a band, as Ducharme SW et al. J Meas Phys Behav 2021;4:311 pick them (waist and wrist),
 * counted from six in a regular row on. Delay: 0.3 s, at the beginning of a walk its first six steps.
 *
 * @throws RangeError below 10 Hz
 */
export function createSteps({ rateHz, onStep }: StepOptions): Accelerations {
  const filters = [highPass(BAND_HZ[0], FRAME_HZ), lowPass(BAND_HZ[1], FRAME_HZ)] as const;
  /** Frames of the last steps of this walk, told or not. */
  const walk = new Float64Array(KEPT);
  const intervals = new Float64Array(KEPT);
  const pushes = new Float64Array(KEPT);
  const sorted = new Float64Array(KEPT);
  let count = 0;
  let missing = Number.POSITIVE_INFINITY;
  let before = 0;
  let isRising = false;
  let peak = Number.NEGATIVE_INFINITY;
  let peakAt = -1;

  function follow(value: number, n: number): void {
    if (value > before) isRising = true;
    else if (isRising) {
      isRising = false;
      // The frame before was the top.
      if (before >= STEP_G && (peakAt < 0 || before > peak)) {
        peak = before;
        peakAt = n - 1;
      }
    }
    before = value;
    if (peakAt >= 0 && n - peakAt >= NEAREST_FRAMES) {
      if (count < 2 || peak >= PUSH * median(pushes, count)) found(peakAt);
      peakAt = -1;
      peak = Number.NEGATIVE_INFINITY;
    }
  }

  function found(n: number): void {
    const interval = count > 0 ? n - (walk[(count - 1) % KEPT] as number) : 0;
    if (count > 0 && !isRegular(interval)) count = 0;
    walk[count % KEPT] = n;
    intervals[count % KEPT] = interval;
    pushes[count % KEPT] = peak;
    count++;
    for (let i = count === WALK ? 0 : count - 1; count >= WALK && i < count; i++)
      onStep({ at: Math.max(((walk[i % KEPT] as number) + 0.5) / FRAME_HZ - DELAY_S, 0), cadence: cadence() });
  }

  function isRegular(interval: number): boolean {
    if (interval > FURTHEST_FRAMES) return false;
    if (count < 2) return true;
    const last = intervals[(count - 1) % KEPT] as number;
    if (count === 2) return interval <= 2 * last && last <= 2 * interval;
    const sameLeg = intervals[(count - 2) % KEPT] as number;
    const usual = median(intervals, count - 1);
    return Math.abs(interval - usual) <= REGULAR * usual || Math.abs(interval - sameLeg) <= STRIDE_REGULAR * sameLeg;
  }

  /** By whole strides, so that a leg that lags does not count twice. */
  function cadence(): number {
    const back = Math.min(count - 1, KEPT - 1) & ~1;
    const frames = (walk[(count - 1) % KEPT] as number) - (walk[(count - 1 - back) % KEPT] as number);
    return (60 * FRAME_HZ * back) / frames;
  }

  /** Of the last few, up to the newest. @param many that there are in all */
  function median(of: Float64Array, many: number): number {
    const kept = Math.min(many, KEPT - 1);
    for (let i = 0; i < kept; i++) sorted[i] = of[(count - 1 - i) % KEPT] as number;
    const some = sorted.subarray(0, kept).sort();
    const middle = kept >> 1;
    return kept % 2 === 1 ? (some[middle] as number) : ((some[middle - 1] as number) + (some[middle] as number)) / 2;
  }

  return createFrames(rateHz, ({ n, x, y, z }) => {
    const magnitude = Math.sqrt(x * x + y * y + z * z);
    if (Number.isNaN(magnitude)) {
      if (++missing > GAP_FRAMES) {
        count = 0;
        peakAt = -1;
        peak = Number.NEGATIVE_INFINITY;
        isRising = false;
      }
      return;
    }
    if (missing > GAP_FRAMES) before = filters[1].settle(filters[0].settle(magnitude));
    missing = 0;
    follow(filters[1].next(filters[0].next(magnitude)), n);
  });
}
