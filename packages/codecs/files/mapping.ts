import { RefusedInput } from "@openward/errors";
import { findSignal, isNumeric } from "@openward/signals";
import { isRecord } from "../body.ts";

/** How the rows of a table, or the members of a JSON array, become readings and events: data, and no program. */
export interface Mapping {
  readonly kind: "csv" | "json";
  readonly delimiter: string;
  /** "," where numbers have a decimal comma. */
  readonly decimal: "." | ",";
  /** Of a CSV: the header is the first line of the beginning that has all of them. */
  readonly columns: readonly string[];
  readonly time: TimeMapping;
  readonly values: readonly ValueMapping[];
  readonly events: readonly EventMapping[];
  /** The column that says what a row is about: it names those that are not taken. */
  readonly rowKind: string | null;
}

export const TIME_FORMS = ["iso", "us", "eu", "ms", "s"] as const;

export interface TimeMapping {
  /** The first that has something is taken. */
  readonly columns: readonly string[];
  /** us: month first; eu: day first; ms and s: since 1970. */
  readonly form: (typeof TIME_FORMS)[number];
  /** IANA zone of times that say none, or "UTC"; null: the patient's. */
  readonly zone: string | null;
}

/** Column and the words of which one must stand there. */
export type When = Readonly<Record<string, readonly string[]>>;

export interface ValueMapping {
  readonly when: When;
  readonly column: string;
  readonly signal: string;
  /** UCUM code. */
  readonly unit: string | null;
  /** Where the row says the unit, and which UCUM code its words mean. */
  readonly unitColumn: string | null;
  readonly units: Readonly<Record<string, string>>;
  /** value = number x scale */
  readonly scale: number;
  /** Words that stand in place of a number, and what they mean: they are told, and not taken. */
  readonly words: Readonly<Record<string, string>>;
}

export interface EventMapping {
  readonly when: When;
  readonly event: string;
  /** Name and column of what is kept of it. */
  readonly detail: Readonly<Record<string, string>>;
}

const EVENT = /^[a-z0-9-]{1,64}$/;
const MAX_LIST = 100;

/**
 * @param given as JSON.parse gives it
 * @throws RefusedInput FIELD_INVALID, SIGNAL_UNKNOWN with the place in the mapping
 */
export function parseMapping(given: unknown): Mapping {
  const top = recordOf(given, "mapping");
  only(top, "mapping", ["kind", "delimiter", "decimal", "columns", "time", "values", "events", "rowKind", "about"]);
  const { kind = "csv", delimiter = ",", decimal = "." } = top;
  if (kind !== "csv" && kind !== "json") refuse("kind", '"csv" or "json"');
  if (delimiter !== "," && delimiter !== ";" && delimiter !== "\t") refuse("delimiter", '",", ";" or a tab');
  if (decimal !== "." && decimal !== ",") refuse("decimal", '"." or ","');
  const time = recordOf(top.time, "time");
  only(time, "time", ["column", "form", "zone"]);
  const form = TIME_FORMS.find((known) => known === (time.form ?? "iso"));
  if (!form) refuse("time.form", TIME_FORMS.join(", "));
  const columns = typeof time.column === "string" ? [time.column] : wordsOf(time.column, "time.column");
  const values = listOf(top.values, "values").map((each, i) => valueMappingOf(each, `values[${i}]`));
  const events = listOf(top.events, "events").map((each, i) => eventMappingOf(each, `events[${i}]`));
  if (values.length + events.length === 0) refuse("values", "at least one value or event");
  return {
    kind: kind as Mapping["kind"],
    delimiter: delimiter as string,
    decimal: decimal as Mapping["decimal"],
    columns: top.columns === undefined ? [] : wordsOf(top.columns, "columns"),
    time: {
      columns,
      form: form as TimeMapping["form"],
      zone: time.zone === undefined ? null : textOf(time.zone, "time.zone"),
    },
    values,
    events,
    rowKind: top.rowKind === undefined ? null : textOf(top.rowKind, "rowKind"),
  };
}

