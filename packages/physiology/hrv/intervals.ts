import { firstFrom } from "../statistics.ts";

/** Intervals between beats, one after the other. */
export interface Intervals {
  /** Seconds from any start, at the end of each interval; ascending. */
  readonly times: Float64Array;
  /** Milliseconds. */
  readonly lengths: Float64Array;
}

export type Rejected = "unusable" | "gap" | "not normal" | "spike" | "too short" | "too long";

/** Intervals between normal beats alone, and how many were left out for which reason. */
export interface NormalIntervals extends Intervals {
  readonly rejected: Readonly<Record<Rejected, number>>;
  readonly total: number;
}

/** Between beats further apart there is no interval, but missing data. */
const GAP_MS = 2_000;
const SHORTEST_MS = 60_000 / 160;
const LONGEST_MS = 60_000 / 30;
/** From the median of the five before and of the five after, as a part of it. */
const SPIKE = 0.2;
const NEIGHBOURS = 5;

/**
 * Normal-to-normal intervals: an ectopic beat takes the interval before and the one after it along; what is no interval of
 * a heart in sinus rhythm (longer or shorter than 30 to 160/min, or a fifth off its five neighbours on either side) is left
 * out and not replaced. Vest AN et al. Physiol Meas 2018;39:105004; Task Force, Circulation 1996;93:1043.
 *
 * @param beats seconds, ascending
 * @param isNormal of each beat; left out: all
 */
export function normalIntervals(beats: ArrayLike<number>, isNormal?: (beat: number) => boolean): NormalIntervals {
  const rejected = { unusable: 0, gap: 0, "not normal": 0, spike: 0, "too short": 0, "too long": 0 };
  const times: number[] = [];
  const lengths: number[] = [];
  const isClean: boolean[] = [];
  for (let i = 1; i < beats.length; i++) {
    const from = beats[i - 1] ?? Number.NaN;
    const to = beats[i] ?? Number.NaN;
    const length = toMicroseconds(to - from) * 1_000;
    if (!(length > 0)) rejected.unusable++;
    else if (length >= GAP_MS) rejected.gap++;
    else {
      times.push(to);
      lengths.push(length);
      isClean.push(!isNormal || (isNormal(i - 1) && isNormal(i)));
    }
  }
  const isSpike = spikes(lengths.map((length) => length / 1_000));
  const kept = lengths.map((length, i): boolean => {
    const why = !isClean[i] ? "not normal" : isSpike[i] ? "spike" : unphysiological(length);
    if (why) rejected[why]++;
    return !why;
  });
  return {
    times: Float64Array.from(times.filter((_, i) => kept[i])),
    lengths: Float64Array.from(lengths.filter((_, i) => kept[i])),
    rejected,
    total: Math.max(beats.length - 1, 0),
  };
}

function unphysiological(length: number): Rejected | undefined {
  if (length < SHORTEST_MS) return "too short";
  return length > LONGEST_MS ? "too long" : undefined;
}

/** Times of beats are ticks of a clock: what subtracting them adds in digits is taken off, so that equal intervals are equal. */
const toMicroseconds = (seconds: number) => Math.round(seconds * 1e6) / 1e6;

/** Off both neighbourhoods: the first beat after a change of rate is off the five before, and not off the five after. */
function spikes(lengths: readonly number[]): boolean[] {
  const isOff = (i: number, from: number): boolean => {
    if (from < 0 || from + NEIGHBOURS > lengths.length) return false;
    const five = lengths.slice(from, from + NEIGHBOURS).sort((a, b) => a - b);
    const median = five[NEIGHBOURS >> 1] as number;
    return Math.abs((lengths[i] as number) - median) / median >= SPIKE;
  };
  return lengths.map((_, i) => isOff(i, i - NEIGHBOURS) && isOff(i, i + 1));
}

/** Those that end in [from, to), seconds. */
export function within({ times, lengths }: Intervals, from: number, to: number): Intervals {
  const begin = firstFrom(times, from);
  const end = firstFrom(times, to);
  return { times: times.subarray(begin, end), lengths: lengths.subarray(begin, end) };
}

/** Part of the time that the intervals fill. @param seconds how long it is */
export const coverage = ({ lengths }: Intervals, seconds: number): number =>
  lengths.reduce((sum, length) => sum + length, 0) / 1_000 / seconds;
