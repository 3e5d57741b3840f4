const DIGIT_0 = 48;
const MAX_MS = 8.64e15;
const SLOW = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,30}))?(?:([Zz])|([+-])(\d\d):(\d\d))$/;

/**
 * A device's time as integer milliseconds UTC.
 *
 * @param at integer milliseconds UTC, or RFC 3339 text with "Z" or an offset; digits below the millisecond are cut
 * @returns NaN where it is neither. A leap second (23:59:60 UTC) is the first second of the next day, as POSIX counts.
 * @source RFC 3339 section 5.6
 */
export function parseTime(at: unknown): number {
  if (typeof at === "number") return Number.isInteger(at) && Math.abs(at) <= MAX_MS ? at : Number.NaN;
  if (typeof at === "string") return parseInstant(at);
  return at instanceof EpochTime ? at.ms : Number.NaN;
}

/**
 * The offset from UTC in minutes, where the time says one. "Z" and "-00:00" tell the instant and not where the
 * device is (RFC 9557 section 2), and milliseconds tell nothing: null.
 */
export function parseOffset(at: unknown): number | null {
  if (typeof at !== "string") return null;
  const length = at.length;
  if (length < 20 || at.charCodeAt(length - 3) !== 58) return null;
  const sign = at.charCodeAt(length - 6);
  if (sign !== 43 && sign !== 45) return null;
  const minutes = two(at, length - 5) * 60 + two(at, length - 2);
  if (sign === 43) return minutes;
  return minutes === 0 ? null : -minutes;
}

/** CBOR tag 1: seconds since 1970, told apart from untagged milliseconds. */
export class EpochTime {
  readonly ms: number;
  constructor(seconds: number) {
    const ms = Math.round(seconds * 1000);
    this.ms = Math.abs(ms) <= MAX_MS ? ms : Number.NaN;
  }
}

function parseInstant(text: string): number {
  // YYYY-MM-DDTHH:MM:SS[.mmm]Z, what nearly every device sends.
  const length = text.length;
  if (
    (length === 24 || length === 20) &&
    text.charCodeAt(length - 1) === 90 &&
    text.charCodeAt(4) === 45 &&
    text.charCodeAt(7) === 45 &&
    text.charCodeAt(10) === 84 &&
    text.charCodeAt(13) === 58 &&
    text.charCodeAt(16) === 58 &&
    (length === 20 || text.charCodeAt(19) === 46)
  ) {
    const millis = length === 20 ? 0 : digit(text, 20) * 100 + two(text, 21);
    const year = two(text, 0) * 100 + two(text, 2);
    return calendarMs(year, two(text, 5), two(text, 8), two(text, 11), two(text, 14), two(text, 17), millis, 0);
  }
  if (length > 64) return Number.NaN;
  const found = SLOW.exec(text);
  if (!found) return Number.NaN;
  const field = (i: number) => Number(found[i] ?? 0);
  const offsetHours = field(10);
  const offsetMinutes = field(11);
  if (offsetHours > 23 || offsetMinutes > 59) return Number.NaN;
  const offset = (found[9] === "-" ? -1 : 1) * (offsetHours * 60 + offsetMinutes);
  const millis = Number((found[7] ?? "").slice(0, 3).padEnd(3, "0"));
  return calendarMs(field(1), field(2), field(3), field(4), field(5), field(6), millis, offset);
}

/** ms UTC of a calendar date and time; NaN where there is no such. */
export function calendarMs(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  millis: number,
  offsetMinutes: number,
): number {
  const known = year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
  if (!known || !(hour <= 23 && minute <= 59 && second <= 60 && millis >= 0)) return Number.NaN;
  const minutes = daysSince1970(year, month, day) * 1440 + hour * 60 + minute - offsetMinutes;
  // Leap seconds are inserted at the end of a UTC day, and nowhere else.
  if (second === 60 && mod(minutes, 1440) !== 1439) return Number.NaN;
  return minutes * 60_000 + second * 1000 + millis;
}

/** Days of the proleptic Gregorian calendar. Source: H. Hinnant, "chrono-compatible low-level date algorithms". */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

const mod = (value: number, by: number) => ((value % by) + by) % by;

/** One decimal digit, or NaN, which makes every comparison above false. */
function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - DIGIT_0;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

function two(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}
