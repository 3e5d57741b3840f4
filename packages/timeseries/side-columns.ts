import { RefusedInput } from "@openward/errors";
import type { NumericColumns } from "./columns.ts";
import { readReceivedAt, writeReceivedAt } from "./received-at.ts";
import { readRuns, writeRuns } from "./run-length.ts";
import type { Sections, SectionWriter } from "./sections.ts";

// What most blocks have nothing of stands as one bit.
const HAS_QUALITY = 1;
const HAS_ORDINALS = 2;
const HAS_OFFSETS = 4;

/** Everything of readings but time and value. The first reading's offset from UTC stands in the header. */
export function writeSideColumns(out: SectionWriter, columns: NumericColumns): void {
  const { quality, ordinals, utcOffsets, times, receivedAt } = columns;
  const count = times.length;
  const flags =
    (quality.every((each) => each === 0) ? 0 : HAS_QUALITY) |
    (ordinals.every((each) => each === 0) ? 0 : HAS_ORDINALS) |
    (utcOffsets.every((each) => each === utcOffsets[0]) ? 0 : HAS_OFFSETS);
  out.head.u8(flags);
  if (flags & HAS_QUALITY) writeRuns(out, count, (i) => quality[i] as number);
  if (flags & HAS_ORDINALS) writeRuns(out, count, (i) => ordinals[i] as number);
  if (flags & HAS_OFFSETS) writeRuns(out, count, (i) => utcOffsets[i] as number);
  writeReceivedAt(out, times, receivedAt);
}

/** Into columns whose times are there. @throws RefusedInput BLOCK_CORRUPT */
export function readSideColumns(sections: Sections, columns: NumericColumns, firstOffset: number): void {
  const { quality, ordinals, utcOffsets, times, receivedAt } = columns;
  const count = times.length;
  const flags = sections.head.u8();
  if (flags > 7) throw new RefusedInput("BLOCK_CORRUPT", { at: "columns" });
  if (flags & HAS_QUALITY) readRuns(sections, count, (value, from, to) => quality.fill(value, from, to));
  if (flags & HAS_ORDINALS) readRuns(sections, count, (value, from, to) => ordinals.fill(value, from, to));
  if (flags & HAS_OFFSETS) readRuns(sections, count, (value, from, to) => utcOffsets.fill(value, from, to));
  else utcOffsets.fill(firstOffset);
  readReceivedAt(sections, times, receivedAt);
}
