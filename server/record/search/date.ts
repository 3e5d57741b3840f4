import { RefusedInput } from "@openward/errors";
import { splitUnescaped } from "@openward/fhir/search";
import { ALWAYS, type Interval, intersect, union } from "./intervals.ts";
import type { ParameterValue } from "./query.ts";
import { localToUtc } from "./time-zone.ts";

export type DatePrefix = "eq" | "ne" | "gt" | "lt" | "ge" | "le" | "sa" | "eb";

/** A point that is as long as it is imprecise: "2026-11" is a month. */
export interface DateValue {
  readonly prefix: DatePrefix;
  /** The span in the zone's own time, as if it were UTC. */
  readonly from: number;
  readonly to: number;
  /** Minutes; null where the value has no zone, and then the patient's counts. */
  readonly offsetMinutes: number | null;
}

const SHAPE =
  /^(eq|ne|gt|lt|ge|le|sa|eb)?(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+ -]\d\d:\d\d)?)?)?)?$/;
const EXPECTED =
  "a date such as 2026-11, 2026-11-22 or 2026-11-22T06:00:00Z, behind none or one of eq ne gt lt ge le sa eb";

/** @throws RefusedInput FIELD_INVALID */
export function parseDates({ value, at }: ParameterValue): DateValue[] {
  return splitUnescaped(value, ",").map((part) => {
    const parsed = parseDate(part.trim());
    if (!parsed) throw new RefusedInput("FIELD_INVALID", { at, expected: EXPECTED });
    return parsed;
  });
}

function parseDate(text: string): DateValue | undefined {
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const [, prefix = "eq", ...fields] = match;
  const [year = 0, month, day, hour, minute, second] = fields
    .slice(0, 6)
    .map((f) => (f === undefined ? undefined : Number(f)));
  const fraction = fields[6];
  const zone = fields[7];
  const from = Date.UTC(year, (month ?? 1) - 1, day ?? 1, hour ?? 0, minute ?? 0, second ?? 0);
  const back = new Date(from);
  // 31 February, 24:00 and second 60 roll over: a date that is not itself when read back is no date.
  if (year < 1 || back.getUTCFullYear() !== year || back.getUTCMonth() !== (month ?? 1) - 1) return undefined;
  if (back.getUTCDate() !== (day ?? 1) || back.getUTCHours() !== (hour ?? 0)) return undefined;
  if (back.getUTCMinutes() !== (minute ?? 0) || back.getUTCSeconds() !== (second ?? 0)) return undefined;
  const offsetMinutes = zone === undefined ? null : parseOffset(zone);
  if (offsetMinutes === undefined) return undefined;
  const base = { prefix: prefix as DatePrefix, offsetMinutes }; // the pattern lets no other prefix through
  if (fraction !== undefined) {
    // Readings are kept to the millisecond: a finer value names the millisecond that it lies in.
    const ms = from + Number(fraction.padEnd(3, "0").slice(0, 3));
    return { ...base, from: ms, to: ms + (fraction.length >= 3 ? 1 : 10 ** (3 - fraction.length)) };
  }
  if (second !== undefined) return { ...base, from, to: from + 1000 };
  if (minute !== undefined) return { ...base, from, to: from + 60_000 };
  if (day !== undefined) return { ...base, from, to: from + 86_400_000 };
  return { ...base, from, to: month === undefined ? Date.UTC(year + 1, 0, 1) : Date.UTC(year, month, 1) };
}

/** In an address, a plus that nobody escaped arrives as a space. */
function parseOffset(zone: string): number | null | undefined {
  if (zone === "Z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4));
  if (hours > 14 || minutes > 59) return undefined;
  return (zone[0] === "-" ? -1 : 1) * (hours * 60 + minutes);
}

/** `to` exclusive. */
export function spanOf(date: DateValue, timeZone: string): Interval {
  if (date.offsetMinutes !== null) {
    const shift = date.offsetMinutes * 60_000;
    return { from: date.from - shift, to: date.to - shift };
  }
  return { from: localToUtc(date.from, timeZone), to: localToUtc(date.to, timeZone) };
}

/** Of the instants, those that every occurrence lets through. */
export function instantsOf(occurrences: readonly (readonly DateValue[])[], timeZone: string): readonly Interval[] {
  let result: readonly Interval[] = ALWAYS;
  for (const values of occurrences) {
    result = intersect(result, union(...values.flatMap((value) => instants(value.prefix, spanOf(value, timeZone)))));
  }
  return result;
}

function instants(prefix: DatePrefix, { from, to }: Interval): Interval[] {
  const before = { from: Number.NEGATIVE_INFINITY, to: from };
  const behind = { from: to, to: Number.POSITIVE_INFINITY };
  switch (prefix) {
    case "eq":
      return [{ from, to }];
    case "ne":
      return [before, behind];
    case "gt":
    case "sa":
      return [behind];
    case "lt":
    case "eb":
      return [before];
    case "ge":
      return [{ from, to: Number.POSITIVE_INFINITY }];
    case "le":
      return [{ from: Number.NEGATIVE_INFINITY, to }];
  }
}

/** Does a period, both ends included, answer to every occurrence? As R4 section 3.1.1.4.6 compares ranges. */
export function periodMatches(
  occurrences: readonly (readonly DateValue[])[],
  timeZone: string,
  start: number,
  end: number,
): boolean {
  return occurrences.every((values) =>
    values.some((value) => comparePeriod(value.prefix, spanOf(value, timeZone), start, end)),
  );
}

function comparePeriod(prefix: DatePrefix, { from, to }: Interval, start: number, end: number): boolean {
  const within = start >= from && end < to;
  switch (prefix) {
    case "eq":
      return within;
    case "ne":
      return !within;
    case "gt":
      return end >= to;
    case "lt":
      return start < from;
    case "ge":
      return within || end >= to;
    case "le":
      return within || start < from;
    case "sa":
      return start >= to;
    case "eb":
      return end < from;
  }
}
