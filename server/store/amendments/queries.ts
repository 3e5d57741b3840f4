import { RefusedInput } from "@openward/errors";
import type { PatientView, Stream } from "@openward/model";
import type { NumericColumns } from "@openward/timeseries";
import { DAY_MS, Distribution, gapOf, lineOf } from "@openward/timeseries";
import type { Trend } from "../telemetry/ports.ts";
import type { BucketsQuery, StreamQueries } from "../telemetry/queries.ts";
import type { ColumnsQuery } from "../telemetry/query-columns.ts";
import { amendOverview, amendTrend, emptyOverview, emptyTrend } from "./buckets.ts";
import type { Overlay } from "./overlay.ts";
import { columnsOf, isKnown, waveformsOf } from "./received.ts";

/** What /api/streams asks, amended. A stream that nobody amended is asked as if this were not there. */
export function amendQueries(overlay: Overlay): StreamQueries {
  const { received, book } = overlay;
  const raw = received.queries;
  const seen = (view: PatientView, streamId: string, kind?: Stream["kind"]): Stream => {
    const stream = overlay.streamOf(view, streamId);
    if (!stream) throw new RefusedInput("NOT_FOUND", { at: "stream" });
    if (kind && stream.kind !== kind)
      throw new RefusedInput("FIELD_INVALID", { at: "stream", expected: `a ${kind} stream` });
    return stream;
  };

  async function* amendedColumns(
    view: PatientView,
    stream: Stream,
    query: ColumnsQuery,
  ): AsyncGenerator<NumericColumns> {
    const parts = overlay.partsOf(seen(view, stream.id, "numeric"), query.from, query.to);
    for await (const piece of columnsOf(received, view, parts, query)) {
      query.signal?.throwIfAborted();
      seen(view, stream.id);
      yield piece;
    }
  }

  function columns(view: PatientView, streamId: string, query: ColumnsQuery): AsyncGenerator<NumericColumns> {
    const stream = book.isEmpty ? undefined : overlay.streamOf(view, streamId);
    const isTouched = stream && overlay.isTouched(stream, query.from, query.to);
    return isTouched ? amendedColumns(view, stream, query) : raw.columns(view, streamId, query);
  }

  async function trend(view: PatientView, stream: Stream, query: BucketsQuery): Promise<Trend> {
    const { from, to } = query;
    const [received0] = isKnown(received, view, stream) ? await raw.trends(view, [stream.id], query) : [];
    const base = received0 ?? emptyTrend(stream, query);
    const touched = overlay.touchedSpans(stream, from, to);
    return amendTrend(received, view, base, query, touched, (start, end) => overlay.partsOf(stream, start, end));
  }

  return {
    known: (view, streamId) => overlay.streamOf(view, streamId),

    newest(view, patientIds) {
      if (book.isEmpty) return raw.newest(view, patientIds);
      const isTouched = (id: string) => view.has(id) && view.recordsOf(id).some((record) => book.has(record));
      if (!patientIds.some(isTouched)) return raw.newest(view, patientIds);
      const plain = raw.newest(view, patientIds);
      const patients = plain.patients.map(({ patientId, streams }) => ({ patientId, streams }));
      const rows: { time: number; value: number; receivedAt: number; quality: number }[] = [];
      let at = 0;
      for (const patient of patients) {
        const count = patient.streams.length;
        if (isTouched(patient.patientId)) {
          const readings = overlay.latest(view, patient.patientId);
          patient.streams = readings.map(({ stream }) => stream);
          rows.push(...readings);
        } else {
          for (let i = at; i < at + count; i++) {
            rows.push({
              time: plain.times[i] as number,
              value: plain.values[i] as number,
              receivedAt: plain.receivedAt[i] as number,
              quality: plain.quality[i] as number,
            });
          }
        }
        at += count;
      }
      return {
        patients,
        times: Float64Array.from(rows, (row) => row.time),
        values: Float64Array.from(rows, (row) => row.value),
        receivedAt: Float64Array.from(rows, (row) => row.receivedAt),
        quality: Uint8Array.from(rows, (row) => row.quality),
      };
    },

    columns,

    async trends(view, streamIds, query) {
      const streams = streamIds.map((id) => seen(view, id, "numeric"));
      const { from, to } = query;
      const touched = new Set(streams.filter((stream) => overlay.isTouched(stream, from, to)));
      if (touched.size === 0) return raw.trends(view, streamIds, query);
      const plain = streams.filter((stream) => !touched.has(stream)).map(({ id }) => id);
      const others = new Map((await raw.trends(view, plain, query)).map((each) => [each.stream.id, each]));
      const trends: Trend[] = [];
      for (const stream of streams) {
        trends.push(touched.has(stream) ? await trend(view, stream, query) : (others.get(stream.id) as Trend));
      }
      for (const id of streamIds) seen(view, id);
      return trends;
    },

    async distribution(view, streamId, query) {
      const stream = seen(view, streamId, "numeric");
      const { from, to, signal } = query;
      if (!overlay.isTouched(stream, from, to)) return raw.distribution(view, streamId, query);
      // Days of which nothing was said are asked as they are; a stream that nobody sent has only what was given to it.
      const isReceived = isKnown(received, view, stream);
      const spans = isReceived ? wholeDays(overlay.touchedSpans(stream, from, to), from, to) : [{ from, to }];
      const all = new Distribution();
      let at = from;
      for (const span of spans) {
        if (at < span.from) all.merge(await raw.distribution(view, streamId, { from: at, to: span.from, signal }));
        for await (const { times, values } of columns(view, streamId, { ...span, isDescending: false, signal }))
          all.add(times, values);
        at = span.to;
      }
      if (at < to) all.merge(await raw.distribution(view, streamId, { from: at, to, signal }));
      return all;
    },

    async line(view, streamId, query) {
      const { from, to, buckets, signal } = query;
      const stream = seen(view, streamId, "numeric");
      if (!overlay.isTouched(stream, from, to)) return raw.line(view, streamId, query);
      const parts: NumericColumns[] = [];
      let length = 0;
      for await (const piece of columns(view, streamId, { from, to, isDescending: false, signal })) {
        length += piece.times.length;
        if (length > LINE_READINGS_MAX) {
          throw new RefusedInput("SEARCH_TOO_COSTLY", { at: "to", expected: `at most ${LINE_READINGS_MAX} readings` });
        }
        parts.push({ ...piece, times: piece.times.slice(), values: piece.values.slice() });
      }
      const times = new Float64Array(length);
      const values = new Float64Array(length);
      let at = 0;
      for (const part of parts) {
        times.set(part.times, at);
        values.set(part.values, at);
        at += part.times.length;
      }
      return lineOf(times, values, buckets, gapOf(times, (to - from) / buckets));
    },

    async *waveforms(view, streamId, { from, to, signal }) {
      const stream = seen(view, streamId, "waveform");
      if (!overlay.isTouched(stream, from, to)) return yield* raw.waveforms(view, streamId, { from, to, signal });
      for await (const piece of waveformsOf(received, view, stream, overlay.partsOf(stream, from, to), signal)) {
        signal?.throwIfAborted();
        seen(view, streamId);
        yield piece;
      }
    },

    async overview(view, streamId, query) {
      const stream = seen(view, streamId, "waveform");
      const { from, to } = query;
      if (!overlay.isTouched(stream, from - 1000, to + 1000)) return raw.overview(view, streamId, query);
      const base = isKnown(received, view, stream) ? await raw.overview(view, streamId, query) : emptyOverview(query);
      const touched = overlay.touchedSpans(stream, from - 1000, to + 1000);
      const partsOf = (start: number, end: number) => overlay.partsOf(stream, start, end);
      const overview = await amendOverview(received, view, stream, base, query, touched, partsOf);
      seen(view, streamId);
      return overview;
    },
  };
}

/** The days that spans touch, in order, apart from one another, cut to [from, to). */
function wholeDays(spans: readonly { readonly from: number; readonly to: number }[], from: number, to: number) {
  const days: { from: number; to: number }[] = [];
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const first = Math.max(from, Math.floor(span.from / DAY_MS) * DAY_MS);
    const end = Math.min(to, Math.ceil(span.to / DAY_MS) * DAY_MS);
    const last = days.at(-1);
    if (last && first <= last.to) last.to = Math.max(last.to, end);
    else if (first < end) days.push({ from: first, to: end });
  }
  return days;
}

/** Drawing a line needs all its readings at once. */
const LINE_READINGS_MAX = 3_000_000;
