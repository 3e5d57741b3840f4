import { createQrsDetector } from "../ecg/index.ts";
import { createShape } from "../shape.ts";
import { BeatRing } from "./beat-ring.ts";

/** One lead of an ECG: its beats, how they look, and the wave of the last seconds. */
export interface Lead {
  readonly beats: BeatRing;
  /** @param sample mV, NaN: none */
  push(sample: number): void;
  /** The wave, at WAVE_HZ. @returns shape [n]; what is not kept any more, or never was, is NaN */
  wave(from: number, to: number): Float64Array;
}

export const WAVE_HZ = 62.5;
export const WAVE_S = 46;
/** QRS and what is next to it. */
const AROUND_S = 0.2;
const ALIGN_S = 0.06;
const STEP_S = 0.016;
const STEPS = 2 * Math.floor(AROUND_S / STEP_S) + 1;
/** A run of ventricular beats must not become the usual shape before it is judged. */
const PERSUADED = 30;
/** Of the samples that a beat is looked up in: those that were missed are found up to two intervals later. */
const KEPT_S = 4;

export function createLead(rateHz: number): Lead {
  const kept = Math.round(KEPT_S * rateHz);
  const samples = new Float32Array(kept);
  const beats = new BeatRing();
  const shape = createShape(STEPS, PERSUADED);
  const wave = new Float32Array(Math.round(WAVE_S * WAVE_HZ)).fill(Number.NaN);
  const align = Math.round(ALIGN_S * rateHz);
  const frame = new Float64Array(1);
  let n = 0;
  let [sum, count, bin] = [0, 0, 0];

  const valueAt = (frame: number) =>
    frame < 0 || frame >= n || frame < n - kept ? Number.NaN : (samples[frame % kept] as number);
  const detector = createQrsDetector({
    rateHz,
    leads: 1,
    onBeat({ at }) {
      const reach = Math.round(AROUND_S * rateHz);
      let [low, high, mean] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
      for (let i = at - reach; i <= at + reach; i++) {
        const value = valueAt(i);
        low = Math.min(low, value);
        high = Math.max(high, value);
        mean += value / (2 * reach + 1);
      }
      // The detector knows the middle of a beat to a few samples only: it is laid on what stands out most.
      let middle = at;
      for (let i = at - align; i <= at + align; i++)
        if (Math.abs(valueAt(i) - mean) > Math.abs(valueAt(middle) - mean)) middle = i;
      const like = shape.compare((step) => valueAt(middle + Math.round((step - (STEPS - 1) / 2) * STEP_S * rateHz)));
      beats.add({ time: at / rateHz, like, likeBefore: shape.toBefore, size: high - low });
    },
  });

  return {
    beats,
    push(sample) {
      samples[n % kept] = sample;
      n++;
      const now = Math.floor((n * WAVE_HZ) / rateHz);
      if (Number.isFinite(sample)) {
        sum += sample;
        count++;
      }
      if (now !== bin) {
        wave[bin % wave.length] = count > 0 ? sum / count : Number.NaN;
        [sum, count, bin] = [0, 0, now];
      }
      frame[0] = sample;
      detector.push(frame);
    },
    wave(from, to) {
      const first = Math.round(from * WAVE_HZ);
      return Float64Array.from({ length: Math.max(Math.round(to * WAVE_HZ) - first, 0) }, (_, i) => {
        const at = first + i;
        return at < 0 || at >= bin || at < bin - wave.length ? Number.NaN : (wave[at % wave.length] as number);
      });
    },
  };
}
