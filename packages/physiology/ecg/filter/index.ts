import { type Biquad, notch } from "../biquad.ts";
import { later, lowPassTaps, movingAverage, type Stage, symmetric } from "./stages.ts";

export interface EcgFilterOptions {
  readonly rateHz: number;
  /** Drift of the baseline is taken off. */
  readonly baseline?: boolean;
  /** What hums in the lead; left out: nothing is taken off. */
  readonly mainsHz?: 50 | 60;
  /** What muscles add above 40 Hz is taken off: for looking, not for measuring how wide or high a QRS is. */
  readonly muscle?: boolean;
}

export interface EcgFilter {
  /** What comes out was pushed so many samples ago, whatever its frequency. */
  readonly delay: number;
  /** @param sample mV; what is no number is missing @returns mV; NaN where it was missing, and in the first `delay` samples */
  push(sample: number): number;
}

/**
 * Two averages, one over the other, as long as this are the baseline: what is slower than 0.67 Hz goes by half or more. Linear phase, so
 * that ST is where it was. Kligfield P et al. Circulation 2007;115:1306.
 */
const BASELINE_S = 0.9;
const MUSCLE_HZ = 40;
const MUSCLE_TAPS_S = 0.1;
/** Half a hertz to each side of the mains, which wander by less. */
const NOTCH_WIDTH_HZ = 1;
const LEAST_HUM_HZ = 30;
const GAP_S = 0.05;

/**
 * A lead without drift, mains and muscles, sample by sample. Delays: baseline 0.9 s, muscle 0.05 s, mains none (about 1/3 s until it is
 * gone). A gap that is shorter than the delay, or than 50 ms, is passed over with the last value; after a longer one all begins anew.
 */
export function createEcgFilter({ rateHz, baseline, mainsHz, muscle }: EcgFilterOptions): EcgFilter {
  const stages: Stage[] = [];
  const hum = mainsHz ? heardAs(mainsHz, rateHz) : 0;
  // Folded on to the baseline or on to the waves themselves it cannot be told from them.
  if (hum > LEAST_HUM_HZ) stages.push(withoutHum(notch(hum, rateHz, NOTCH_WIDTH_HZ)));
  if (baseline) stages.push(withoutBaseline(rateHz));
  if (muscle && rateHz > 2.2 * MUSCLE_HZ)
    stages.push(symmetric(lowPassTaps(MUSCLE_HZ, rateHz, odd(MUSCLE_TAPS_S * rateHz))));
  const delay = stages.reduce((sum, stage) => sum + stage.delay, 0);
  const longest = Math.max(delay, GAP_S * rateHz);
  const isThere = new Uint8Array(delay + 1);
  let at = 0;
  let last = 0;
  let missing = Number.POSITIVE_INFINITY;
  return {
    delay,
    push(sample) {
      const isNumber = Number.isFinite(sample);
      const isNew = isNumber && missing > longest;
      missing = isNumber ? 0 : missing + 1;
      if (isNumber) last = sample;
      isThere[at] = isNumber ? 1 : 0;
      at = at === delay ? 0 : at + 1;
      let out = last;
      for (let i = 0; i < stages.length; i++) {
        const stage = stages[i] as Stage;
        out = isNew ? stage.settle(out) : stage.next(out);
      }
      return isThere[at] === 1 ? out : Number.NaN;
    },
  };
}

const odd = (samples: number) => 2 * Math.max(Math.round(samples / 2), 1) + 1;

const withoutHum = (section: Biquad): Stage => ({
  delay: 0,
  next: (sample) => section.next(sample),
  settle: (sample) => section.settle(sample),
});

function withoutBaseline(rateHz: number): Stage {
  const width = odd(BASELINE_S * rateHz);
  const slow = [movingAverage(width), movingAverage(width)] as const;
  const whole = later(width - 1);
  return {
    delay: width - 1,
    next: (sample) => whole.next(sample) - slow[1].next(slow[0].next(sample)),
    settle: (sample) => whole.settle(sample) - slow[1].settle(slow[0].settle(sample)),
  };
}

/** Sampled more slowly than twice its frequency, a hum is heard as a lower one. */
function heardAs(hertz: number, rateHz: number): number {
  const folded = hertz % rateHz;
  return folded > rateHz / 2 ? rateHz - folded : folded;
}
