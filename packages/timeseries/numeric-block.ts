import { RefusedInput } from "@openward/errors";
import { type BlockHeader, type Compressor, readBlockFile, writeBlockFile } from "./block-file.ts";
import type { ColumnMemory } from "./column-memory.ts";
import { emptyColumns, NO_UTC_OFFSET, type NumericColumns } from "./columns.ts";
import { readFloats, writeFloats } from "./float-column.ts";
import { readSections, type Sections, SectionWriter } from "./sections.ts";
import { readSideColumns, writeSideColumns } from "./side-columns.ts";
import { readValues, writeValues } from "./values.ts";
import { readWholes, WHOLE_MAX, writeWholes } from "./whole-column.ts";

export interface NumericStatistics {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  /** Of the newest reading. */
  readonly last: number;
}

export interface NumericBlock {
  readonly header: BlockHeader;
  readonly columns: NumericColumns;
}

/** What only the caller knows of a block. */
export type BlockOrigin = Pick<BlockHeader, "unit" | "associationId"> & Partial<Pick<BlockHeader, "clockCorrectionId">>;

/** A regular hour is a few bytes, so only this bounds what a damaged count could take of memory. */
export const READINGS_MAX = 1 << 23;

/**
 * One block of readings, at least one, ordered by (time, ordinal). Everything comes back exactly, except that
 * `receivedAt` is cut down to its minute.
 */
export function encodeNumericBlock(columns: NumericColumns, origin: BlockOrigin, compressor: Compressor): Uint8Array {
  const count = columns.times.length;
  if (count === 0) throw new RangeError("a block has at least one reading");
  if (count > READINGS_MAX) throw new RangeError(`a block has at most ${READINGS_MAX} readings`);
  const { times } = columns;
  const out = new SectionWriter(count + 64);
  writeTimes(out, times);
  writeValues(out, columns.values, compressor);
  writeSideColumns(out, columns);
  const firstOffset = columns.utcOffsets[0] as number;
  const header: BlockHeader = {
    kind: "numeric",
    keyId: 0,
    clockCorrectionId: origin.clockCorrectionId ?? 0,
    unit: origin.unit,
    associationId: origin.associationId,
    utcOffsetMinutes: firstOffset === NO_UTC_OFFSET ? null : firstOffset,
    count,
    firstTime: times[0] as number,
    lastTime: times[count - 1] as number,
  };
  return writeBlockFile(header, out.finish(), compressor, "coded");
}

/**
 * @param memory to put the columns into, as long as there is room
 * @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION
 */
export function decodeNumericBlock(file: Uint8Array, compressor: Compressor, memory?: ColumnMemory): NumericBlock {
  const { header, sections } = openBlock(file, compressor);
  const columns = memory?.columns(header.count) ?? emptyColumns(header.count);
  readTimes(sections, columns.times);
  readValues(sections, columns.values, compressor);
  readSideColumns(sections, columns, header.utcOffsetMinutes ?? NO_UTC_OFFSET);
  return { header, columns };
}

/** Times and values alone: what a trend needs. Errors as of decodeNumericBlock. */
export function decodeTimesAndValues(
  file: Uint8Array,
  compressor: Compressor,
  memory: ColumnMemory,
): Pick<NumericColumns, "times" | "values"> {
  const { header, sections } = openBlock(file, compressor);
  const [times, values] = memory.pair(header.count);
  readTimes(sections, times);
  readValues(sections, values, compressor);
  return { times, values };
}

function openBlock(file: Uint8Array, compressor: Compressor): { header: BlockHeader; sections: Sections } {
  const { header, payload } = readBlockFile(file, "numeric", compressor);
  if (header.count < 1 || header.count > READINGS_MAX) throw new RefusedInput("BLOCK_CORRUPT", { at: "count" });
  return { header, sections: readSections(payload) };
}

export function numericStatistics(values: Float64Array): NumericStatistics {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
  }
  return { count: values.length, min, max, sum, last: values[values.length - 1] ?? Number.NaN };
}

// Times from a block of a device that gives fractions are kept as floats.
const WHOLE_TIMES = 0;
const FLOAT_TIMES = 1;

function writeTimes(out: SectionWriter, times: Float64Array): void {
  const areWhole = times.every((time) => Number.isInteger(time) && Math.abs(time) <= WHOLE_MAX);
  out.head.u8(areWhole ? WHOLE_TIMES : FLOAT_TIMES);
  if (areWhole) writeWholes(out, times);
  else writeFloats(out.body, times);
}

function readTimes(sections: Sections, times: Float64Array): void {
  const kind = sections.head.u8();
  if (kind === WHOLE_TIMES) readWholes(sections, times);
  else if (kind === FLOAT_TIMES) readFloats(sections.body, times);
  else throw new RefusedInput("BLOCK_CORRUPT", { at: "times" });
}
