import type { Interval } from "../search/intervals.ts";
import { localToUtc, utcToLocal } from "../search/time-zone.ts";

const DAY_MS = 86_400_000;
/** What the consensus asks for, and the guide's orders in their examples. */
const DAYS = 14;
/** 1970-01-05, a Monday, in days. */
const ANCHOR_DAY = 4;

/** Fourteen whole days of a patient, from a Monday to the Sunday after the next; they do not overlap. */
export interface Fortnight extends Interval {
  /** 0 began on 1970-01-05. */
  readonly index: number;
  /** YYYY-MM-DD, of the patient's own calendar; the last one included. */
  readonly firstDay: string;
  readonly lastDay: string;
}

/** @param index whole, not negative */
export function fortnightOf(index: number, timeZone: string): Fortnight {
  const first = (ANCHOR_DAY + index * DAYS) * DAY_MS;
  const last = first + (DAYS - 1) * DAY_MS;
  return {
    index,
    firstDay: dayText(first),
    lastDay: dayText(last),
    from: localToUtc(first, timeZone),
    to: localToUtc(last + DAY_MS, timeZone),
  };
}

/** In which one an instant lies; below 0 before the first. */
export function fortnightAt(time: number, timeZone: string): number {
  return Math.floor((localDay(time, timeZone) - ANCHOR_DAY) / DAYS);
}

/** Days since 1970-01-01 of the calendar of a time zone. */
export function localDay(time: number, timeZone: string): number {
  return Math.floor(utcToLocal(time, timeZone) / DAY_MS);
}

/** When a day of that calendar begins, ms UTC. */
export const startOfDay = (day: number, timeZone: string): number => localToUtc(day * DAY_MS, timeZone);

const dayText = (localMs: number): string => new Date(localMs).toISOString().slice(0, 10);
