import { highPass, lowPass } from "../ecg/biquad.ts";

/** What the last four seconds of one lead are like; NaN where they are not all there. */
export interface Waves {
  /** Frame at their end. */
  readonly at: number;
  /** From lowest to highest, mV, without drift. */
  readonly height: number;
  /** What is left when the signal is added to itself half a period later: 0 a sine, 1 anything else. Kuo and Dillman 1978. */
  readonly leakage: number;
  /** Part of the time beyond a fifth of the greatest: beats are short, waves are not. Arafat MA et al. Signal Image Video Process 2011;5:1. */
  readonly beyond: number;
  /** Where the spectrum from 0.5 to 20 Hz has its peak. */
  readonly frequencyHz: number;
  /** Part of the amplitude of the spectrum at 0.7 to 1.4 times that. Barro S et al. J Biomed Eng 1989;11:320. */
  readonly concentration: number;
  /** As ventricular flutter or fibrillation makes them. */
  readonly isOscillation: boolean;
}

export interface WaveWatch {
  /** @param sample mV, NaN: none */
  push(sample: number): void;
}

const WINDOW_S = 4;
const STEP_S = 1;
const BAND_HZ = [1, 25] as const;
/** What is kept is taken at about this rate. */
const KEPT_HZ = 100;
const SEGMENT_S = 3;
const TAPER_S = 0.25;
const BEYOND = 0.2;
const SPECTRUM_HZ = { from: 0.5, to: 20, step: 0.25 };
/** Less is called fine fibrillation, or nothing. */
const LEAST_HEIGHT = 0.15;
const LIMITS = { leakage: 0.55, beyond: 0.48, concentration: 0.42, slowestHz: 1.75, fastestHz: 9 };

/**
 * Ventricular flutter and fibrillation from the waveform of one lead: each second, what the last four seconds are like. That
 * is the length by which monitors define it ("flutter or oscillatory wave for 4 s", Challenge 2015). Waves of an electrode that
 * is moved look alike: who raises an alarm of it asks another lead or a pulse as well.
 */
export function createWaves(rateHz: number, onWaves: (waves: Waves) => void): WaveWatch {
  const every = Math.max(Math.floor(rateHz / KEPT_HZ), 1);
  const keptHz = rateHz / every;
  const size = Math.round(WINDOW_S * keptHz);
  const kept = new Float64Array(size).fill(Number.NaN);
  const window = new Float64Array(size);
  const measure = createMeasure(size, keptHz);
  const high = highPass(BAND_HZ[0], rateHz);
  const low = lowPass(BAND_HZ[1], rateHz);
  const step = Math.round(STEP_S * rateHz);
  let n = -1;
  let isKnown = false;
  let count = 0;

  return {
    push(sample) {
      n++;
      const isThere = Number.isFinite(sample);
      if (isThere && !isKnown) low.settle(high.settle(sample));
      isKnown = isThere;
      const filtered = isThere ? low.next(high.next(sample)) : Number.NaN;
      if (n % every === 0) kept[count++ % size] = filtered;
      if ((n + 1) % step !== 0) return;
      for (let i = 0; i < size; i++) window[i] = kept[(count + i) % size] as number;
      const found = measure(window);
      onWaves({ at: n + 1, ...found, isOscillation: isOscillation(found) });
    },
  };
}

type Measures = Omit<Waves, "at" | "isOscillation">;

function isOscillation({ height, leakage, beyond, frequencyHz, concentration }: Measures): boolean {
  return (
    height >= LEAST_HEIGHT &&
    leakage <= LIMITS.leakage &&
    beyond >= LIMITS.beyond &&
    concentration >= LIMITS.concentration &&
    frequencyHz >= LIMITS.slowestHz &&
    frequencyHz <= LIMITS.fastestHz
  );
}

function createMeasure(size: number, rateHz: number): (window: Float64Array) => Measures {
  const { from, to, step } = SPECTRUM_HZ;
  const bins = Math.floor((to - from) / step) + 1;
  const amplitudes = new Float64Array(bins);
  const taper = Float64Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / size));

  /** Goertzel: 79 frequencies of some 400 samples. */
  function spectrum(window: Float64Array): void {
    for (let bin = 0; bin < bins; bin++) {
      const turn = 2 * Math.cos((2 * Math.PI * (from + bin * step)) / rateHz);
      let [one, two] = [0, 0];
      for (let i = 0; i < size; i++) {
        const next = (window[i] as number) * (taper[i] as number) + turn * one - two;
        two = one;
        one = next;
      }
      amplitudes[bin] = Math.sqrt(Math.max(one * one + two * two - turn * one * two, 0));
    }
  }

  return (window) => {
    let [lowest, highest, sum, turns] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
    for (let i = 0; i < size; i++) {
      const value = window[i] as number;
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
      sum += Math.abs(value);
      if (i > 0) turns += Math.abs(value - (window[i - 1] as number));
    }
    const height = highest - lowest;
    if (!(height > 0) || turns === 0) {
      // A line that does not move has no waves; one that is not all there has nothing to say.
      const none = Number.isNaN(height) ? Number.NaN : 0;
      return { height: none, leakage: none + 1, beyond: none, frequencyHz: Number.NaN, concentration: none };
    }
    spectrum(window);
    let peak = 0;
    let all = 0;
    for (let bin = 0; bin < bins; bin++) {
      all += amplitudes[bin] as number;
      if ((amplitudes[bin] as number) > (amplitudes[peak] as number)) peak = bin;
    }
    const frequencyHz = from + peak * step;
    let near = 0;
    for (let bin = 0; bin < bins; bin++) {
      const hertz = from + bin * step;
      if (hertz >= 0.7 * frequencyHz && hertz <= 1.4 * frequencyHz) near += amplitudes[bin] as number;
    }
    return {
      height,
      leakage: leakageOf(window, Math.max(Math.round((Math.PI * sum) / turns), 1)),
      beyond: beyondOf(window, rateHz),
      frequencyHz,
      concentration: near / all,
    };
  };
}

/** @param half samples of half a period */
function leakageOf(window: Float64Array, half: number): number {
  let [left, all] = [0, 0];
  for (let i = half; i < window.length; i++) {
    const [now, then] = [window[i] as number, window[i - half] as number];
    left += Math.abs(now + then);
    all += Math.abs(now) + Math.abs(then);
  }
  return all > 0 ? left / all : 1;
}

/** Mean of segments of three seconds, each against its own greatest and tapered at its ends. */
function beyondOf(window: Float64Array, rateHz: number): number {
  const segment = Math.round(SEGMENT_S * rateHz);
  const ends = TAPER_S * rateHz;
  const step = Math.max(Math.round(rateHz), 1);
  let [sum, segments] = [0, 0];
  for (let from = 0; from + segment <= window.length; from += step) {
    const weight = (i: number) => {
      const edge = Math.min(i + 0.5, segment - i - 0.5);
      return edge >= ends ? 1 : 0.5 - 0.5 * Math.cos((Math.PI * edge) / ends);
    };
    let greatest = 0;
    for (let i = 0; i < segment; i++) greatest = Math.max(greatest, Math.abs((window[from + i] as number) * weight(i)));
    let count = 0;
    for (let i = 0; i < segment; i++)
      if (Math.abs((window[from + i] as number) * weight(i)) > BEYOND * greatest) count++;
    sum += count / segment;
    segments++;
  }
  return sum / Math.max(segments, 1);
}
