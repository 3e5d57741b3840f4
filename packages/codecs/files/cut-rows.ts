import { RefusedInput } from "@openward/errors";
import { malformed } from "../reader.ts";
import { csvRecords, endOfRecord } from "./csv.ts";
import { HEADER_WITHIN } from "./map-rows.ts";
import { concat, PIECE_BYTES, type Piece } from "./piece.ts";
import { Window } from "./window.ts";

const MAX_ROW = 1_048_576;
const NOTHING = new Uint8Array(0);

/**
 * Cuts a CSV into tables of some rows, each with the header.
 *
 * @param isHeader of the first lines; the first that is one
 * @param before what stands before each table
 */
export async function* cutCsv(
  source: AsyncIterable<Uint8Array>,
  {
    format,
    delimiter,
    isHeader,
    before = NOTHING,
  }: {
    readonly format: string;
    readonly delimiter: string;
    readonly isHeader: (cells: readonly string[]) => boolean;
    readonly before?: Uint8Array;
  },
): AsyncGenerator<Piece> {
  const window = new Window();
  let head: Uint8Array | null = null;
  let line = 0;
  let at = 0;
  const pieceOf = (end: number): Piece => {
    const first = head as Uint8Array;
    const rows = window.bytes.subarray(0, end);
    const bytes = concat([before, first, rows], before.length + first.length + rows.length);
    return { bytes, from: window.base, to: window.base + end, left: null };
  };
  function* take(isEnd: boolean): Generator<Piece> {
    for (;;) {
      const found = endOfRecord(window.bytes, at, window.length);
      const end = found < 0 && isEnd && at < window.length ? window.length : found;
      if (end < 0) break;
      if (head === null) {
        const record = window.bytes.slice(at, end);
        const [cells = []] = csvRecords(new TextDecoder().decode(record), delimiter);
        if (isHeader(cells))
          head = record.at(-1) === 10 ? record : concat([record, Uint8Array.of(10)], record.length + 1);
        else if (++line >= HEADER_WITHIN) throw noHeader(format);
        window.drop(end);
        at = 0;
        continue;
      }
      at = end;
      if (at < PIECE_BYTES) continue;
      yield pieceOf(at);
      window.drop(at);
      at = 0;
    }
    if (window.length - at > MAX_ROW)
      throw malformed(format, "row", window.base + at, `rows of at most ${MAX_ROW} bytes`);
  }
  for await (const chunk of source) {
    window.append(chunk);
    yield* take(false);
  }
  yield* take(true);
  if (head === null) throw noHeader(format);
  if (at > 0) yield pieceOf(at);
}

function noHeader(format: string): RefusedInput {
  return new RefusedInput("FILE_FORMAT", { at: "header", expected: `the columns of ${format}` });
}

const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const QUOTE = 0x22;

/** Cuts a JSON array into arrays of some of its members; an object is taken as the one member. */
export async function* cutJson(
  source: AsyncIterable<Uint8Array>,
  { format, before = NOTHING }: { readonly format: string; readonly before?: Uint8Array },
): AsyncGenerator<Piece> {
  const window = new Window();
  let state = "before" as "before" | "in" | "after";
  let [at, depth, whole] = [0, 0, 0];
  let [isText, isEscaped, isSingle] = [false, false, false];
  const pieceOf = (end: number): Piece => {
    const members = window.bytes.subarray(0, end);
    const bytes = concat(
      [before, Uint8Array.of(0x5b), members, Uint8Array.of(0x5d)],
      before.length + members.length + 2,
    );
    return { bytes, from: window.base, to: window.base + end, left: null };
  };
  function* take(): Generator<Piece> {
    for (; at < window.length; at++) {
      const byte = window.bytes[at] as number;
      if (isText) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isText = false;
        continue;
      }
      if (byte <= 0x20) continue;
      if (state === "before") {
        if (window.base === 0 && at < 3 && byte >= 0x80) continue;
        if (byte !== 0x5b && byte !== 0x7b) throw malformed(format, "JSON", window.base + at, "an array or an object");
        isSingle = byte === 0x7b;
        state = "in";
        window.drop(isSingle ? at : at + 1);
        at = -1;
        if (isSingle) {
          depth = 1;
          at = 0;
        }
      } else if (state === "after") throw malformed(format, "JSON", window.base + at, "nothing behind the array");
      else if (byte === QUOTE) isText = true;
      else if (byte === 0x5b || byte === 0x7b) depth++;
      else if (byte === 0x5d || byte === 0x7d) {
        if (depth > 0) {
          depth--;
          if (depth === 0) whole = at + 1;
          if (depth === 0 && isSingle) state = "after";
        } else {
          if (byte === 0x7d) throw malformed(format, "JSON", window.base + at, "]");
          whole = at;
          state = "after";
        }
        if (state === "after" && whole > 0) {
          yield pieceOf(whole);
          window.drop(at + 1);
          [at, whole] = [-1, 0];
        }
      } else if (byte === COMMA && depth === 0 && at >= PIECE_BYTES) {
        yield pieceOf(at);
        window.drop(at + 1);
        [at, whole] = [-1, 0];
      }
    }
    if (depth > 0 && window.length - whole > 4 * MAX_ROW) {
      throw malformed(format, "JSON", window.base + whole, `members of at most ${4 * MAX_ROW} bytes`);
    }
  }
  for await (const chunk of source) {
    window.append(chunk);
    yield* take();
  }
  if (state === "after") return;
  if (whole > 0 && !isSingle) yield pieceOf(whole);
  throw new RefusedInput("FILE_TRUNCATED", {
    expected: "the end of the array",
    received: `${window.base + window.length} bytes`,
  });
}
