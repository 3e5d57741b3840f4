import { QUALITY } from "@openward/model";
import type { DecodeContext, Instant } from "./codec.ts";
import { calendarMs } from "./time.ts";

const MINUTE_MS = 60_000;
const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;

/**
 * What a clock shows that says no zone, as an instant: by the offset that was said, else by the zone that is assumed, and
 * then it is marked.
 *
 * @param shown ms: the local date and time read as if they were UTC
 */
export function instantOf(shown: number, context: DecodeContext): Instant {
  const { utcOffsetMinutes, timeZone, at } = context;
  if (utcOffsetMinutes !== null) return { time: shown - utcOffsetMinutes * MINUTE_MS, utcOffsetMinutes, quality: 0 };
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

/** What is known of a zone: times come from devices, and looking one up costs a thousand times as much as finding it here. */
interface Zone {
  readonly format: Intl.DateTimeFormat | null;
  /** Minutes ahead of UTC by day, where it is the same all day. */
  readonly days: Int16Array;
  /** On days of which it is not: by quarter of an hour. */
  readonly quarters: Map<number, number>;
}

const zones = new Map<string, Zone>();
const ZONES_KEPT = 64;
/** Outside this no device of ours measured anything, and the time is refused whatever its zone is. */
const FIRST_DAY = Date.UTC(1999, 11, 1) / DAY_MS;
const LAST_DAY = Date.UTC(2100, 0, 1) / DAY_MS;
const UNKNOWN = 32_767;
const CHANGING = 32_766;

/** ms that a zone is ahead of UTC; 0 for a zone that is not known. */
export function offsetAt(utc: number, timeZone: string): number {
  const day = Math.floor(utc / DAY_MS) - FIRST_DAY;
  if (!(day >= 0 && day <= LAST_DAY - FIRST_DAY)) return 0;
  const zone = zoneOf(timeZone);
  if (zone.format === null) return 0;
  let minutes = zone.days[day] as number;
  if (minutes === UNKNOWN) {
    const start = (day + FIRST_DAY) * DAY_MS;
    minutes = looked(zone.format, start);
    // No zone changes and changes back within a day.
    if (looked(zone.format, start + DAY_MS - QUARTER_MS) !== minutes) minutes = CHANGING;
    zone.days[day] = minutes;
  }
  if (minutes !== CHANGING) return minutes * MINUTE_MS;
  const quarter = Math.floor(utc / QUARTER_MS);
  let found = zone.quarters.get(quarter);
  if (found === undefined) {
    found = looked(zone.format, quarter * QUARTER_MS);
    zone.quarters.set(quarter, found);
  }
  return found * MINUTE_MS;
}

function zoneOf(timeZone: string): Zone {
  let zone = zones.get(timeZone);
  if (!zone) {
    if (zones.size >= ZONES_KEPT) zones.clear();
    const days = new Int16Array(LAST_DAY - FIRST_DAY + 1).fill(UNKNOWN);
    zone = { format: formatOf(timeZone), days, quarters: new Map() };
    zones.set(timeZone, zone);
  }
  return zone;
}

/** Minutes ahead of UTC. */
function looked(format: Intl.DateTimeFormat, utc: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(utc)) parts[type] = Number(value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
  return Math.round((shownMs(year, month, day, hour % 24, minute, second) - utc) / MINUTE_MS);
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