function valueMappingOf(given: unknown, at: string): ValueMapping {
  const value = recordOf(given, at);
  only(value, at, ["when", "column", "signal", "unit", "unitColumn", "units", "scale", "words"]);
  const key = textOf(value.signal, `${at}.signal`);
  const signal = findSignal(key);
  if (!signal || !isNumeric(signal)) {
    throw new RefusedInput("SIGNAL_UNKNOWN", { at: `${at}.signal`, expected: "a numeric signal of the vocabulary" });
  }
  const { scale = 1 } = value;
  if (typeof scale !== "number" || !Number.isFinite(scale) || scale === 0)
    refuse(`${at}.scale`, "a number other than 0");
  if ((value.unit === undefined) === (value.unitColumn === undefined))
    refuse(`${at}.unit`, "either unit or unitColumn");
  return {
    when: whenOf(value.when, `${at}.when`),
    column: textOf(value.column, `${at}.column`),
    signal: key,
    unit: value.unit === undefined ? null : textOf(value.unit, `${at}.unit`),
    unitColumn: value.unitColumn === undefined ? null : textOf(value.unitColumn, `${at}.unitColumn`),
    units: namesOf(value.units, `${at}.units`),
    scale: scale as number,
    words: namesOf(value.words, `${at}.words`),
  };
}

function eventMappingOf(given: unknown, at: string): EventMapping {
  const event = recordOf(given, at);
  only(event, at, ["when", "event", "detail"]);
  const name = textOf(event.event, `${at}.event`);
  // An event of the vocabulary is a call, and history calls nobody.
  if (!EVENT.test(name) || findSignal(name)) refuse(`${at}.event`, "a name of a-z, 0-9 and - that is no signal");
  return {
    when: whenOf(event.when, `${at}.when`),
    event: name,
    detail: namesOf(event.detail, `${at}.detail`),
  };
}

function whenOf(given: unknown, at: string): When {
  if (given === undefined) return {};
  const found: [string, readonly string[]][] = Object.entries(recordOf(given, at)).map(([column, words]) => [
    column,
    typeof words === "string" ? [words] : wordsOf(words, `${at}.${column}`, 0),
  ]);
  return Object.fromEntries(found);
}

function namesOf(given: unknown, at: string): Readonly<Record<string, string>> {
  if (given === undefined) return {};
  const entries = Object.entries(recordOf(given, at)).map(([name, word]) => [name, textOf(word, `${at}.${name}`)]);
  if (entries.length > MAX_LIST) refuse(at, `at most ${MAX_LIST}`);
  return Object.fromEntries(entries);
}

/** @param least characters: an empty word says that nothing stands there */
function wordsOf(given: unknown, at: string, least = 1): readonly string[] {
  const list = listOf(given, at);
  if (list.length === 0) refuse(at, "at least one");
  return list.map((word, i) => textOf(word, `${at}[${i}]`, least));
}

function listOf(given: unknown, at: string): readonly unknown[] {
  if (given === undefined) return [];
  if (!Array.isArray(given) || given.length > MAX_LIST) return refuse(at, `a list of at most ${MAX_LIST}`);
  return given;
}

function textOf(given: unknown, at: string, least = 1): string {
  if (typeof given !== "string" || given.length < least || given.length > 200)
    return refuse(at, "text of 1 to 200 characters");
  return given;
}

function recordOf(given: unknown, at: string): Readonly<Record<string, unknown>> {
  return isRecord(given) ? given : refuse(at, "an object");
}

function only(given: Readonly<Record<string, unknown>>, at: string, fields: readonly string[]): void {
  for (const name of Object.keys(given))
    if (!fields.includes(name)) refuse(`${at}.${name.slice(0, 40)}`, `no other fields than ${fields.join(", ")}`);
}

function refuse(at: string, expected: string): never {
  throw new RefusedInput("FIELD_INVALID", { at, expected });
}
