import { type Delineation, delineate } from "./delineate.ts";
import { type Durations, durationsOf, stLevels } from "./measures.ts";

export interface DelineatedBeat {
  /** Frame about the middle of the QRS, counted from the first that was pushed. */
  readonly at: number;
  /** Waves of the average, seconds from this beat's middle; null: no lead, or no QRS stands out. */
  readonly waves: Delineation | null;
  readonly durations: Durations | null;
  /** mV 60 and 80 ms after the J point, a number a lead; NaN: absent. */
  readonly st60: readonly number[];
  readonly st80: readonly number[];
  /** How many beats are in the average: those that look like this one, one after the other. */
  readonly averaged: number;
}

export interface DelineationStream {
  /** @param frame a sample of each lead, mV, without drift; NaN where there is none */
  push(frame: ArrayLike<number>): void;
  /** A QRS was found. In order of time. @param at frame @param isUsual false: ectopic, it is left out */
  beat(at: number, isUsual?: boolean): void;
}

export interface DelineationStreamOptions {
  readonly rateHz: number;
  readonly leads: number;
  /** In order of time, 0.7 s after each usual beat, or when the beat was told if that is later. */
  readonly onBeat: (beat: DelineatedBeat) => void;
}

const BEFORE_S = 0.42;
const AFTER_S = 0.68;
/** A beat that is told later than this is not delineated. */
const KEPT_S = 5;
/** The newest beat has this share in the average at least. */
const NEWEST = 1 / 10;
/** How far the middle may be off, and how alike a beat must be to be averaged with those before it. */
const SHIFT_S = 0.03;
const ALIKE = 0.9;
const COMPARED_S = 0.12;
/** Averages of usual intervals over about so many. */
const INTERVALS = 8;
const INTERVAL_S = [0.2, 3] as const;

/**
 * P, QRS and T of the average of a patient's last ten or so beats that look alike, at each beat; a beat that looks otherwise begins a new
 * average. Bounded memory: at 250 Hz some 10 kB a lead.
 */
export function createDelineationStream({ rateHz, leads, onBeat }: DelineationStreamOptions): DelineationStream {
  const before = Math.round(BEFORE_S * rateHz);
  const length = before + Math.round(AFTER_S * rateHz) + 1;
  const shiftMax = Math.round(SHIFT_S * rateHz);
  const kept = Math.ceil(KEPT_S * rateHz);
  const rings = Array.from({ length: leads }, () => new Float32Array(kept));
  const averages = Array.from({ length: leads }, () => new Float32Array(length));
  const isThere = new Uint8Array(leads);
  const beats = Array.from({ length: leads }, () => new Float32Array(length + 2 * shiftMax));
  const isRead = new Uint8Array(leads);
  const waiting: { readonly at: number; readonly interval: number }[] = [];
  let averaged = 0;
  let usualInterval = Number.NaN;
  let last = Number.NaN;
  let n = -1;
  let newest = -1;

  function push(frame: ArrayLike<number>): void {
    n++;
    newest = newest + 1 === kept ? 0 : newest + 1;
    for (let lead = 0; lead < leads; lead++) (rings[lead] as Float32Array)[newest] = frame[lead] as number;
    const first = waiting[0];
    if (first && n - first.at >= length - before + shiftMax) measure(waiting.shift() as typeof first);
  }

  function beat(at: number, isUsual = true): void {
    const interval = (at - last) / rateHz;
    last = at;
    if (isUsual) waiting.push({ at, interval });
  }

  function measure({ at, interval }: { readonly at: number; readonly interval: number }): void {
    if (interval > INTERVAL_S[0] && interval < INTERVAL_S[1])
      usualInterval = Number.isNaN(usualInterval) ? interval : usualInterval + (interval - usualInterval) / INTERVALS;
    read(at);
    const { shift, correlation } = averaged === 0 ? { shift: 0, correlation: 0 } : alike();
    if (correlation > ALIKE) averaged++;
    else averaged = 1;
    add(shift, averaged === 1 ? 1 : Math.max(1 / averaged, NEWEST));
    const there = averages.map((average, lead) => (isThere[lead] ? average : null));
    const waves = delineate(there, { rateHz, middle: before, before: usualInterval, after: usualInterval });
    const offset = before / rateHz - shift / rateHz;
    const nothing = () => averages.map(() => Number.NaN);
    onBeat({
      at,
      waves: waves && moved(waves, -offset),
      durations: waves && durationsOf(waves, usualInterval),
      st60: waves ? stLevels(there, waves, 0.06, rateHz) : nothing(),
      st80: waves ? stLevels(there, waves, 0.08, rateHz) : nothing(),
      averaged,
    });
  }

  /** The beat with shiftMax more at both ends. */
  function read(at: number): void {
    const from = at - before - shiftMax;
    const size = length + 2 * shiftMax;
    for (let lead = 0; lead < leads; lead++) {
      const ring = rings[lead] as Float32Array;
      const out = beats[lead] as Float32Array;
      let isWhole = from >= 0 && from > n - kept && from + size - 1 <= n;
      for (let i = 0, k = Math.max(from, 0) % kept; isWhole && i < size; i++, k = k + 1 === kept ? 0 : k + 1) {
        out[i] = ring[k] as number;
        isWhole = Number.isFinite(out[i]);
      }
      isRead[lead] = isWhole ? 1 : 0;
    }
  }

  /** Where it lies best over the average, by its QRS. */
  function alike() {
    const half = Math.round(COMPARED_S * rateHz);
    let best = { shift: 0, correlation: 0 };
    for (let shift = -shiftMax; shift <= shiftMax; shift++) {
      let both = 0;
      let ours = 0;
      let theirs = 0;
      for (let lead = 0; lead < leads; lead++) {
        if (!isThere[lead] || !isRead[lead]) continue;
        const average = averages[lead] as Float32Array;
        const samples = beats[lead] as Float32Array;
        let sumX = 0;
        let sumY = 0;
        let xy = 0;
        let xx = 0;
        let yy = 0;
        for (let i = before - half; i <= before + half; i++) {
          const x = samples[i + shiftMax + shift] as number;
          const y = average[i] as number;
          sumX += x;
          sumY += y;
          xy += x * y;
          xx += x * x;
          yy += y * y;
        }
        const count = 2 * half + 1;
        both += xy - (sumX * sumY) / count;
        ours += xx - (sumX * sumX) / count;
        theirs += yy - (sumY * sumY) / count;
      }
      const correlation = ours > 0 && theirs > 0 ? both / Math.sqrt(ours * theirs) : 0;
      if (correlation > best.correlation) best = { shift, correlation };
    }
    return best;
  }

  function add(shift: number, share: number): void {
    for (let lead = 0; lead < leads; lead++) {
      // A lead that is missing in this beat stays as it was; one that comes anew begins with this beat.
      if (share === 1) isThere[lead] = isRead[lead] as number;
      if (!isRead[lead]) continue;
      const own = isThere[lead] ? share : 1;
      isThere[lead] = 1;
      const average = averages[lead] as Float32Array;
      const samples = beats[lead] as Float32Array;
      for (let i = 0; i < length; i++)
        average[i] =
          (average[i] as number) + own * ((samples[i + shiftMax + shift] as number) - (average[i] as number));
    }
  }

  return { push, beat };
}

function moved({ p, qrs, t }: Delineation, by: number): Delineation {
  return {
    p: p && { onset: p.onset + by, peak: p.peak + by, offset: p.offset + by },
    qrs: { onset: qrs.onset + by, offset: qrs.offset + by },
    t: t && { peak: t.peak + by, offset: t.offset + by },
  };
}
