import { SLOT_MS } from "../rollup.ts";
import { lengthOf, overlap, type Span, united } from "./spans.ts";

/** A stream is silent after so many of its intervals, and not before this: as the alarm on missing data has it. */
const MISSED_INTERVALS = 3;
const SHORTEST_MS = 10_000;

/** How far apart two readings may be before there is a gap between them, ms. */
export function toleranceOf(intervalMs: number): number {
  return Math.max(MISSED_INTERVALS * intervalMs, SHORTEST_MS);
}

/** A stretch in which a reading was expected every `intervalMs`. */
export interface Expected extends Span {
  readonly intervalMs: number;
}

export interface Gap extends Span {
  readonly intervalMs: number;
  /** Readings that are missing. */
  readonly missing: number;
}

/** Of how many readings are expected, how many came, and where none did for longer than is usual. */
export interface Coverage {
  readonly expected: number;
  /** Distinct times at which something was measured, never more than were expected: a burst makes up for no gap. */
  readonly received: number;
  readonly gaps: readonly Gap[];
}

/** So many readings are expected of a stretch: one in each whole interval. */
export const expectedIn = (span: Span, intervalMs: number): number => Math.floor(lengthOf(span) / intervalMs);

/**
 * From the times themselves.
 *
 * @param times ms UTC, ascending; may hold one twice
 * @param expected apart from one another
 */
export function coverageOf(times: Float64Array, expected: readonly Expected[]): Coverage {
  let [total, received] = [0, 0];
  const gaps: Gap[] = [];
  for (const { from, to, intervalMs } of expected) {
    const tolerance = toleranceOf(intervalMs);
    const due = expectedIn({ from, to }, intervalMs);
    let count = 0;
    let last = from;
    // Counted by stretches, so that a burst in one makes up for nothing in another.
    const width = intervalMs <= SLOT_MS / 3 ? SLOT_MS : 3 * intervalMs;
    const start = width === SLOT_MS ? Math.floor(from / SLOT_MS) * SLOT_MS : from;
    let [stretch, inStretch, came] = [-1, 0, 0];
    const close = () => {
      const span = overlap({ from, to }, { from: start + stretch * width, to: start + (stretch + 1) * width });
      came += Math.min(inStretch, Math.ceil(span ? lengthOf(span) / intervalMs : 0));
      inStretch = 0;
    };
    for (let i = firstAt(times, from); i < times.length && (times[i] as number) < to; i++) {
      const time = times[i] as number;
      if (count > 0 && time === last) continue;
      if (time - last > tolerance) gaps.push(gapOf(count === 0 ? from : last + intervalMs, time, intervalMs));
      const of = Math.floor((time - start) / width);
      if (of !== stretch) {
        close();
        stretch = of;
      }
      inStretch++;
      last = time;
      count++;
    }
    if (to - last > tolerance) gaps.push(gapOf(count === 0 ? from : last + intervalMs, to, intervalMs));
    close();
    total += due;
    received += Math.min(came, due);
  }
  return { expected: total, received, gaps };
}

/** Less than this share of what was expected of a quarter of an hour, and it is a gap. */
const THIN = 0.5;

/**
 * From counts by quarters of an hour, for streams that say something in each of them; a gap begins and ends with a quarter.
 *
 * @param counts of the quarters that begin with that of `start`, a multiple of SLOT_MS
 */
export function coverageOfSlots(start: number, counts: ArrayLike<number>, expected: readonly Expected[]): Coverage {
  let [total, received] = [0, 0];
  const gaps: Gap[] = [];
  for (const { from, to, intervalMs } of expected) {
    const thin: Span[] = [];
    for (let i = Math.max(0, Math.floor((from - start) / SLOT_MS)); i < counts.length; i++) {
      const slot = overlap({ from, to }, { from: start + i * SLOT_MS, to: start + (i + 1) * SLOT_MS });
      if (!slot) break;
      const due = expectedIn(slot, intervalMs);
      const came = Math.min(counts[i] as number, due);
      total += due;
      received += came;
      if (due > 0 && came < THIN * due) thin.push(slot);
    }
    for (const span of united(thin)) {
      let [due, came] = [0, 0];
      for (let i = Math.floor((span.from - start) / SLOT_MS); start + i * SLOT_MS < span.to; i++) {
        const slot = overlap(span, { from: start + i * SLOT_MS, to: start + (i + 1) * SLOT_MS }) ?? { from: 0, to: 0 };
        due += expectedIn(slot, intervalMs);
        came += Math.min(counts[i] as number, expectedIn(slot, intervalMs));
      }
      gaps.push({ ...span, intervalMs, missing: due - came });
    }
  }
  return { expected: total, received, gaps };
}

function gapOf(from: number, to: number, intervalMs: number): Gap {
  return { from, to, intervalMs, missing: Math.max(1, expectedIn({ from, to }, intervalMs)) };
}

/** Index of the first that is not before `time`. */
function firstAt(times: Float64Array, time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
