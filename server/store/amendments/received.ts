import type { PatientView, Stream, Waveform } from "@openward/model";
import { mergeColumns, type NumericColumns } from "@openward/timeseries";
import { HOUR_MS, periodOf } from "../telemetry/periods.ts";
import type { ColumnsQuery } from "../telemetry/query-columns.ts";
import type { Received } from "./ports.ts";
import { applyEdits, type Part } from "./resolve.ts";

/**
 * The record in which something stands that is another patient's: seen by nobody through this but the module itself, which
 * gives out of it what a re-attribution names, to who may see the patient whose it is.
 */
export function recordOnly(patientId: string, { principal }: Pick<PatientView, "principal">): PatientView {
  return {
    principal,
    has: (id) => id === patientId,
    patientIds: () => [patientId],
    recordsOf: (id) => (id === patientId ? [id] : []),
    hiddenOf: () => undefined,
  };
}

/** May this stream have said anything at all? What nobody sent has no stream. */
export function isKnown(
  { queries }: Received,
  view: Pick<PatientView, "principal">,
  { id, patientId }: Stream,
): boolean {
  return queries.known(recordOnly(patientId, view), id) !== undefined;
}

/** Columns of what the parts hold, in pieces, in order, as `query` says; within its span. */
export async function* columnsOf(
  received: Received,
  view: PatientView,
  parts: readonly Part[],
  query: ColumnsQuery,
): AsyncGenerator<NumericColumns> {
  const spans = elementary(parts.filter((part) => isKnown(received, view, part.stream)));
  if (query.isDescending) spans.reverse();
  for (const { from, to, parts: together } of spans) {
    const [only] = together;
    const within = { ...query, from: Math.max(from, query.from), to: Math.min(to, query.to) };
    if (!(within.from < within.to) || !only) continue;
    if (together.length === 1) yield* pieces(received, view, only, within);
    else yield* merged(received, view, together, within);
  }
}

async function* pieces(
  { queries }: Received,
  view: PatientView,
  { stream, edits }: Part,
  query: ColumnsQuery,
): AsyncGenerator<NumericColumns> {
  for await (const columns of queries.columns(recordOnly(stream.patientId, view), stream.id, query)) {
    const amended = edits.length === 0 ? columns : applyEditsEitherWay(columns, edits, query.isDescending);
    if (amended.times.length > 0) yield amended;
  }
}

/** Two streams over one span (a device that was given back and forth): an hour at a time. */
async function* merged(
  received: Received,
  view: PatientView,
  parts: readonly Part[],
  query: ColumnsQuery,
): AsyncGenerator<NumericColumns> {
  const hours: number[] = [];
  for (let hour = periodOf(query.from, HOUR_MS); hour < query.to; hour += HOUR_MS) hours.push(hour);
  if (query.isDescending) hours.reverse();
  for (const hour of hours) {
    const { signal, after } = query;
    const span = {
      from: Math.max(hour, query.from),
      to: Math.min(hour + HOUR_MS, query.to),
      isDescending: false,
      signal,
    };
    let all: NumericColumns | undefined;
    for (const part of parts) {
      for await (const columns of pieces(received, view, part, span)) all = all ? mergeColumns(all, columns) : columns;
    }
    if (!all) continue;
    const ordered = query.isDescending ? turned(all) : all;
    const { times, ordinals } = ordered;
    let first = 0;
    const isBefore = (i: number) => {
      if (!after) return false;
      const [time, ordinal] = [times[i] as number, ordinals[i] as number];
      if (time !== after.time) return query.isDescending ? time > after.time : time < after.time;
      return query.isDescending ? ordinal >= after.ordinal : ordinal <= after.ordinal;
    };
    while (first < times.length && isBefore(first)) first++;
    if (first < times.length) yield columnsFrom(ordered, first);
  }
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly parts: readonly Part[];
}

/** Cut where any part begins or ends, so that within a span the same parts hold throughout. */
function elementary(parts: readonly Part[]): Span[] {
  const isApart = parts.every((part, i) => i === 0 || part.from >= (parts[i - 1] as Part).to);
  if (isApart) return parts.map((part) => ({ from: part.from, to: part.to, parts: [part] }));
  const edges = [...new Set(parts.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  return edges.slice(1).flatMap((to, i) => {
    const from = edges[i] as number;
    const there = parts.filter((part) => part.from <= from && part.to >= to);
    return there.length > 0 ? [{ from, to, parts: there }] : [];
  });
}

function applyEditsEitherWay(columns: NumericColumns, edits: Part["edits"], isDescending: boolean): NumericColumns {
  return isDescending ? turned(applyEdits(turned(columns), edits)) : applyEdits(columns, edits);
}

function turned(columns: NumericColumns): NumericColumns {
  return {
    times: columns.times.toReversed(),
    values: columns.values.toReversed(),
    quality: columns.quality.toReversed(),
    ordinals: columns.ordinals.toReversed(),
    receivedAt: columns.receivedAt.toReversed(),
    utcOffsets: columns.utcOffsets.toReversed(),
  };
}

function columnsFrom(columns: NumericColumns, first: number): NumericColumns {
  return {
    times: columns.times.subarray(first),
    values: columns.values.subarray(first),
    quality: columns.quality.subarray(first),
    ordinals: columns.ordinals.subarray(first),
    receivedAt: columns.receivedAt.subarray(first),
    utcOffsets: columns.utcOffsets.subarray(first),
  };
}

/** Samples of the parts, each piece under the name of the stream that was asked for. */
export async function* waveformsOf(
  received: Received,
  view: PatientView,
  stream: Stream,
  parts: readonly Part[],
  signal?: AbortSignal,
): AsyncGenerator<Waveform> {
  for (const part of parts) {
    if (!isKnown(received, view, part.stream)) continue;
    const only = recordOnly(part.stream.patientId, view);
    const { from, to } = part;
    for await (const piece of received.queries.waveforms(only, part.stream.id, { from, to, signal })) {
      yield { ...piece, stream };
    }
  }
}
