import type { PatientView, Stream } from "@openward/model";
import type { Telemetry } from "../ports.ts";
import type { Interval } from "../search/intervals.ts";
import type { Direction } from "./source.ts";

/** Fine enough to read the samples themselves. */
const NEAR_MS = 120_000;
const FIRST_SPAN_MS = 3_600_000;
const BUCKETS = 64;

/**
 * Where the next samples of a stream are, looking forward from `from` or back from `to`, without reading a year of
 * silence ten seconds at a time: overviews of ever longer spans, then of ever shorter buckets.
 *
 * @returns a time at or shortly before the first samples (ascending), at or shortly behind the last (descending)
 */
export async function nextWithSamples(
  telemetry: Telemetry,
  view: PatientView,
  stream: Stream,
  { from, to }: Interval,
  direction: Direction,
): Promise<number | undefined> {
  let edge = direction === "ascending" ? from : to;
  for (let span = FIRST_SPAN_MS; edge >= from && edge <= to && from < to; span *= 4) {
    const part =
      direction === "ascending"
        ? { from: edge, to: Math.min(to, edge + span) }
        : { from: Math.max(from, edge - span), to: edge };
    if (part.from >= part.to) return undefined;
    const found = await firstFilled(telemetry, view, stream, part, direction);
    if (found) return narrow(telemetry, view, stream, found, direction);
    edge = direction === "ascending" ? part.to : part.from;
  }
  return undefined;
}

async function narrow(
  telemetry: Telemetry,
  view: PatientView,
  stream: Stream,
  bucket: Interval,
  direction: Direction,
): Promise<number> {
  let found = bucket;
  while (found.to - found.from > NEAR_MS) {
    const finer = await firstFilled(telemetry, view, stream, found, direction);
    // A coarse bucket may be filled where no finer one is (its samples lie at its very edge): then it is read as it is.
    if (!finer || finer.to - finer.from >= found.to - found.from) break;
    found = finer;
  }
  return direction === "ascending" ? found.from : found.to;
}

async function firstFilled(
  telemetry: Telemetry,
  view: PatientView,
  { id, patientId }: Stream,
  { from, to }: Interval,
  direction: Direction,
): Promise<Interval | undefined> {
  const { starts, min } = await telemetry.waveformOverview(view, {
    patientId,
    streamId: id,
    from,
    to,
    buckets: BUCKETS,
  });
  const width = (to - from) / BUCKETS;
  const count = starts.length;
  for (let n = 0; n < count; n++) {
    const i = direction === "ascending" ? n : count - 1 - n;
    const start = starts[i];
    if (start === undefined || Number.isNaN(min[i] ?? Number.NaN)) continue;
    // A bucket wider, to both sides: overviews are made of coarser steps than samples.
    return { from: Math.max(from, Math.floor(start - width)), to: Math.min(to, Math.ceil(start + 2 * width)) };
  }
  return undefined;
}
