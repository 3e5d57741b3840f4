import type { DecodeContext, Instant } from "../codec.ts";
import { instantOf, shownMs } from "../local-time.ts";
import { malformed } from "../reader.ts";
import { csvRecords } from "./csv.ts";
import { Gathered, numberOf } from "./gathered.ts";
import type { Mapping, TimeMapping, ValueMapping, When } from "./mapping.ts";
import { instantIn } from "./times.ts";

/** What stands in a column, or at a dotted path of a JSON object; "" where nothing does. */
type Row = (column: string) => string;

/** Lines at the beginning of a CSV among which the header is looked for: makers put names before it. */
export const HEADER_WITHIN = 20;

/** @throws RefusedInput MALFORMED_BYTES */
export function mapText(text: string, mapping: Mapping, format: string, context: DecodeContext): Gathered {
  const found = new Gathered();
  let item = -1;
  for (const row of rowsOf(text, mapping, format)) mapRow(found, ++item, row, mapping, context);
  found.close();
  return found;
}

function* rowsOf(text: string, mapping: Mapping, format: string): Generator<Row> {
  if (mapping.kind === "json") {
    yield* jsonRows(text, format);
    return;
  }
  let header: Map<string, number> | null = null;
  let line = 0;
  for (const cells of csvRecords(text, mapping.delimiter)) {
    if (header) {
      const columns = header;
      yield (column) => (cells[columns.get(column) ?? -1] ?? "").trim();
      continue;
    }
    const names = new Map(cells.map((name, i) => [name.trim(), i]));
    if (wantedColumns(mapping).every((column) => names.has(column))) header = names;
    else if (++line >= HEADER_WITHIN) break;
  }
  if (!header) {
    const expected = `a header with ${wantedColumns(mapping).slice(0, 5).join(", ")}`;
    throw malformed(format, "header", 0, expected);
  }
}

/** Columns by which the header is known; without any, those of the first value. */
function wantedColumns({ columns, time, values }: Mapping): readonly string[] {
  if (columns.length > 0) return columns;
  return [time.columns[0] as string, ...values.slice(0, 1).map(({ column }) => column)];
}

function* jsonRows(text: string, format: string): Generator<Row> {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    throw malformed(format, "JSON", 0, "JSON");
  }
  for (const member of Array.isArray(root) ? root : [root]) {
    yield (path) => wordAt(member, path);
  }
}

function wordAt(value: unknown, path: string): string {
  let at = value;
  for (const name of path.split(".")) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return "";
    at = (at as Record<string, unknown>)[name];
  }
  return typeof at === "string" || typeof at === "number" || typeof at === "boolean" ? String(at).trim() : "";
}

function mapRow(found: Gathered, item: number, row: Row, mapping: Mapping, context: DecodeContext): void {
  const values = mapping.values.filter(({ when, column }) => row(column) !== "" && holds(row, when));
  const events = mapping.events.filter(({ when }) => holds(row, when));
  if (values.length + events.length === 0) {
    const kind = mapping.rowKind === null ? "" : row(mapping.rowKind);
    found.ignore(kind === "" ? "row without a value that is mapped" : `row: ${kind.slice(0, 60)}`, 0);
    return;
  }
  const word = mapping.time.columns.map(row).find((cell) => cell !== "") ?? "";
  const at = timeOf(word, mapping.time, context);
  if (!at) {
    return void found.refuse(
      item,
      "TIME_MALFORMED",
      mapping.time.columns[0] ?? "",
      `a time of the form "${mapping.time.form}"`,
    );
  }
  for (const value of values) mapValue(found, item, row, value, mapping.decimal, at);
  for (const { event, detail } of events) {
    const kept = Object.entries(detail).flatMap(([name, column]) => (row(column) === "" ? [] : [[name, row(column)]]));
    found.event(event, at, Object.fromEntries(kept));
  }
}

function mapValue(
  found: Gathered,
  item: number,
  row: Row,
  { column, signal, unit, unitColumn, units, scale, words }: ValueMapping,
  decimal: "." | ",",
  at: Instant,
): void {
  const cell = row(column);
  if (Object.hasOwn(words, cell)) return void found.ignore(`${signal}: ${words[cell]}`, 0);
  const number = numberOf(decimal === "," ? cell.replace(",", ".") : cell);
  const value = scale === 1 ? number : Number((number * scale).toPrecision(12));
  if (!Number.isFinite(value)) return void found.refuse(item, "VALUE_NOT_A_NUMBER", column, "a decimal number");
  const said = unitColumn === null ? "" : row(unitColumn);
  const code = unit ?? (Object.hasOwn(units, said) ? units[said] : said);
  if (code === undefined || code === "") return void found.refuse(item, "UNIT_UNKNOWN", unitColumn ?? "", "a unit");
  if (signal === "pulse-rate" && code === "/min") found.pulse(item, value, at, 0);
  else found.reading(item, signal, code, value, at);
}

function holds(row: Row, when: When): boolean {
  for (const column in when) if (!when[column]?.includes(row(column))) return false;
  return true;
}

const US = /^(\d{1,2})\/(\d{1,2})\/(\d{2}|\d{4})(?:,? (\d{1,2}):(\d\d)(?::(\d\d))?(?: ?([AaPp])\.?[Mm]\.?)?)?$/;
const EU = /^(\d{1,2})[-./](\d{1,2})[-./](\d{4})(?:,? (\d{1,2}):(\d\d)(?::(\d\d))?)?$/;

function timeOf(word: string, mapping: TimeMapping, given: DecodeContext): Instant | null {
  if (mapping.zone !== "UTC") return timeIn(word, mapping, given);
  const at = timeIn(word, mapping, given);
  // UTC says when, and not where.
  return at && { time: at.time, utcOffsetMinutes: null, quality: 0 };
}

function timeIn(word: string, { form, zone }: TimeMapping, given: DecodeContext): Instant | null {
  const utcOffsetMinutes = zone === "UTC" ? 0 : zone === null ? given.utcOffsetMinutes : null;
  const context: DecodeContext = {
    item: 0,
    get at() {
      return given.at;
    },
    atQuality: given.atQuality,
    utcOffsetMinutes,
    timeZone: zone ?? given.timeZone,
    session: {},
  };
  if (form === "iso") return instantIn(word, context);
  if (form === "ms" || form === "s") {
    const time = numberOf(word) * (form === "s" ? 1000 : 1);
    return Math.abs(time) <= 8.64e15 ? { time: Math.round(time), utcOffsetMinutes: null, quality: 0 } : null;
  }
  const found = (form === "us" ? US : EU).exec(word);
  if (!found) return null;
  const field = (i: number) => Number(found[i] ?? 0);
  const [month, day] = form === "us" ? [field(1), field(2)] : [field(2), field(1)];
  const year = field(3) < 100 ? 2000 + field(3) : field(3);
  const half = form === "us" ? found[7]?.toLowerCase() : undefined;
  if (half !== undefined && (field(4) < 1 || field(4) > 12)) return null;
  const hour = half === undefined ? field(4) : (field(4) % 12) + (half === "p" ? 12 : 0);
  const shown = shownMs(year, month, day, hour, field(5), field(6));
  return Number.isNaN(shown) ? null : instantOf(shown, context);
}
