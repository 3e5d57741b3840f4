import { createQrsDetector } from "../ecg/index.ts";
import { createPulseDetector } from "../pulse/index.ts";
import { Series } from "./series.ts";

/** What breathing shows in. */
export type Modulation =
  | "impedance"
  | "ecg-baseline"
  | "ecg-amplitude"
  | "ecg-interval"
  | "pulse-baseline"
  | "pulse-amplitude"
  | "pulse-interval";

/** One series that breathing may modulate. */
export interface Channel {
  readonly modulation: Modulation;
  readonly series: Series;
  /** What is faster, /min, is not told from slower by so few beats; of a series without beats, no limit. 0: not to be used. */
  fastest(): number;
}

export interface Source {
  readonly channels: readonly Channel[];
  /** @param frame @param samples of this source's signals; NaN where there is none */
  push(samples: ArrayLike<number>): void;
}

export const WINDOW_S = 32;
/** At 240 beats a minute. */
const MOST_BEATS = WINDOW_S * 4 + 2;
const IMPEDANCE_HZ = 2.5;
const LEAD_HISTORY_S = 4;
const QRS_S = 0.08;
const BEAT_S = 0.25;
/** An interval so far from the one before, as a part of it, is an ectopic beat's or a missed one's. */
const ECTOPIC = 0.25;

/** Averaged to 2.5 Hz: what the heart adds to it is mostly gone. @param rateHz of the frames */
export function impedanceSource(rateHz: number): Source {
  const series = new Series(WINDOW_S, Math.ceil(WINDOW_S * IMPEDANCE_HZ) + 2);
  let n = 0;
  let [sum, count, bin] = [0, 0, 0];
  return {
    channels: [{ modulation: "impedance", series, fastest: () => Number.POSITIVE_INFINITY }],
    push(samples) {
      const now = Math.floor((n * IMPEDANCE_HZ) / rateHz);
      if (now !== bin) {
        if (count > (0.5 * rateHz) / IMPEDANCE_HZ) series.add((bin + 0.5) / IMPEDANCE_HZ, sum / count);
        [sum, count, bin] = [0, 0, now];
      }
      const value = samples[0] as number;
      if (Number.isFinite(value)) {
        sum += value;
        count++;
      }
      n++;
    },
  };
}

export function pulseSource(rateHz: number): Source {
  const [baseline, amplitude, interval] = [0, 1, 2].map(() => new Series(WINDOW_S, MOST_BEATS)) as [
    Series,
    Series,
    Series,
  ];
  const intervals = createIntervals(interval);
  const detector = createPulseDetector({
    rateHz,
    onPulse({ at, foot, amplitude: height, artefact }) {
      const time = at / rateHz;
      intervals.beat(time);
      if (artefact !== null) return;
      baseline.add(time, foot + height / 2);
      amplitude.add(time, height);
    },
  });
  const { fastest } = intervals;
  return {
    channels: [
      { modulation: "pulse-baseline", series: baseline, fastest },
      { modulation: "pulse-amplitude", series: amplitude, fastest },
      { modulation: "pulse-interval", series: interval, fastest: intervals.fastestIfSteady },
    ],
    push: (samples) => detector.push(samples[0] as number),
  };
}

/** @param leads of the ECG: beats from all of them together, baseline and amplitude from each */
export function ecgSource(rateHz: number, leads: number): Source {
  const kept = Math.round(LEAD_HISTORY_S * rateHz);
  const histories = Array.from({ length: leads }, () => new Float32Array(kept));
  const baselines = histories.map(() => new Series(WINDOW_S, MOST_BEATS));
  const amplitudes = histories.map(() => new Series(WINDOW_S, MOST_BEATS));
  const interval = new Series(WINDOW_S, MOST_BEATS);
  const intervals = createIntervals(interval);
  let n = -1;
  let last = Number.NEGATIVE_INFINITY;
  const qrs = Math.round(QRS_S * rateHz);
  const beat = Math.round(BEAT_S * rateHz);
  const detector = createQrsDetector({
    rateHz,
    leads,
    onBeat({ at }) {
      // One that was looked for again may come after a later one; at the beginning all of them come at once, too late.
      if (at <= last || at - beat < n - kept + 1) return;
      last = at;
      intervals.beat(at / rateHz);
      for (let lead = 0; lead < leads; lead++) {
        const history = histories[lead] as Float32Array;
        let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
        let sum = 0;
        for (let i = at - beat; i <= at + beat; i++) {
          const value = i > n || i < 0 ? Number.NaN : (history[i % kept] as number);
          sum += value;
          if (Math.abs(i - at) > qrs) continue;
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
        baselines[lead]?.add(at / rateHz, sum / (2 * beat + 1));
        amplitudes[lead]?.add(at / rateHz, high - low);
      }
    },
  });
  const { fastest } = intervals;
  return {
    channels: [
      ...baselines.map((series): Channel => ({ modulation: "ecg-baseline", series, fastest })),
      ...amplitudes.map((series): Channel => ({ modulation: "ecg-amplitude", series, fastest })),
      { modulation: "ecg-interval", series: interval, fastest: intervals.fastestIfSteady },
    ],
    push(samples) {
      n++;
      for (let lead = 0; lead < leads; lead++) (histories[lead] as Float32Array)[n % kept] = samples[lead] as number;
      detector.push(samples);
    },
  };
}

/** Where fewer are like the one before (fibrillation, noise), what breathing does to intervals is not to be seen. */
const LEAST_STEADY = 0.85;
const STEADY_OVER = 0.05;

function createIntervals(series: Series) {
  let steady = 1;
  let before = Number.NaN;
  let length = Number.NaN;
  let usual = Number.NaN;
  return {
    beat(time: number): void {
      const next = time - before;
      const isLike = Math.abs(next - length) < ECTOPIC * length;
      if (!Number.isNaN(length)) steady += STEADY_OVER * (Number(isLike) - steady);
      if (isLike) {
        series.add(time, next);
        usual = Number.isNaN(usual) ? next : usual + 0.1 * (next - usual);
      }
      before = time;
      length = next;
    },
    /** Half of the rate of beats. */
    fastest: () => 30 / usual || 0,
    fastestIfSteady: () => (steady < LEAST_STEADY ? 0 : 30 / usual || 0),
  };
}
