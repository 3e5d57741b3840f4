import { Recent } from "../ecg/recent.ts";
import { createShape } from "../shape.ts";
import { createRise, riseDelayS } from "./rise.ts";

/** Why a pulse is not to be trusted. */
export type Artefact = "clipped" | "missing samples" | "shape" | "size";

export interface Pulse {
  /** Frame of the end of its upstroke, counted from the first that was pushed. */
  readonly at: number;
  /** Lowest before the upstroke, unit of the signal. Of an arterial pressure: diastolic. */
  readonly foot: number;
  /** From foot to top, unit of the signal. Of an arterial pressure: pulse pressure. */
  readonly amplitude: number;
  /** 0 to 1: how much it looks like those before it; of the first, 0. */
  readonly quality: number;
  readonly artefact: Artefact | null;
}

export interface PulseDetector {
  /** @param sample unit of the signal; NaN where there is none */
  push(sample: number): void;
  /** What is still open at the end of a recording. */
  finish(): void;
}

export interface PulseOptions {
  /** 25 Hz at least. */
  readonly rateHz: number;
  /** In order of time, up to 0.8 s after the end of the upstroke. */
  readonly onPulse: (pulse: Pulse) => void;
}

/** Two pulses are not nearer than this (240/min). */
const REFRACTORY_S = 0.25;
/** How large pulses are is learnt for so long, at the beginning and after nothing for longer than FORGOTTEN_S. */
const LEARNING_S = 3;
const FORGOTTEN_S = 10;
const KEPT = 8;
/** Between what was none (0) and what was a pulse (1). */
const THRESHOLD = 0.45;
/** More is asked at once after a pulse: the dicrotic wave follows. */
const EARLY = 0.5;
const EARLY_UNTIL = 0.7;
/** Nothing for so many intervals: smaller ones are looked for, down to this part of what they were, within so many seconds. */
const LATE = 1.5;
const LEAST = 0.2;
const FALLS_IN_S = 3;
const LATE_COUNTS = 3;
/** Until the interval is known. */
const USUAL_INTERVAL_S = 0.8;
/** Frames are kept for so long. */
const HISTORY_S = 2;
const FOOT_S = 0.35;
const TOP_S = 0.3;
const OPEN = 4;
/** A pulse is looked at from 0.15 s before its upstroke to 0.45 s after it: diastole has begun at any rate below 130/min. */
const SHAPE_S = { from: -0.15, to: 0.45, step: 0.04 } as const;
const SHAPE_STEPS = Math.round((SHAPE_S.to - SHAPE_S.from) / SHAPE_S.step) + 1;
/** Less like the usual one, or so many times larger or smaller, is an artefact. Orphanidou 2015 asks 0.86 on average. */
const LEAST_LIKE = 0.7;
const LARGER = 2.5;
/** In all it goes up and down so many times its height around one pulse: noise, or the test signal of a monitor. */
const ROUGH = 6;

/**
 * Pulses of a photoplethysmogram or an arterial pressure, as they come: tops of what the wave rose over the width of an
 * upstroke, above a threshold between the medians of what were pulses and of what was none. After Zong W et al. Comput Cardiol
 * 2003;30:259 (slope sum) and, for the thresholds, Hamilton and Tompkins. The first three seconds are for learning.
 */
