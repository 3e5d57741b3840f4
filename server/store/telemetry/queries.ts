import { RefusedInput } from "@openward/errors";
import type { PatientView, Stream, Waveform } from "@openward/model";
import { sees } from "@openward/signals/categories";
import { type Distribution, gapOf, type Line, lineOf, type NumericColumns } from "@openward/timeseries";
import type { Blocks } from "./blocks.ts";
import type { DayDistributions, DistributionQuery } from "./day-distributions.ts";
import type { Memory } from "./memory.ts";
import type { MinuteCache } from "./minute-cache.ts";
import type { Trend, WaveformOverview } from "./ports.ts";
import { type ColumnsQuery, createColumnPool, queryColumns } from "./query-columns.ts";
import { createNewest, type Newest } from "./query-newest.ts";
import { queryTrend } from "./query-trend.ts";
import { queryOverview, queryWaveform } from "./query-waveform.ts";
import type { StreamMemory } from "./stream-memory.ts";

export interface BucketsQuery {
  readonly from: number;
  readonly to: number;
  readonly buckets: number;
  readonly signal?: AbortSignal | undefined;
}

/** Streams by their own ids, several patients' in one call; each is looked at through the view, again and again. */
export interface StreamQueries {
  /** undefined where there is no such stream, or its patient is outside the view. */
  known(view: PatientView, streamId: string): Stream | undefined;
  /** From memory; of patients outside the view there is nothing. */
  newest(view: PatientView, patientIds: readonly string[]): Newest;
  /** Readings in pieces, read as they are taken. @throws RefusedInput NOT_FOUND, also when the view ends meanwhile */
  columns(view: PatientView, streamId: string, query: ColumnsQuery): AsyncGenerator<NumericColumns>;
  trends(view: PatientView, streamIds: readonly string[], query: BucketsQuery): Promise<readonly Trend[]>;
  /** How the readings of a span are distributed. @throws RefusedInput NOT_FOUND, FIELD_INVALID */
  distribution(view: PatientView, streamId: string, query: DistributionQuery): Promise<Distribution>;
  /** A line of about `buckets` points. @throws RefusedInput SEARCH_TOO_COSTLY */
  line(view: PatientView, streamId: string, query: BucketsQuery): Promise<Line>;
  waveforms(
    view: PatientView,
    streamId: string,
    query: { readonly from: number; readonly to: number; readonly signal?: AbortSignal | undefined },
  ): AsyncGenerator<Waveform>;
  overview(view: PatientView, streamId: string, query: BucketsQuery): Promise<WaveformOverview>;
}

/** Drawing a line needs all its readings at once. */
const LINE_READINGS_MAX = 3_000_000;
const TRENDS_AT_A_TIME = 16;
const WAVEFORM_MS_AT_A_TIME = 5 * 60_000;

export function createQueries(
  memory: Memory,
  blocks: Blocks,
  minutes: MinuteCache,
  distributions: Pick<DayDistributions, "of">,
): StreamQueries {
  const newest = createNewest(memory);
  const pool = createColumnPool();

  const seen = (view: PatientView, streamId: string, kind?: Stream["kind"]): StreamMemory => {
    const found = memory.streams.get(streamId);
    if (!found || !sees(view, found.stream)) throw new RefusedInput("NOT_FOUND", { at: "stream" });
    if (kind && found.stream.kind !== kind) {
      throw new RefusedInput("FIELD_INVALID", { at: "stream", expected: `a ${kind} stream` });
    }
    return found;
  };

  async function* columns(view: PatientView, streamId: string, query: ColumnsQuery): AsyncGenerator<NumericColumns> {
    for await (const piece of queryColumns(seen(view, streamId, "numeric"), query, blocks, pool)) {
      query.signal?.throwIfAborted();
      // Who may no longer see the patient gets no more of an answer that had begun.
      seen(view, streamId);
      yield piece;
    }
  }

  return {
    known(view, streamId) {
      const found = memory.streams.get(streamId);
      return found && sees(view, found.stream) ? found.stream : undefined;
    },

    newest,
    columns,

    async trends(view, streamIds, { from, to, buckets, signal }) {
      const trends: Trend[] = [];
      for (let i = 0; i < streamIds.length; i += TRENDS_AT_A_TIME) {
        signal?.throwIfAborted();
        const some = streamIds.slice(i, i + TRENDS_AT_A_TIME).map((id) => seen(view, id, "numeric"));
        trends.push(...(await queryTrend(some, from, to, buckets, blocks, minutes)));
      }
      for (const id of streamIds) seen(view, id);
      return trends;
    },

    async distribution(view, streamId, query) {
      const found = await distributions.of(seen(view, streamId, "numeric"), query);
      seen(view, streamId);
      return found;
    },

    async line(view, streamId, { from, to, buckets, signal }) {
      const parts: { times: Float64Array; values: Float64Array }[] = [];
      let length = 0;
      for await (const { times, values } of columns(view, streamId, { from, to, isDescending: false, signal })) {
        length += times.length;
        if (length > LINE_READINGS_MAX) {
          throw new RefusedInput("SEARCH_TOO_COSTLY", { at: "to", expected: `at most ${LINE_READINGS_MAX} readings` });
        }
        // A copy: a piece holds on to all the columns that it was cut from.
        parts.push({ times: times.slice(), values: values.slice() });
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
      for (let at = from; at < to; at += WAVEFORM_MS_AT_A_TIME) {
        signal?.throwIfAborted();
        const end = Math.min(to, at + WAVEFORM_MS_AT_A_TIME);
        const pieces = await queryWaveform(seen(view, streamId, "waveform"), at, end, blocks);
        for (const piece of pieces) {
          seen(view, streamId);
          yield piece;
        }
      }
    },

    async overview(view, streamId, { from, to, buckets }) {
      const overview = await queryOverview(seen(view, streamId, "waveform"), from, to, buckets, blocks);
      seen(view, streamId);
      return overview;
    },
  };
}
