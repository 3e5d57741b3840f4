import type { PatientView, Stream } from "@openward/model";
import {
  addExtremes,
  addReadings,
  addSamples,
  bucketOf,
  bucketStarts,
  createBuckets,
  finishBuckets,
} from "@openward/timeseries";
import type { Trend, WaveformOverview } from "../telemetry/ports.ts";
import type { BucketsQuery } from "../telemetry/queries.ts";
import type { Received } from "./ports.ts";
import { columnsOf, isKnown, recordOnly, waveformsOf } from "./received.ts";
import type { Part } from "./resolve.ts";

export interface Touched {
  readonly from: number;
  readonly to: number;
}

/** Ranges of buckets, first and last, that any of these spans touches. */
function rangesOf(query: BucketsQuery, touched: readonly Touched[], marginMs: number): [number, number][] {
  const { from, to, buckets } = query;
  const frame = { from, to, count: new Uint32Array(buckets) };
  const ranges = touched
    .map((span): [number, number] => {
      const first = Math.max(from, span.from - marginMs);
      const end = Math.min(to, span.to + marginMs);
      // One more to each side: where a bucket begins may lie between two milliseconds.
      return [
        Math.max(0, bucketOf(frame, first) - 1),
        Math.min(buckets - 1, bucketOf(frame, Math.max(first, end - 1)) + 1),
      ];
    })
    .sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last && range[0] <= last[1] + 1) last[1] = Math.max(last[1], range[1]);
    else joined.push([...range]);
  }
  return joined;
}

/** The span that holds every reading of buckets `first` to `last`, and perhaps some of the next ones. */
function spanOf({ from, to, buckets }: BucketsQuery, first: number, last: number): Touched {
  const startOf = (bucket: number) => from + ((to - from) * bucket) / buckets;
  return { from: Math.max(from, Math.floor(startOf(first)) - 1), to: Math.min(to, Math.ceil(startOf(last + 1)) + 1) };
}

export function emptyTrend(stream: Stream, { from, to, buckets }: BucketsQuery): Trend {
  return { stream, ...finishBuckets(createBuckets(from, to, buckets)) };
}

/** A trend as it was received, with the buckets that an amendment touches made anew from their readings. */
export async function amendTrend(
  received: Received,
  view: PatientView,
  trend: Trend,
  query: BucketsQuery,
  touched: readonly Touched[],
  partsOf: (from: number, to: number) => readonly Part[],
): Promise<Trend> {
  const { min, max, mean, last, count } = trend;
  const own = {
    ...trend,
    min: min.slice(),
    max: max.slice(),
    mean: mean.slice(),
    last: last.slice(),
    count: count.slice(),
  };
  for (const [first, end] of rangesOf(query, touched, 0)) {
    const span = spanOf(query, first, end);
    const buckets = createBuckets(query.from, query.to, query.buckets);
    const asked = { ...span, isDescending: false, signal: query.signal };
    for await (const columns of columnsOf(received, view, partsOf(span.from, span.to), asked)) {
      addReadings(buckets, columns.times, columns.values);
    }
    const made = finishBuckets(buckets);
    for (let b = first; b <= end; b++) {
      own.min[b] = made.min[b] as number;
      own.max[b] = made.max[b] as number;
      own.mean[b] = made.mean[b] as number;
      own.last[b] = made.last[b] as number;
      own.count[b] = made.count[b] as number;
    }
  }
  return own;
}

export function emptyOverview({ from, to, buckets }: BucketsQuery): WaveformOverview {
  return {
    starts: bucketStarts(from, to, buckets),
    min: new Float64Array(buckets).fill(Number.NaN),
    max: new Float64Array(buckets).fill(Number.NaN),
  };
}

/** What is stored for an overview is the extremes of whole seconds: at the edge of a span they know too much. */
const EDGE_MS = 1000;
const SAMPLED_MS_MAX = 5 * 60_000;

/** An overview as it was received, with the buckets that an amendment touches made anew. */
export async function amendOverview(
  received: Received,
  view: PatientView,
  stream: Stream,
  overview: WaveformOverview,
  query: BucketsQuery,
  touched: readonly Touched[],
  partsOf: (from: number, to: number) => readonly Part[],
): Promise<WaveformOverview> {
  const own = { starts: overview.starts, min: overview.min.slice(), max: overview.max.slice() };
  const count = new Uint32Array(query.buckets);
  for (const [first, end] of rangesOf(query, touched, EDGE_MS)) {
    const span = spanOf(query, first, end);
    // Only these: what is read reaches a little into the buckets beside them.
    const within = {
      from: query.from,
      to: query.to,
      count,
      min: new Float64Array(query.buckets).fill(Number.NaN),
      max: new Float64Array(query.buckets).fill(Number.NaN),
    };
    for (const part of partsOf(span.from, span.to)) await addPart(received, view, stream, part, within);
    for (let b = first; b <= end; b++) {
      own.min[b] = within.min[b] as number;
      own.max[b] = within.max[b] as number;
    }
  }
  return own;
}

type Frame = Parameters<typeof addExtremes>[0];

/** Buckets that lie wholly inside a long part by its overview, the rest by their samples. */
async function addPart(received: Received, view: PatientView, stream: Stream, part: Part, frame: Frame): Promise<void> {
  const count = frame.count.length;
  const width = (frame.to - frame.from) / count;
  const startOf = (bucket: number) => frame.from + ((frame.to - frame.from) * bucket) / count;
  const first = Math.max(0, Math.ceil((part.from + EDGE_MS - frame.from) / width));
  const end = Math.min(count, Math.floor((part.to - EDGE_MS - frame.from) / width));
  const isShort = part.to - part.from <= SAMPLED_MS_MAX || width < 4 * EDGE_MS || end <= first;
  if (isShort || !isKnown(received, view, part.stream)) {
    for await (const run of waveformsOf(received, view, stream, [part])) addSamples(frame, run);
    return;
  }
  const edges = [
    { ...part, to: startOf(first) },
    { ...part, from: startOf(end) },
  ];
  for await (const run of waveformsOf(received, view, stream, edges)) addSamples(frame, run);
  const only = recordOnly(part.stream.patientId, view);
  const asked = { from: startOf(first), to: startOf(end), buckets: end - first };
  const { min, max } = await received.queries.overview(only, part.stream.id, asked);
  const middle = width / 2;
  for (let i = 0; i < min.length; i++) {
    if (!Number.isNaN(min[i] as number))
      addExtremes(frame, startOf(first + i) + middle, min[i] as number, max[i] as number);
  }
}
