import { boxed, floorOf, rootMeanSquare, steepness } from "./curves.ts";

/** Seconds from the first sample of the window. */
export interface Wave {
  readonly onset: number;
  readonly peak: number;
  readonly offset: number;
}

/** Where the waves of one beat begin and end. */
export interface Delineation {
  /** null: none stands out of the noise before the QRS, or it lies in the T wave before. */
  readonly p: Wave | null;
  readonly qrs: { readonly onset: number; readonly offset: number };
  /** null: too flat, or the next beat comes before it is over. */
  readonly t: { readonly peak: number; readonly offset: number } | null;
}

export interface DelineateOptions {
  readonly rateHz: number;
  /** Index about the middle of the QRS in each lead. */
  readonly middle: number;
  /** Seconds from the beat before and to the next one; NaN: not known. */
  readonly before: number;
  readonly after: number;
}

/** What is steeper than this part of the steepest, and than this many times the quiet between beats, is still QRS. */
const QRS_PART = 0.06;
const QRS_OVER_QUIET = 2.5;
/** Less steep for so long, it has not begun or is over. */
const QUIET_S = 0.018;
const QRS_AROUND_S = 0.1;
const QRS_REACH_S = 0.16;
const QRS_SMOOTH_S = 0.01;
/** Under this, mV/s over all leads, there is no QRS. */
const LEAST_STEEPNESS = 2;

const T_FROM_S = 0.06;
const T_SMOOTH_S = 0.03;
/** QT is not longer than this times the root of the interval (QTc of Bazett), and the next P wave is not T. */
const QTC_MAX_S = 0.62;
const NEXT_P_S = 0.16;
const T_LEAST_MV = 0.03;

const P_FROM_S = 0.32;
const P_SMOOTH_S = 0.016;
const P_LEAST_MV = 0.02;
const P_OVER_QUIET = 3;
/** Down to this part of its height above the quiet P is followed; as steep as this part of the steepest is steep. */
const P_PART = 0.15;
const P_STEEP = 0.6;
/** A P wave is not narrower than this from foot to foot. */
const P_WIDTH_LEAST_S = 0.03;

/**
 * Waves of one beat, or of the average of several, from all leads together: QRS by the speed of the vector, T to where the tangent
 * at its steepest fall meets the level after it (Lepeschkin E, Surawicz B. Circulation 1952;6:378), P alike, to both sides.
 *
 * @param leads samples, mV, of one window: 0.4 s before the QRS and 0.6 s after it, shorter windows tell less; null: the lead is
 *   missing. A lead with a sample that is no number is left out
 * @returns null when no lead is left or nothing is steep about the middle
 */
export function delineate(
  leads: readonly (ArrayLike<number> | null)[],
  { rateHz, middle, before, after }: DelineateOptions,
): Delineation | null {
  const whole = leads.flatMap((lead) => (lead && isWhole(lead) ? [lead] : []));
  const length = Math.min(...whole.map((lead) => lead.length));
  if (whole.length === 0 || length < 0.3 * rateHz || middle < 0 || middle >= length) return null;
  const qrs = qrsOf(whole, rateHz, middle, length);
  if (!qrs) return null;
  const t = tOf(whole, rateHz, qrs, after, length);
  const p = pOf(whole, rateHz, qrs, before, t && t.offset - qrs.onset);
  const seconds = (at: number) => at / rateHz;
  return {
    p: p && { onset: seconds(p.onset), peak: seconds(p.peak), offset: seconds(p.offset) },
    qrs: { onset: seconds(qrs.onset), offset: seconds(qrs.offset) },
    t: t && { peak: seconds(t.peak), offset: seconds(t.offset) },
  };
}

function isWhole(lead: ArrayLike<number>): boolean {
  for (let i = 0; i < lead.length; i++) if (!Number.isFinite(lead[i] as number)) return false;
  return true;
}

interface Edges {
  readonly onset: number;
  readonly offset: number;
}

function qrsOf(leads: readonly ArrayLike<number>[], rateHz: number, middle: number, length: number): Edges | null {
  const speed = steepness(
    leads.map((lead) => boxed(lead, QRS_SMOOTH_S * rateHz)),
    rateHz,
  );
  const around = Math.round(QRS_AROUND_S * rateHz);
  let top = middle;
  for (let i = Math.max(middle - around, 0); i <= Math.min(middle + around, length - 1); i++)
    if ((speed[i] as number) > (speed[top] as number)) top = i;
  const steepest = speed[top] as number;
  if (!(steepest > LEAST_STEEPNESS)) return null;
  const limit = Math.min(Math.max(QRS_PART * steepest, QRS_OVER_QUIET * floorOf(speed, 0.3)), 0.25 * steepest);
  const quiet = Math.max(Math.round(QUIET_S * rateHz), 1);
  const reach = Math.round(QRS_REACH_S * rateHz);
  const edge = (step: -1 | 1): number => {
    let still = 0;
    for (let i = top; ; i += step) {
      const isEnd = i <= 0 || i >= length - 1 || Math.abs(i - top) > reach;
      still = (speed[i] as number) < limit ? still + 1 : 0;
      if (still >= quiet || isEnd) return i - step * still;
    }
  };
  return { onset: edge(-1), offset: edge(1) };
}

