import { QUALITY } from "@openward/model";
import type { DecodeContext, Instant } from "./codec.ts";
import { calendarMs } from "./time.ts";

const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
/** Zones and quarters of hours that are remembered: a zone does not change its offset within one. */
const REMEMBERED = 4096;

/**
 * What a clock shows that says no zone, as an instant: by the offset that was said, else by the zone that is assumed, and
 * then it is marked.
 *
 * @param shown ms: the local date and time read as if they were UTC
 */
export function instantOf(shown: number, context: DecodeContext): Instant {
  const { utcOffsetMinutes, timeZone, at } = context;
  if (utcOffsetMinutes !== null) return { time: shown - utcOffsetMinutes * 60_000, utcOffsetMinutes, quality: 0 };
  const time = timeZone === null ? shown : localToUtc(shown, timeZone, at);
  return { time, utcOffsetMinutes: null, quality: QUALITY.zoneAssumed };
}

/** @returns ms of the local date and time read as if they were UTC; NaN where there is no such day or hour */
export function shownMs(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  millis = 0,
): number {
  if (second > 59) return Number.NaN;
  return calendarMs(year, month, day, hour, minute, second, millis, 0);
}

/**
 * The instant of a wall-clock time in a zone. An hour that comes twice is the later one, unless that had not come when
 * the value was received; an hour that does not come is that of a clock which was not put forward.
 *
 * @param timeZone IANA name; one that is not known counts as UTC
 * @param receivedAt ms UTC
 */
export function localToUtc(shown: number, timeZone: string, receivedAt: number): number {
  const before = offsetAt(shown - DAY_MS, timeZone);
  const after = offsetAt(shown + DAY_MS, timeZone);
  const first = shown - before;
  if (before === after) return first;
  const second = shown - after;
  const isFirst = offsetAt(first, timeZone) === before;
  const isSecond = offsetAt(second, timeZone) === after;
  if (isFirst && isSecond)
    return Math.max(first, second) <= receivedAt ? Math.max(first, second) : Math.min(first, second);
  return isSecond ? second : first;
}

const zones = new Map<string, { readonly format: Intl.DateTimeFormat | null; readonly offsets: Map<number, number> }>();
let remembered = 0;

/** ms ahead of UTC. */
function offsetAt(utc: number, timeZone: string): number {
  let zone = zones.get(timeZone);
  if (!zone) {
    if (zones.size >= REMEMBERED) zones.clear();
    zone = { format: formatOf(timeZone), offsets: new Map() };
    zones.set(timeZone, zone);
  }
  const { format, offsets } = zone;
  if (format === null) return 0;
  const quarter = Math.floor(utc / QUARTER_MS);
  let offset = offsets.get(quarter);
  if (offset === undefined) {
    if (++remembered > REMEMBERED) {
      for (const { offsets: some } of zones.values()) some.clear();
      remembered = 1;
    }
    const start = quarter * QUARTER_MS;
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(start)) parts[type] = Number(value);
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
    offset = shownMs(year, month, day, hour % 24, minute, second) - start;
    offsets.set(quarter, offset);
  }
  return offset;
}

function formatOf(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    return null;
  }
}
