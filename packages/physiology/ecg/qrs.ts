import { Recent } from "./recent.ts";
import { createSlope, delayOf, LEAST_STEEPNESS, type Slope } from "./slope.ts";

/** A beat that was found. */
export interface Beat {
  /** Frame about the middle of its QRS, counted from the first that was pushed. */
  readonly at: number;
  /** Height over the threshold that it passed, at least 1; less: found when what was missing was looked for again. */
  readonly certainty: number;
}

export interface QrsDetector {
  /** @param frame a sample of each lead, mV; NaN where there is none */
  push(frame: ArrayLike<number>): void;
  /** What is still open at the end of a recording. */
  finish(): void;
}

export interface QrsOptions {
  /** 100 Hz at least. */
  readonly rateHz: number;
  readonly leads: number;
  /** In order of time, up to 0.4 s after the beat; one that was looked for again up to two intervals after it. */
  readonly onBeat: (beat: Beat) => void;
}

/** Two beats are not nearer than this. */
const REFRACTORY_S = 0.2;
/** Nearer than this a second deflection is the T wave of the first, if it is less steep than half of it. */
const T_WAVE_S = 0.36;
const T_WAVE_SLOPE = 0.5;
const LEARNING_S = 2;
const KEPT = 8;
/** Between what was none (0) and what was a beat (1). */
const THRESHOLD = 0.3;
/** More is asked of what comes before nine tenths of the interval, up to this much more at once after a beat. */
const EARLY = 0.5;
const EARLY_UNTIL = 0.9;
/** No beat for so many intervals: the highest that was passed over is one, if it has this part of the threshold. */
const LATE = 1.66;
const LOOK_BACK = 0.65;

interface Peak {
  readonly at: number;
  readonly height: number;
  readonly slope: number;
  /** mV/s. */
  readonly steepness: number;
}

/**
 * QRS complexes of one or several leads, as they come. Leads are added up, each in units of its own beats and the less the
 * more restless it is between them; thresholds lie between the medians of what were beats and of what was none.
 * After Hamilton PS, Tompkins WJ. IEEE Trans Biomed Eng 1986;33:1157.
 */
export function createQrsDetector({ rateHz, leads, onBeat }: QrsOptions): QrsDetector {
  let slopes = Array.from({ length: leads }, () => createSlope(rateHz));
  const refractory = Math.round(REFRACTORY_S * rateHz);
  const tWave = Math.round(T_WAVE_S * rateHz);
  const learning = Math.round(LEARNING_S * rateHz);
  const delay = delayOf(rateHz);
  const beats = new Recent(KEPT);
  const others = new Recent(KEPT);
  const intervals = new Recent(KEPT);
  let n = -1;
  let candidate: Peak | undefined;
  let last: Peak | undefined;
  /** The highest since the last beat that was taken for none. */
  let passedOver: Peak | undefined;
  /** Frames of the first seconds, from which it is learnt how steep beats are. */
  let first: Float64Array[] | undefined = [];

  function push(frame: ArrayLike<number>): void {
    if (!first) look(frame);
    else if (first.push(Float64Array.from(frame)) >= learning) learn();
  }

  function learn(): void {
    if (!first) return;
    const frames = first;
    first = undefined;
    for (const frame of frames) for (let i = 0; i < leads; i++) slopes[i]?.push(frame[i] as number);
    slopes = slopes.map(({ steepest }) => createSlope(rateHz, steepest));
    beats.add(1);
    others.add(0);
    for (const frame of frames) look(frame);
  }

  function look(frame: ArrayLike<number>): void {
    n++;
    let height = 0;
    let slope = 0;
    let steepness = 0;
    let weights = 0;
    for (let i = 0; i < leads; i++) {
      const one = slopes[i] as Slope;
      one.push(frame[i] as number);
      height += one.averaged * one.weight;
      slope += one.now * one.weight;
      steepness += one.steepness * one.weight;
      weights += one.weight;
    }
    if (weights === 0) weights = 1;
    follow(height / weights, slope / weights, steepness / weights);
    lookBack();
  }

  /** A peak is one when nothing for a refractory time after it is higher. */
  function follow(height: number, slope: number, steepness: number): void {
    const isHigher = !candidate || height > candidate.height;
    if (candidate && !isHigher && n - candidate.at < refractory) return;
    if (candidate && !isHigher) judge(candidate);
    const steepest = candidate && isHigher ? Math.max(slope, candidate.slope) : slope;
    candidate = { at: n, height, slope: steepest, steepness };
  }

  function judge(peak: Peak): void {
    if (peak.steepness < LEAST_STEEPNESS) return;
    const since = last ? peak.at - last.at : Number.POSITIVE_INFINITY;
    const limit = threshold(since);
    const isTWave = last !== undefined && since < tWave && peak.slope < T_WAVE_SLOPE * last.slope;
    if (peak.height > limit && !isTWave) accept(peak, peak.height / limit);
    else {
      others.add(peak.height);
      if (since >= tWave && peak.height > (passedOver?.height ?? 0)) passedOver = peak;
    }
  }

  function threshold(since: number): number {
    const rhythm = intervals.count > 3 ? since / intervals.median : 1;
    const part = THRESHOLD + EARLY * Math.max(1 - rhythm / EARLY_UNTIL, 0);
    return others.median + part * (beats.median - others.median);
  }

  function accept(peak: Peak, certainty: number): void {
    if (last) intervals.add(peak.at - last.at);
    last = peak;
    passedOver = undefined;
    beats.add(peak.height);
    for (const slope of slopes) slope.beatAt(peak.at);
    onBeat({ at: Math.max(peak.at - delay, 0), certainty });
  }

  function lookBack(): void {
    if (!last || !passedOver || intervals.count === 0 || n - last.at < LATE * intervals.median) return;
    const certainty = passedOver.height / threshold(Number.POSITIVE_INFINITY);
    if (certainty > LOOK_BACK) accept(passedOver, Math.min(certainty, 1));
  }

  return {
    push,
    finish() {
      learn();
      if (candidate) judge(candidate);
    },
  };
}
