import { type Amendment, QUALITY, type Stream } from "@openward/model";
import { copyReading, emptyColumns, lowerBound, type NumericColumns, sliceColumns } from "@openward/timeseries";
import { type Book, holds, isAbout } from "./book.ts";

/** One reading, by its time and the value as received, is an error or has another value. */
export interface Edit {
  readonly time: number;
  readonly received: number;
  /** null: entered in error. */
  readonly value: number | null;
  readonly amendment: Amendment;
}

/** A span of what a stream received, and what was said of single readings in it. */
export interface Part {
  readonly stream: Stream;
  readonly from: number;
  readonly to: number;
  readonly edits: readonly Edit[];
}

interface Growing extends Part {
  readonly edits: Edit[];
}

export type StreamIdOf = (stream: Omit<Stream, "id">) => string;

interface Moment {
  /** Only amendments before this one. */
  readonly before?: number;
  /** Those that held when this one had been made. */
  readonly asOf?: number;
}

/**
 * Of what a stream is made over [from, to): amendments one after the other, in the order in which they were made, each on
 * what those before it left. What was given to the patient comes as it stood when it was given: a chain ends, because each
 * step back is to earlier amendments.
 */
export function resolve(
  book: Book,
  streamIdOf: StreamIdOf,
  stream: Stream,
  from: number,
  to: number,
  { before = Number.POSITIVE_INFINITY, asOf = Number.POSITIVE_INFINITY }: Moment = {},
): Growing[] {
  let parts: Growing[] = [{ stream, from, to, edits: [] }];
  for (const record of book.around(stream, from, to)) {
    const { amendment } = record;
    if (amendment.sequence >= before) break;
    if (!isAbout(amendment, stream) || !holds(record, asOf)) continue;
    if (amendment.patientId !== stream.patientId) {
      const source = { ...stream, patientId: amendment.patientId };
      const start = Math.max(from, amendment.from);
      const end = Math.min(to, amendment.to);
      const moment = { before: amendment.sequence, asOf };
      const given = { ...source, id: streamIdOf(source) };
      parts.push(...resolve(book, streamIdOf, given, start, end, moment));
    } else if (amendment.reading) {
      const { received } = amendment.reading;
      const edit = { time: amendment.from, received, value: amendment.corrected, amendment };
      // Parts that were one have one list, and at most one of them has this time; there may be very many edits.
      for (const part of parts) if (part.from <= edit.time && edit.time < part.to) part.edits.push(edit);
    } else {
      parts = parts.flatMap((part) => without(part, amendment.from, amendment.to));
    }
  }
  return parts.filter((part) => part.from < part.to).sort((a, b) => a.from - b.from || a.to - b.to);
}

const NO_EDITS: readonly Edit[] = [];

function without(part: Growing, from: number, to: number): Growing[] {
  if (from >= part.to || to <= part.from) return [part];
  const before = { ...part, to: from };
  const behind = { ...part, from: to };
  return [before, behind].filter((rest) => rest.from < rest.to);
}

/** The last that was said of a reading; undefined: nothing. */
export function editOf(edits: readonly Edit[], time: number, received: number): Edit | undefined {
  for (let i = edits.length - 1; i >= 0; i--) {
    const edit = edits[i] as Edit;
    if (edit.time === time && edit.received === received) return edit;
  }
  return undefined;
}

/** Columns in order of time with what was said of single readings; a copy where anything is. */
export function applyEdits(columns: NumericColumns, edits: readonly Edit[]): NumericColumns {
  const { times, values } = columns;
  const count = times.length;
  const there = Map.groupBy(
    edits.filter(({ time }) => times[lowerBound(times, time, 0, count)] === time),
    ({ time }) => time,
  );
  if (there.size === 0) return columns;
  const amended = emptyColumns(count);
  let out = 0;
  for (let i = 0; i < count; i++) {
    const time = times[i] as number;
    const edit = editOf(there.get(time) ?? NO_EDITS, time, values[i] as number);
    if (edit?.value === null) continue;
    copyReading(columns, i, amended, out);
    if (edit?.value !== undefined) {
      amended.values[out] = edit.value;
      amended.quality[out] = (amended.quality[out] as number) | QUALITY.corrected;
    }
    out++;
  }
  return sliceColumns(amended, 0, out);
}
