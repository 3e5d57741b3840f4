import type { CgmRecord } from "./cgm.ts";

/** Readings of one person in order of time, one for a time. */
export interface Course {
  readonly group: string;
  readonly study: string;
  /** ms of the local clock. */
  readonly times: Float64Array;
  /** mg/dL; where the sensor said in words that it can measure no less or more, what that is. */
  readonly values: Float64Array;
  /** No word, but a number: only such a reading is an outcome. */
  readonly isNumber: Uint8Array;
}

const MINUTE_MS = 60_000;
/** A reading is of a time that is no further away. */
const TOLERANCE_MS = 3 * MINUTE_MS;
const WORDS = { low: 40, high: 400 } as const;

/** Readings nearer to one another than this and so far apart are of two sensors that are worn at once. */
const AT_ONCE_MS = 3 * MINUTE_MS;
const APART = 30;
/** A course that somebody else's readings interrupt for longer has ended. */
const GOES_ON_MS = 30 * MINUTE_MS;
/** Of fewer readings of another sensor there is no course. */
const FEWEST = 24;

interface Reading {
  readonly at: number;
  readonly value: number;
  readonly isWord: boolean;
}

/** What a person's sensors said: one course, and another for each sensor that was worn at the same time. */
export function coursesOf({ study, person, times, values, words }: CgmRecord): Course[] {
  const readings = times
    .map((at, i): Reading & { i: number } => {
      const word = words.get(i);
      return { at, value: word ? WORDS[word] : (values[i] as number), isWord: word !== undefined, i };
    })
    .filter(({ at, value }) => Number.isFinite(at) && Number.isFinite(value))
    .sort((a, b) => a.at - b.at || a.i - b.i);
  const tracks: Reading[][] = [];
  for (const reading of readings) {
    const track = trackOf(tracks, reading);
    if (!track) tracks.push([reading]);
    else if (track.at(-1)?.at !== reading.at) track.push(reading);
  }
  return tracks
    .filter((track, i) => i === 0 || track.length >= FEWEST)
    .map((track) => ({
      group: `${study}/${person}`,
      study,
      times: Float64Array.from(track, ({ at }) => at),
      values: Float64Array.from(track, ({ value }) => value),
      isNumber: Uint8Array.from(track, ({ isWord }) => (isWord ? 0 : 1)),
    }));
}

/** The course that a reading goes on; undefined: it begins one. */
function trackOf(tracks: readonly Reading[][], { at, value }: Reading): Reading[] | undefined {
  let best: Reading[] | undefined;
  let bestOff = Number.POSITIVE_INFINITY;
  for (const track of tracks) {
    const last = track.at(-1) as Reading;
    const off = Math.abs(value - last.value);
    const isAtOnce = at - last.at < AT_ONCE_MS && off > APART;
    const hasEnded = at - last.at > GOES_ON_MS && track !== tracks[0];
    if (!isAtOnce && !hasEnded && off < bestOff) [best, bestOff] = [track, off];
  }
  return best;
}

/** Local minute of the day. */
export const minuteOf = (at: number): number => Math.floor(at / MINUTE_MS) % 1_440;

/** For each reading the one that came so much later, within three minutes; -1: none, or a word. */
export function outcomesOf({ times, isNumber }: Course, aheadMs: number): Int32Array {
  const found = new Int32Array(times.length).fill(-1);
  let next = 0;
  for (let i = 0; i < times.length; i++) {
    const wanted = (times[i] as number) + aheadMs;
    const off = (at: number) => Math.abs((times[at] ?? Number.POSITIVE_INFINITY) - wanted);
    while (next + 1 < times.length && off(next + 1) <= off(next)) next++;
    if (next > i && off(next) <= TOLERANCE_MS && isNumber[next] === 1) found[i] = next;
  }
  return found;
}