export function createPulseDetector({ rateHz, onPulse }: PulseOptions): PulseDetector {
  const signal = createRise(rateHz);
  const shape = createShape(SHAPE_STEPS, 4);
  const frames = (seconds: number) => Math.round(seconds * rateHz);
  const refractory = frames(REFRACTORY_S);
  const kept = frames(HISTORY_S);
  const history = new Float64Array(kept);
  const complete = frames(SHAPE_S.to) + 1;
  const delay = frames(riseDelayS);
  const pulses = new Recent(KEPT);
  const others = new Recent(KEPT);
  const intervals = new Recent(KEPT);
  const amplitudes = new Recent(KEPT);
  /** Found, and not yet whole. */
  const open = new Float64Array(OPEN);
  let opened = 0;
  let n = -1;
  let learntAt = frames(LEARNING_S);
  let learnt = 0;
  let last = Number.NaN;
  let topAt = 0;
  let top = -1;
  let unusableAt = Number.NEGATIVE_INFINITY;
  let stuckAt = Number.NEGATIVE_INFINITY;

  function push(sample: number): void {
    n++;
    signal.push(sample);
    history[n % kept] = signal.smooth;
    if (signal.isMissing) unusableAt = n;
    if (signal.isStuck) stuckAt = n;
    if (n < learntAt) {
      if (n - unusableAt > refractory) learnt = Math.max(learnt, signal.rise);
      return;
    }
    if (n === learntAt) begin();
    follow(signal.rise);
    while (opened > 0 && n - (open[0] as number) >= complete) emit();
    if (n - (Number.isNaN(last) ? learntAt : last) > frames(FORGOTTEN_S)) forget();
  }

  function begin(): void {
    pulses.clear();
    others.clear();
    intervals.clear();
    pulses.add(learnt);
    others.add(0);
    learnt = 0;
    top = -1;
  }

  /** Whatever was learnt is of another time, or was an artefact's. */
  function forget(): void {
    learntAt = n + frames(LEARNING_S);
    last = Number.NaN;
    amplitudes.clear();
  }

  /** A top is one when nothing for a refractory time after it is higher. */
  function follow(height: number): void {
    if (height > top) {
      top = height;
      topAt = n;
    } else if (n - topAt >= refractory) {
      judge(topAt, top);
      top = height;
      topAt = n;
    }
  }

  function judge(at: number, height: number): void {
    const since = Number.isNaN(last) ? Number.POSITIVE_INFINITY : at - last;
    if (height > threshold(since)) {
      if (since < frames(2)) intervals.add(since);
      // One that was only found because none came in time: what is usual has changed, and is to be learnt soon.
      for (let i = height > ordinary(since) ? 1 : LATE_COUNTS; i > 0; i--) pulses.add(height);
      last = at;
      if (opened < OPEN) open[opened++] = at;
    } else others.add(height);
  }

  const interval = () => (intervals.count > 3 ? intervals.median : frames(USUAL_INTERVAL_S));

  function ordinary(since: number): number {
    const usual = pulses.median;
    const none = Math.min(others.median, usual / 3);
    return none + (THRESHOLD + EARLY * Math.max(1 - since / interval() / EARLY_UNTIL, 0)) * (usual - none);
  }

  function threshold(since: number): number {
    const late = Math.min(Math.max((since - LATE * interval()) / frames(FALLS_IN_S), 0), 1);
    const limit = ordinary(since);
    return Math.max(limit + late * (LEAST * pulses.median - limit), Number.MIN_VALUE);
  }

  const valueAt = (frame: number) => history[((frame % kept) + kept) % kept] as number;

  function emit(): void {
    const at = open[0] as number;
    open.copyWithin(0, 1);
    opened--;
    let foot = Number.POSITIVE_INFINITY;
    for (let i = Math.max(at - frames(FOOT_S), 0); i <= at; i++) foot = Math.min(foot, valueAt(i));
    let peak = Number.NEGATIVE_INFINITY;
    for (let i = at; i <= Math.min(at + frames(TOP_S), n); i++) peak = Math.max(peak, valueAt(i));
    const amplitude = peak - foot;
    const like = shape.compare((step) =>
      valueAt(at - frames(0.08) + Math.round((SHAPE_S.from + step * SHAPE_S.step) * rateHz)),
    );
    let path = 0;
    for (let i = Math.max(at - frames(FOOT_S), 0); i < Math.min(at + frames(TOP_S), n); i++)
      path += Math.abs(valueAt(i + 1) - valueAt(i));
    const artefact = path > ROUGH * amplitude ? "shape" : artefactOf(at, like, amplitude);
    if (artefact === null || amplitudes.count < 3) amplitudes.add(amplitude);
    else if (artefact === "size" && like > LEAST_LIKE) amplitudes.add(amplitude);
    onPulse({
      at: Math.max(at - delay, 0),
      foot,
      amplitude,
      quality: artefact === null ? Math.max(like || 0, 0) : Math.min(Math.max(like || 0, 0), LEAST_LIKE) / 2,
      artefact,
    });
  }

  function artefactOf(at: number, like: number, amplitude: number): Artefact | null {
    const from = at - frames(FOOT_S);
    if (unusableAt >= from) return "missing samples";
    if (stuckAt >= from) return "clipped";
    if (like < LEAST_LIKE) return "shape";
    const usual = amplitudes.count > 2 ? amplitudes.median : amplitude;
    return amplitude > LARGER * usual || amplitude * LARGER < usual ? "size" : null;
  }

  return {
    push,
    finish() {
      if (n >= learntAt && top >= 0) judge(topAt, top);
      while (opened > 0) emit();
    },
  };
}
