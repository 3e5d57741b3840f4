import { numberOf } from "../json/index.ts";
import type { Found } from "./path.ts";

/** One meaning of a value that can be searched for. */
export interface Token {
  /** "": it has none; undefined: a code of a fixed list, whose system is not written beside it. */
  readonly system: string | undefined;
  readonly code: string;
}

/** Both ends included; infinite where open. Milliseconds UTC of dates. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

export interface Amount extends Span {
  readonly system: string;
  /** Code, or where there is none what is written: "mm[Hg]". */
  readonly unit: string;
}

export interface Target {
  /** "Patient/1" of this server, "https://else.where/Patient/1", "#contained" not. undefined: named by its identifier only. */
  readonly reference: string | undefined;
  readonly identifier: Token | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

/** What people may write in a contact point; an identifier's system is an address. */
const CONTACTS = new Set(["phone", "fax", "email", "pager", "url", "sms", "other"]);

export function tokensOf({ value }: Found): readonly Token[] {
  if (typeof value === "boolean" || typeof value === "number") return [{ system: undefined, code: String(value) }];
  if (typeof value === "string") return [{ system: undefined, code: value }];
  const given = fields(value);
  if (Array.isArray(given.coding)) return given.coding.flatMap((one) => codingOf(fields(one)));
  if (given.code !== undefined) return codingOf(given);
  const named = text(given.value);
  if (named === undefined) return [];
  const system = text(given.system);
  return [{ system: system === undefined ? "" : CONTACTS.has(system) ? undefined : system, code: named }];
}

function codingOf({ system, code }: Fields): Token[] {
  const given = text(code);
  return given === undefined ? [] : [{ system: text(system) ?? "", code: given }];
}

/** What stands beside a code in words. */
export function wordsOf({ value }: Found): readonly string[] {
  const given = fields(value);
  const codings = list(given.coding).map((one) => text(fields(one).display));
  return [text(given.text), text(given.display), text(fields(given.type).text), ...codings].filter(
    (one) => one !== undefined,
  );
}

/** Type of an identifier, for `:of-type`: system|code|value. */
export function typedIdentifiersOf({ value }: Found): readonly string[] {
  const given = fields(value);
  const named = text(given.value);
  if (named === undefined) return [];
  return list(fields(given.type).coding).flatMap((one) => {
    const { system, code } = fields(one);
    return typeof code === "string" ? [`${text(system) ?? ""}|${code}|${named}`] : [];
  });
}

export function stringsOf({ value }: Found): readonly string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  const given = fields(value);
  // A name of which nobody said what is family and what is given is found by each of its words.
  const words = given.family === undefined && given.use !== undefined ? (text(given.text)?.split(/[\s,]+/) ?? []) : [];
  const parts = [given.text, given.family, given.given, given.prefix, given.suffix, given.line]
    .concat(words.slice(1))
    .concat([given.city, given.district, given.state, given.postalCode, given.country])
    .flatMap(list)
    .map(text)
    .filter((one) => one !== undefined);
  return parts.length > 0 ? parts : wordsOf({ value, type: undefined });
}

export function targetsOf({ value }: Found): readonly Target[] {
  if (typeof value === "string") return [{ reference: value, identifier: undefined }];
  const given = fields(value);
  const reference = text(given.reference);
  const identifier = fields(given.identifier);
  const named = text(identifier.value);
  const token = named === undefined ? undefined : { system: text(identifier.system) ?? "", code: named };
  if (reference?.startsWith("#") || (reference === undefined && !token)) return [];
  return [{ reference: reference?.replace(/\/_history\/[^/]+$/, ""), identifier: token }];
}

/** What a reference says in words that leads to nothing; with one that does, the resource itself is asked. */
export function wordsOfNowhere({ value }: Found): readonly string[] {
  const { reference, display } = fields(value);
  return reference === undefined && typeof display === "string" && display !== "" ? [display] : [];
}

export const urisOf = ({ value }: Found): readonly string[] => (typeof value === "string" ? [value] : []);

export function spansOf({ value }: Found): readonly Span[] {
  if (typeof value === "string") {
    const span = spanOfDate(value);
    return span ? [span] : [];
  }
  const given = fields(value);
  if (given.event !== undefined || given.repeat !== undefined) return timing(given);
  const { start, end } = given;
  if (start === undefined && end === undefined) return [];
  const low = typeof start === "string" ? spanOfDate(start)?.low : Number.NEGATIVE_INFINITY;
  const high = typeof end === "string" ? spanOfDate(end)?.high : Number.POSITIVE_INFINITY;
  return low === undefined || high === undefined ? [] : [{ low, high }];
}

