import { WAVE_HZ } from "./lead.ts";

/** What a few seconds of an ECG look like. */
export interface WaveformLook {
  /** 0: it is a sine; 1: half a period later is nothing like the negative. Of fibrillation below 0.4 or so. */
  readonly leakage: number;
  /** /min, of the mean period of the whole wave. */
  readonly rate: number;
  /** Root of the mean square, mV. */
  readonly size: number;
  /** Part of the samples that are far from the line (a fifth of the range): low where narrow beats stand on a line. */
  readonly filled: number;
}

/** Half of them at least must be there. */
const LEAST = 0.5;
/** Drift and muscles are no rhythm. */
const DRIFT_S = 0.6;

/**
 * Flutter and fibrillation are near a sine of 2.5 to 8 Hz, whose value half a period later is the negative of it.
 * Kuo S, Dillman R. Comput Cardiol 1978:347.
 *
 * @param wave at WAVE_HZ, mV, NaN where there is none @returns null where there is too little or nothing moves
 */
export function lookOf(wave: Float64Array): WaveformLook | null {
  const there = wave.filter(Number.isFinite);
  if (there.length < LEAST * wave.length || there.length < 2 * WAVE_HZ) return null;
  const flat = withoutDrift(there, DRIFT_S);
  let [path, length, square] = [0, 0, 0];
  for (let i = 1; i < flat.length; i++) {
    path += Math.abs(flat[i] as number);
    length += Math.abs((flat[i] as number) - (flat[i - 1] as number));
    square += (flat[i] as number) ** 2 / flat.length;
  }
  if (!(path > 0 && length > 0)) return null;
  const period = (2 * Math.PI * path) / length;
  const half = Math.max(Math.round(period / 2), 1);
  let [left, all] = [0, 0];
  for (let i = half; i < flat.length; i++) {
    left += Math.abs((flat[i] as number) + (flat[i - half] as number));
    all += Math.abs(flat[i] as number) + Math.abs(flat[i - half] as number);
  }
  const sorted = flat.slice().sort();
  const range =
    (sorted[Math.floor(0.99 * sorted.length)] as number) - (sorted[Math.floor(0.01 * sorted.length)] as number);
  const middle = sorted[sorted.length >> 1] as number;
  const far = flat.filter((sample) => Math.abs(sample - middle) > range / 5).length;
  return { leakage: left / all, rate: (60 * WAVE_HZ) / period, size: Math.sqrt(square), filled: far / flat.length };
}

/** Less the mean of so many seconds around each sample. */
export function withoutDrift(samples: Float64Array, seconds: number): Float64Array {
  const reach = Math.round((seconds * WAVE_HZ) / 2);
  const sums = new Float64Array(samples.length + 1);
  for (let i = 0; i < samples.length; i++) sums[i + 1] = (sums[i] as number) + (samples[i] as number);
  return samples.map((sample, i) => {
    const from = Math.max(i - reach, 0);
    const to = Math.min(i + reach + 1, samples.length);
    return sample - ((sums[to] as number) - (sums[from] as number)) / (to - from);
  });
}
