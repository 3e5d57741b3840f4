import { RefusedInput } from "@openward/errors";
import type { Codec, Instant } from "../codec.ts";
import { jsonFault } from "../json-fault.ts";
import { malformed } from "../reader.ts";
import { Gathered } from "./gathered.ts";
import { columnsOf, type HealthConnectTable, healthConnectTables, kindOf, signalAt } from "./health-connect/tables.ts";
import { checkSize, type FileFormat, MAX_PIECE_BYTES, type Piece } from "./piece.ts";
import { textOf } from "./read-xml.ts";
import { Window } from "./window.ts";

const NAME = "files/health-connect";
const LF = 0x0a;
/** UTC offsets of 18 hours are the most that there is. */
const MAX_ZONE_S = 64_800;
/** Nothing that is measured or counted is more. */
const MAX_NUMBER = 1e15;
const MAX_MS = 8.64e15;

type Cell = string | number | null;

/**
 * Rows of a table of Health Connect's database, as JSON:
 * `{"table": "weight_record_table", "columns": ["time", "zone_offset", "weight"], "rows": [[1795327200000, 3600, 72000]]}`.
 * Values and units are those of the database. A sum over a time (steps) is a reading at the end of that time.
 */
const codec: Codec = {
  name: NAME,
  display: "Health Connect, rows of its database",
  decode(bytes) {
    checkSize(bytes);
    const { table, columns, rows } = readPiece(bytes);
    const found = new Gathered();
    const take = takerOf(table, columns, found);
    for (const [item, row] of rows.entries()) {
      if (isRow(row, columns.length)) take(item, row);
      else found.refuse(item, "FIELD_INVALID", "row", `${columns.length} numbers, words or nulls`);
    }
    return found.close();
  },
};

export default codec;

/** The lines that `openward import` makes of the database: one is a piece. */
export const healthConnect: FileFormat = {
  codec: NAME,
  display: "Health Connect (its database, also in its .zip)",
  isOf: (_name, head) => /^\{"(?:table|left)":"[A-Za-z]/.test(new TextDecoder().decode(head.subarray(0, 64))),
  cut: cutLines,
};

function readPiece(bytes: Uint8Array): {
  readonly table: HealthConnectTable;
  readonly columns: readonly string[];
  readonly rows: readonly unknown[];
} {
  const text = textOf(bytes, NAME);
  let given: { readonly table?: unknown; readonly columns?: unknown; readonly rows?: unknown } | null;
  try {
    given = JSON.parse(text) as typeof given;
  } catch {
    const before = text.slice(0, jsonFault(text));
    throw malformed(NAME, "json", new TextEncoder().encode(before).length, "JSON");
  }
  const table = typeof given?.table === "string" ? healthConnectTables.get(given.table) : undefined;
  if (!table) throw malformed(NAME, "table", 0, "a table of Health Connect that is read here");
  const wanted = columnsOf(table);
  const columns = given?.columns;
  if (!Array.isArray(columns) || columns.length !== wanted.length || columns.some((name, i) => name !== wanted[i])) {
    throw malformed(NAME, "columns", 0, wanted.join(", "));
  }
  if (!Array.isArray(given?.rows)) throw malformed(NAME, "rows", 0, "an array of rows");
  return { table, columns: wanted, rows: given.rows };
}

const isCell = (cell: unknown): cell is Cell => cell === null || typeof cell === "number" || typeof cell === "string";
const isRow = (row: unknown, width: number): row is Cell[] =>
  Array.isArray(row) && row.length === width && row.every(isCell);

function takerOf(table: HealthConnectTable, columns: readonly string[], found: Gathered) {
  const { from, until, zone, where, kind, event, values } = table;
  const at = new Map(columns.map((column, i) => [column, i]));
  const cell = (row: readonly Cell[], column: string | null) =>
    column === null ? null : (row[at.get(column) ?? -1] ?? null);

  return (item: number, row: readonly Cell[]): void => {
    const offset = offsetOf(cell(row, zone));
    if (offset === undefined) return void found.refuse(item, "FIELD_INVALID", zone, "seconds ahead of UTC");
    const start = instantOf(cell(row, from), offset);
    const end = until === null ? start : instantOf(cell(row, until), offset);
    if (!start || !end)
      return void found.refuse(item, "TIME_MALFORMED", start ? (until ?? from) : from, "milliseconds UTC");
    if (event !== null) return void takeEvent(event, cell(row, kind), start, end);
    const signal = where === null ? null : signalAt(where, String(cell(row, where) ?? 0));
    if (where !== null && signal === null) return void found.ignore(`${table.name}: ${where} of another kind`, 0);
    for (const [column, [usual, unit]] of Object.entries(values))
      takeValue(item, column, signal ?? usual, unit, cell(row, column), end);
  };

  function takeValue(item: number, column: string, signal: string, unit: string, value: Cell, end: Instant): void {
    // Of a meal without carbohydrates nothing is known.
    if (value === null) return void found.ignore(`${table.name}: ${column} is not there`, 0);
    if (typeof value === "number" && Math.abs(value) <= MAX_NUMBER)
      return void found.reading(item, signal, unit, value, end);
    return void found.refuse(item, "VALUE_NOT_A_NUMBER", column, "a number");
  }

  function takeEvent(name: string, what: Cell, start: Instant, end: Instant): void {
    const span = { until: new Date(end.time).toISOString(), minutes: Math.round((end.time - start.time) / 600) / 100 };
    if (kind === null) return void found.event(name, start, span);
    const named = kindOf(kind, String(what ?? 0));
    if (named === null) return void found.ignore(`${table.name}: ${kind} that is not known`, 0);
    return void found.event(name, start, { [kind === "stage_type" ? "stage" : "activity"]: named, ...span });
  }
}

function instantOf(cell: Cell, utcOffsetMinutes: number | null): Instant | null {
  if (typeof cell !== "number" || !Number.isInteger(cell) || Math.abs(cell) > MAX_MS) return null;
  return { time: cell, utcOffsetMinutes, quality: 0 };
}

/** Minutes; null: not said; undefined: no offset. */
function offsetOf(cell: Cell): number | null | undefined {
  if (cell === null) return null;
  if (typeof cell !== "number" || !Number.isInteger(cell) || Math.abs(cell) > MAX_ZONE_S) return undefined;
  return Math.round(cell / 60);
}

/** `{"left": "vo2_max_record_table", "count": 12}` tells of what the reader of the database did not take. */
const LEFT = /^\{"left":"([A-Za-z0-9_]{1,80})","count":(\d{1,15})\}$/;

async function* cutLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  const window = new Window();
  let looked = 0;
  const pieceOf = (end: number): Piece => {
    const { base } = window;
    const bytes = window.bytes.slice(0, end);
    const left = bytes.length <= 120 ? LEFT.exec(new TextDecoder().decode(bytes)) : null;
    const span = { from: base, to: base + end };
    return left
      ? { ...span, bytes: bytes.subarray(0, 0), left: `${left[2]} x ${left[1]}` }
      : { ...span, bytes, left: null };
  };
  for await (const chunk of source) {
    window.append(chunk);
    for (;;) {
      const end = window.bytes.subarray(0, window.length).indexOf(LF, looked);
      if (end < 0) break;
      if (end > 0) yield pieceOf(end);
      window.drop(end + 1);
      looked = 0;
    }
    looked = window.length;
    if (looked > MAX_PIECE_BYTES)
      throw new RefusedInput("BODY_TOO_LARGE", { expected: `lines of at most ${MAX_PIECE_BYTES} bytes` });
  }
  if (window.length > 0) yield pieceOf(window.length);
}
