import type { Stream } from "@openward/model";
import { ABSENT_SAMPLE } from "@openward/model";
import type { WaveformRun } from "@openward/timeseries";
import type { SchemaElement } from "hyparquet";
import { float64, int32, type Naming, ORIGIN, originOf, qualityText, repeated, text, timestamp } from "./columns.ts";
import type { ParquetParts } from "./parquet-parts.ts";

const COLUMNS = [
  ...ORIGIN,
  timestamp("start"),
  // The same with its fraction, where the rate does not divide a second.
  float64("start_ms"),
  float64("rate_hz"),
  // value = sample x scale + origin, in `unit`.
  float64("scale"),
  float64("origin"),
  text("quality"),
  int32("utc_offset_minutes", true),
  timestamp("received_at"),
];
export const WAVEFORMS_SCHEMA: SchemaElement[] = [
  { name: "root", num_children: COLUMNS.length + 1 },
  ...COLUMNS,
  {
    name: "samples",
    repetition_type: "REQUIRED",
    num_children: 1,
    converted_type: "LIST",
    logical_type: { type: "LIST" },
  },
  { name: "list", repetition_type: "REPEATED", num_children: 1 },
  // null: a sample that is missing.
  { name: "element", type: "INT32", repetition_type: "OPTIONAL" },
];

/** A row is at most so long, so that a reader need not take in a day at once. */
const ROW_MS = 60_000;
export const SAMPLES_PER_GROUP = 1_000_000;

/** One row per piece of equidistant samples. */
export async function writeWaveforms(
  parts: ParquetParts,
  stream: Stream,
  runs: readonly WaveformRun[],
  naming: Naming,
): Promise<void> {
  const origin = originOf(stream, naming);
  for (const piece of runs.flatMap(cut)) {
    await parts.add(
      {
        ...repeated(origin, 1),
        start: [BigInt(Math.floor(piece.start))],
        start_ms: [piece.start],
        rate_hz: [piece.rateHz],
        scale: [piece.scale],
        origin: [piece.origin],
        quality: [qualityText(piece.quality)],
        utc_offset_minutes: [piece.utcOffsetMinutes],
        received_at: [BigInt(Math.floor(piece.receivedAt))],
        samples: [Array.from(piece.samples, (sample) => (sample === ABSENT_SAMPLE ? null : sample))],
      },
      1,
      piece.samples.length,
    );
  }
}

function cut(run: WaveformRun): WaveformRun[] {
  const length = Math.max(1, Math.floor((run.rateHz * ROW_MS) / 1000));
  const pieces: WaveformRun[] = [];
  for (let at = 0; at < run.samples.length; at += length) {
    const start = run.start + (at * 1000) / run.rateHz;
    pieces.push({ ...run, start, samples: run.samples.slice(at, at + length) });
  }
  return pieces;
}
