import { isReceivers, type ReadingColumn } from "@openward/codecs";
import type { RefusalCode } from "@openward/errors";
import type { Millis } from "@openward/model";
import { QUALITY } from "@openward/model";
import { type DecidedSpan, placeTime, type Said, saidOf, spanOf, type Timeline } from "@openward/timeseries/clocks";
import type { Work } from "./work.ts";

/** Of a message: what is known of its device's clock, and of which span of it the message is. */
export interface Retiming {
  readonly timeline: Timeline;
  readonly receivedAt: Millis;
  span: DecidedSpan | undefined;
}

/** undefined: nothing was ever wrong with the clock, and every time is taken as it is. */
export function retimingOf(timeline: Timeline, receivedAt: Millis): Retiming | undefined {
  return timeline.isPlain ? undefined : { timeline, receivedAt, span: undefined };
}

export const RETIME_EXPECTED = {
  TIME_AMBIGUOUS: "a time that the device's clock has shown once",
  CLOCK_WRONG: "a device whose clock runs and shows the year",
} as const;

/** A message is of one clock, and its newest time tells of which. */
export function lookAtNewest(retiming: Retiming, newest: Millis): void {
  if (Number.isFinite(newest)) retiming.span = spanOf(retiming.timeline, newest, retiming.receivedAt);
}

export interface Retimed {
  readonly time: Millis;
  readonly isMarked: boolean;
  readonly isCorrected: boolean;
}

/** When it was, or why that cannot be told. */
export function retimed(retiming: Retiming, time: Millis): Retimed | keyof typeof RETIME_EXPECTED {
  const { timeline, receivedAt, span } = retiming;
  const placed = placeTime(timeline, time, receivedAt, span);
  if (placed.outcome === "ambiguous") return "TIME_AMBIGUOUS";
  if (placed.outcome === "no time") return "CLOCK_WRONG";
  return { time: placed.time, isMarked: placed.isMarked, isCorrected: placed.state?.leadsTo === "corrected" };
}

/** A column whose times the device gave, with what it was when they are right. */
export interface TimedColumn extends ReadingColumn {
  /** The times are no longer the device's: what it told of its clock is in them. */
  readonly isCorrected: boolean;
}

/**
 * A column by the clock's states: what can be placed, in one column for each treatment, and what cannot is refused. Readings
 * without a time are as they were.
 */
export function retimedColumns(work: Work, column: ReadingColumn): readonly TimedColumn[] {
  const { retiming } = work;
  const bits = work.quality | (column.quality ?? 0);
  if (!retiming || isReceivers(bits)) return [{ ...column, isCorrected: false }];
  const { times, values, items } = column;
  const groups = new Map<number, { rows: number[]; times: number[]; isMarked: boolean; isCorrected: boolean }>();
  for (let i = 0; i < values.length; i++) {
    const time = times[i] as number;
    const found = Number.isNaN(time) ? AS_IT_IS : retimed(retiming, time);
    if (typeof found === "string") {
      refuseTime(work, found, items[i] as number);
      continue;
    }
    const { isMarked, isCorrected } = found;
    const key = (isMarked ? 1 : 0) | (isCorrected ? 2 : 0);
    let group = groups.get(key);
    if (!group) {
      group = { rows: [], times: [], isMarked, isCorrected };
      groups.set(key, group);
    }
    group.rows.push(i);
    group.times.push(Number.isNaN(time) ? time : found.time);
  }
  return [...groups.values()].map(({ rows, times: placed, isMarked, isCorrected }) => ({
    ...column,
    times: Float64Array.from(placed),
    values: Float64Array.from(rows, (i) => values[i] as number),
    items: rows.map((i) => items[i] as number),
    quality: (column.quality ?? 0) | (isMarked ? QUALITY.clockWrong : 0),
    isCorrected,
  }));
}

const AS_IT_IS: Retimed = { time: Number.NaN, isMarked: false, isCorrected: false };

export function refuseTime(work: Work, code: keyof typeof RETIME_EXPECTED & RefusalCode, item: number): void {
  if (work.isWanted && !work.isWanted(item, "at")) return;
  work.problems.add(code, "at", item, item, 1, RETIME_EXPECTED[code]);
}

/**
 * In a claim: what is added to a message's times. By what is known of the clock, where that is how far it was off; else so that
 * the newest of them is the time of arrival.
 *
 * @param arrivalMs what makes the newest of them the time of arrival
 */
export function shiftBy(timeline: Timeline, receivedAt: Millis, arrivalMs: number): number {
  const newest = receivedAt - arrivalMs;
  const placed = placeTime(timeline, newest, receivedAt, spanOf(timeline, newest, receivedAt));
  const isKnown = placed.outcome === "no time" && placed.state.kind !== "standstill";
  return isKnown ? placed.time - newest : arrivalMs;
}

/** What a device said of a time that is stored; nothing: the same; several: which of them cannot be told. */
export type SaidTimes = (deviceId: string, time: Millis) => readonly Said[];

export function saidBy(timeline: Timeline, time: Millis): readonly Said[] {
  return timeline.isPlain ? NOTHING_ELSE : saidOf(timeline, time);
}

const NOTHING_ELSE: readonly Said[] = [];