function tOf(leads: readonly ArrayLike<number>[], rateHz: number, qrs: Edges, after: number, length: number) {
  const level = levelsBefore(leads, qrs.onset, rateHz);
  const height = rootMeanSquare(
    leads.map((lead) => boxed(lead, T_SMOOTH_S * rateHz)),
    level,
  );
  const interval = Number.isFinite(after) ? after : 1;
  const longest = Math.min(QTC_MAX_S * Math.sqrt(interval), interval - NEXT_P_S);
  const until = Math.min(qrs.onset + Math.round(longest * rateHz), length - 2);
  const from = qrs.offset + Math.round(T_FROM_S * rateHz);
  let peak = from;
  for (let i = from; i <= until; i++) if ((height[i] as number) > (height[peak] as number)) peak = i;
  if (until - from < 0.06 * rateHz || peak <= from || peak >= until - 0.02 * rateHz) return null;
  let lowest = peak;
  for (let i = peak; i <= until; i++) if ((height[i] as number) < (height[lowest] as number)) lowest = i;
  const foot = height[lowest] as number;
  const rise = (height[peak] as number) - foot;
  if (!(rise > T_LEAST_MV)) return null;
  let steepest = peak + 1;
  const fall = (i: number) => ((height[i - 1] as number) - (height[i + 1] as number)) / 2;
  for (let i = peak + 1; i < lowest; i++) if (fall(i) > fall(steepest)) steepest = i;
  if (!(fall(steepest) > 0)) return null;
  const offset = steepest + ((height[steepest] as number) - foot) / fall(steepest);
  return offset > until + 0.02 * rateHz ? null : { peak, offset };
}

function pOf(leads: readonly ArrayLike<number>[], rateHz: number, qrs: Edges, before: number, qt: number | null) {
  const until = qrs.onset - Math.max(Math.round(0.008 * rateHz), 1);
  // The T wave of the beat before is as long as this one's.
  const previousT = Number.isFinite(before) && qt !== null ? qrs.onset - before * rateHz + qt : 0;
  const from = Math.round(Math.max(qrs.onset - P_FROM_S * rateHz, previousT, 0));
  if (until - from < 0.08 * rateHz) return null;
  const height = rootMeanSquare(
    leads.map((lead) => levelled(boxed(lead, P_SMOOTH_S * rateHz), from, until)),
    leads.map(() => 0),
  ).subarray(0, until + 1);
  let peak = from;
  for (let i = from; i <= until; i++) if ((height[i] as number) > (height[peak] as number)) peak = i;
  const top = height[peak] as number;
  const quiet = floorOf(height.subarray(from), 0.3);
  if (!(top > Math.max(P_LEAST_MV, P_OVER_QUIET * quiet))) return null;
  const onset = footOf(height, peak, -1, from, quiet);
  const offset = footOf(height, peak, 1, until, quiet);
  if (onset <= from || offset - onset < P_WIDTH_LEAST_S * rateHz) return null;
  return { onset, peak, offset: Math.min(offset, qrs.onset) };
}

/** Where the tangent at the outermost steep place, from the peak down to the quiet, meets it. */
function footOf(height: Float64Array, peak: number, step: -1 | 1, end: number, quiet: number): number {
  const slope = (i: number) => ((height[i - step] as number) - (height[i + step] as number)) / 2;
  let last = peak;
  let steepest = 0;
  while (last !== end && (height[last] as number) > quiet + P_PART * ((height[peak] as number) - quiet)) {
    steepest = Math.max(steepest, slope(last));
    last += step;
  }
  let i = last;
  while (i !== peak && slope(i) < P_STEEP * steepest) i -= step;
  const fall = slope(i);
  return fall > 0 ? i + (step * ((height[i] as number) - quiet)) / fall : last;
}

/** What stands 20 ms before the QRS, a number a lead. */
export function levelsBefore(leads: readonly ArrayLike<number>[], onset: number, rateHz: number): number[] {
  const from = Math.max(Math.floor(onset - 0.02 * rateHz), 0);
  const to = Math.max(Math.floor(onset), from + 1);
  return leads.map((lead) => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += lead[i] as number;
    return sum / (to - from);
  });
}

/** Off the line from its first to its last samples: what is left of a T wave or of drift is about a line. */
function levelled(lead: Float64Array, from: number, until: number): Float64Array {
  const few = Math.max(Math.round((until - from) / 12), 1);
  const meanOf = (at: number) => {
    let sum = 0;
    for (let i = at; i < at + few; i++) sum += lead[i] as number;
    return sum / few;
  };
  const begin = meanOf(from);
  const end = meanOf(until - few + 1);
  for (let i = from; i <= until; i++)
    lead[i] = (lead[i] as number) - begin - ((end - begin) * (i - from)) / (until - from);
  return lead;
}
