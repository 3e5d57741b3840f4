import { median } from "../statistics.ts";
import type { ChannelBeat } from "./beat-ring.ts";

/** What the beats of one signal say of a stretch of time. */
export interface Steadiness {
  readonly count: number;
  /** Part of the beats that look like the usual one. */
  readonly trusted: number;
  /** Longest time without a beat that looks like the usual one, the ends included, seconds. */
  readonly longestGap: number;
  /** /min, the lowest of any three or five beats in a row, and the highest of any five or seventeen; null of fewer. */
  readonly lowestOfThree: number | null;
  readonly lowestOfFive: number | null;
  readonly highestOfFive: number | null;
  readonly highestOfSeventeen: number | null;
  /** How far intervals are from their median, as a part of it, in the median; null of fewer than four beats. */
  readonly unevenness: number | null;
}

/** Looks like the usual one. */
export const ALIKE = 0.8;

/** Smaller than this part of those that look like the usual one is none of them: a T wave, the line between beats. */
const LEAST_SIZE = 0.4;

/** @param all ascending, of from to until, seconds */
export function steadinessOf(all: readonly ChannelBeat[], from: number, until: number): Steadiness {
  const size = median(all.filter(({ like }) => like >= ALIKE).map((beat) => beat.size));
  const beats = all.filter((beat) => !(beat.size < LEAST_SIZE * size));
  const alike = beats.filter(({ like }) => like >= ALIKE);
  const times = alike.map(({ time }) => time);
  let longestGap = 0;
  let before = from;
  for (const time of [...times, until]) {
    longestGap = Math.max(longestGap, time - before);
    before = time;
  }
  const each = beats.map(({ time }) => time);
  const threes = rates(each, 3);
  const fives = rates(each, 5);

  const seventeens = rates(each, 17);
  return {
    count: beats.length,
    trusted: beats.length > 0 ? alike.length / beats.length : 0,
    longestGap,
    lowestOfThree: threes.length > 0 ? Math.min(...threes) : null,
    lowestOfFive: fives.length > 0 ? Math.min(...fives) : null,
    highestOfFive: fives.length > 0 ? Math.max(...fives) : null,
    highestOfSeventeen: seventeens.length > 0 ? Math.max(...seventeens) : null,
    unevenness: unevennessOf(each),
  };
}

/** /min, of each run of so many beats. */
function rates(times: readonly number[], many: number): number[] {
  return times.slice(many - 1).map((time, i) => (60 * (many - 1)) / (time - (times[i] as number)));
}

function unevennessOf(times: readonly number[]): number | null {
  if (times.length < 4) return null;
  const intervals = times.slice(1).map((time, i) => time - (times[i] as number));
  const usual = median(intervals);
  return median(intervals.map((interval) => Math.abs(interval - usual))) / usual;
}
