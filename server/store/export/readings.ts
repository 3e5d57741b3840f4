import type { Stream } from "@openward/model";
import { NO_UTC_OFFSET, type NumericColumns } from "@openward/timeseries";
import type { SchemaElement } from "hyparquet";
import { float64, int32, type Naming, ORIGIN, originOf, qualityText, repeated, text, timestamp } from "./columns.ts";
import type { ParquetParts } from "./parquet-parts.ts";

const COLUMNS = [
  ...ORIGIN,
  timestamp("time"),
  float64("value"),
  // 0, or n for the n-th further value of the same stream and time.
  int32("ordinal"),
  text("quality"),
  int32("utc_offset_minutes", true),
  // When the server had it; its minute.
  timestamp("received_at"),
];
export const READINGS_SCHEMA: SchemaElement[] = [{ name: "root", num_children: COLUMNS.length }, ...COLUMNS];

export const READINGS_PER_GROUP = 100_000;

/** One row per reading, in the unit of its stream, as received. */
export async function writeReadings(
  parts: ParquetParts,
  stream: Stream,
  columns: NumericColumns,
  naming: Naming,
): Promise<void> {
  const origin = originOf(stream, naming);
  for (let from = 0; from < columns.times.length; from += READINGS_PER_GROUP) {
    const to = Math.min(from + READINGS_PER_GROUP, columns.times.length);
    const rows = to - from;
    const offsets = Array.from(columns.utcOffsets.subarray(from, to));
    await parts.add(
      {
        ...repeated(origin, rows),
        time: Array.from(columns.times.subarray(from, to), BigInt),
        value: columns.values.subarray(from, to),
        ordinal: columns.ordinals.subarray(from, to),
        quality: Array.from(columns.quality.subarray(from, to), qualityText),
        utc_offset_minutes: offsets.map((minutes) => (minutes === NO_UTC_OFFSET ? null : minutes)),
        received_at: Array.from(columns.receivedAt.subarray(from, to), BigInt),
      },
      rows,
    );
  }
}
