import { createFusion, STEP_S } from "./fusion.ts";
import { ecgSource, impedanceSource, type Modulation, pulseSource, type Source, WINDOW_S } from "./sources.ts";

/** Breaths a minute at one moment. */
export interface RespiratoryRate {
  /** Frame of the end of the window. */
  readonly at: number;
  /** /min, of the 32 seconds before; null where it cannot be told. */
  readonly rate: number | null;
  readonly absent: "learning" | "no signal" | "unclear" | null;
  /** Chance that the rate is within 2/min of it, as far as the signals say; 0 to 1. */
  readonly confidence: number;
  /** What spoke for it most. */
  readonly source: Modulation | null;
}

export interface RespiratoryRateMeter {
  /** @param frame impedance, pulse wave, leads of the ECG: those that there are, in this order; NaN where there is no sample */
  push(frame: ArrayLike<number>): void;
}

export interface RespiratoryRateOptions {
  /** 100 Hz at least with an ECG, 25 Hz with a pulse wave. */
  readonly rateHz: number;
  readonly impedance: boolean;
  readonly pulse: boolean;
  readonly leads: number;
  /** Every four seconds. */
  readonly onRate: (rate: RespiratoryRate) => void;
}

/**
 * Respiratory rate from all that breathing modulates (`fusion.ts`): what is unclear in one moment is not a leap. Modulations
 * as in Charlton PH et al. Physiol Meas 2016;37:610; that a fusion says when it does not know after Karlen W et al. IEEE
 * Trans Biomed Eng 2013;60:1946. Later than breathing by 16 s: half of the window.
 */
export function createRespiratoryRate(options: RespiratoryRateOptions): RespiratoryRateMeter {
  const { rateHz, impedance, pulse, leads, onRate } = options;
  const sources: { readonly source: Source; readonly samples: Float64Array }[] = [];
  if (impedance) sources.push({ source: impedanceSource(rateHz), samples: new Float64Array(1) });
  if (pulse) sources.push({ source: pulseSource(rateHz), samples: new Float64Array(1) });
  if (leads > 0) sources.push({ source: ecgSource(rateHz, leads), samples: new Float64Array(leads) });
  const fuse = createFusion(sources.flatMap(({ source }) => source.channels));
  const step = Math.round(STEP_S * rateHz);
  let n = 0;

  return {
    push(frame) {
      let at = 0;
      for (const { source, samples } of sources) {
        for (let i = 0; i < samples.length; i++) samples[i] = frame[at++] as number;
        source.push(samples);
      }
      n++;
      if (n % step !== 0) return;
      const fused = fuse(n / rateHz);
      const isLearning = n < WINDOW_S * rateHz;
      onRate(
        isLearning
          ? { at: n - 1, rate: null, absent: "learning", confidence: 0, source: null }
          : { at: n - 1, ...fused },
      );
    },
  };
}