/** A schedule lasts from its first to its last moment: that is what R4 searches it by. */
function timing({ event, repeat }: Fields): readonly Span[] {
  const bounds = spansOf({ value: fields(repeat).boundsPeriod, type: undefined });
  const moments = list(event).flatMap((value) => spansOf({ value, type: undefined }));
  const all = [...bounds, ...moments];
  if (all.length === 0) return [];
  return [{ low: Math.min(...all.map(({ low }) => low)), high: Math.max(...all.map(({ high }) => high)) }];
}

const DATE = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/;

/** As long as it is coarse: a day, a year. Without an offset it is read as UTC. undefined: no date. */
export function spanOfDate(date: string): Span | undefined {
  const found = DATE.exec(date.trim());
  if (!found) return undefined;
  const [, year = "", month, day, hour, minute, second, fraction, zone] = found;
  const at = (y: number, m: number, d: number, h: number, min: number, s: number) => {
    const time = new Date(0);
    time.setUTCFullYear(y, m, d);
    return time.setUTCHours(h, min, s);
  };
  const [y, m, d] = [Number(year), Number(month ?? 1) - 1, Number(day ?? 1)];
  if (m > 11 || d < 1 || new Date(at(y, m, d, 0, 0, 0)).getUTCMonth() !== m) return undefined;
  if (month === undefined) return { low: at(y, 0, 1, 0, 0, 0), high: at(y + 1, 0, 1, 0, 0, 0) - 1 };
  if (day === undefined) return { low: at(y, m, 1, 0, 0, 0), high: at(y, m + 1, 1, 0, 0, 0) - 1 };
  if (hour === undefined) return { low: at(y, m, d, 0, 0, 0), high: at(y, m, d + 1, 0, 0, 0) - 1 };
  if (Number(hour) > 24 || Number(minute) > 59 || Number(second ?? 0) > 60) return undefined;
  const offset = offsetOf(zone);
  const low = at(y, m, d, Number(hour), Number(minute), Number(second ?? 0)) - offset;
  if (second === undefined) return { low, high: low + 59_999 };
  if (fraction === undefined) return { low, high: low + 999 };
  const ms = Math.floor(Number(`0.${fraction}`) * 1000);
  const width = fraction.length >= 3 ? 1 : 10 ** (3 - fraction.length);
  return { low: low + ms, high: low + ms + width - 1 };
}

function offsetOf(zone: string | undefined): number {
  if (zone === undefined || zone === "Z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return (zone[0] === "-" ? -minutes : minutes) * 60_000;
}

export function numbersOf({ value }: Found): readonly Span[] {
  const number = numberOf(value);
  if (number !== undefined) return [{ low: number, high: number }];
  const { low, high } = fields(value);
  return low === undefined && high === undefined ? [] : [rangeOf(low, high)];
}

export function amountsOf({ value }: Found): readonly Amount[] {
  const given = fields(value);
  const currency = text(given.currency);
  if (currency !== undefined) {
    const number = numberOf(given.value);
    return number === undefined ? [] : [{ low: number, high: number, system: "urn:iso:std:iso:4217", unit: currency }];
  }
  if (given.low !== undefined || given.high !== undefined) {
    const named = fields(given.low ?? given.high);
    const ends = [given.low, given.high].map((end) => fields(end).value);
    return [{ ...rangeOf(ends[0], ends[1]), ...unitOf(named) }];
  }
  const number = numberOf(given.value);
  if (number === undefined) return [];
  return [{ ...compared(number, given.comparator), ...unitOf(given) }];
}

const unitOf = ({ system, code, unit }: Fields) => ({
  system: text(system) ?? "",
  unit: text(code) ?? text(unit) ?? "",
});

function rangeOf(low: unknown, high: unknown): Span {
  return { low: numberOf(low) ?? Number.NEGATIVE_INFINITY, high: numberOf(high) ?? Number.POSITIVE_INFINITY };
}

/** "<5" may be anything below. */
function compared(number: number, comparator: unknown): Span {
  if (comparator === "<" || comparator === "<=") return { low: Number.NEGATIVE_INFINITY, high: number };
  if (comparator === ">" || comparator === ">=") return { low: number, high: Number.POSITIVE_INFINITY };
  return { low: number, high: number };
}
