import { RefusedInput } from "@openward/errors";
import { type BlockHeader, type Compressor, readBlockFile, writeBlockFile } from "./block-file.ts";
import { type ByteReader, ByteWriter } from "./bytes.ts";
import { emptyColumns, NO_UTC_OFFSET, type NumericColumns } from "./columns.ts";
import { readReceivedAt, writeReceivedAt } from "./received-at.ts";
import { readRuns, writeRuns } from "./run-length.ts";
import { readValues, writeValues } from "./values.ts";

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
  readonly statistics: NumericStatistics;
  readonly columns: NumericColumns;
}

/** What only the caller knows of a block. */
export type BlockOrigin = Pick<BlockHeader, "unit" | "associationId"> & Partial<Pick<BlockHeader, "clockCorrectionId">>;

// A difference of differences of such times still fits a zigzag varint.
const TIME_MAX = 2 ** 49;
const RAW_TIMES = 1;

/**
 * One block of readings, at least one, ordered by (time, ordinal). Everything comes back exactly, except that
 * `receivedAt` is cut down to its minute.
 */
export function encodeNumericBlock(columns: NumericColumns, origin: BlockOrigin, compressor: Compressor): Uint8Array {
  const count = columns.times.length;
  if (count === 0) throw new RangeError("a block has at least one reading");
  const { times } = columns;
  const out = new ByteWriter(count * 3 + 128);
  const statistics = numericStatistics(columns.values);
  for (const number of [statistics.min, statistics.max, statistics.sum, statistics.last]) out.f64(number);
  writeTimes(out, times);
  writeValues(out, columns.values);
  writeRuns(out, count, (i) => columns.quality[i] as number);
  writeRuns(out, count, (i) => columns.ordinals[i] as number);
  writeReceivedAt(out, times, columns.receivedAt);
  writeRuns(out, count, (i) => columns.utcOffsets[i] as number);
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
  return writeBlockFile(header, out.written(), compressor);
}

/** @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION */
export function decodeNumericBlock(file: Uint8Array, compressor: Compressor): NumericBlock {
  const { header, payload } = readBlockFile(file, "numeric", compressor);
  const { count } = header;
  // A run can stand for many readings, but each has a byte of its own among the values.
  if (count < 1 || count > payload.end) throw new RefusedInput("BLOCK_CORRUPT", { at: "count" });
  const [min, max, sum, last] = [payload.f64(), payload.f64(), payload.f64(), payload.f64()];
  const columns = emptyColumns(count);
  readTimes(payload, header.firstTime, columns.times);
  readValues(payload, columns.values);
  readRuns(payload, count, (i, value) => {
    columns.quality[i] = value;
  });
  readRuns(payload, count, (i, value) => {
    columns.ordinals[i] = value;
  });
  readReceivedAt(payload, columns.times, columns.receivedAt);
  readRuns(payload, count, (i, value) => {
    columns.utcOffsets[i] = value;
  });
  return { header, statistics: { count, min, max, sum, last }, columns };
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

/** Differences of differences: a regular stream is a row of zeros. The first time stands in the header. */
function writeTimes(out: ByteWriter, times: Float64Array): void {
  const areWhole = times.every((time) => Number.isInteger(time) && Math.abs(time) < TIME_MAX);
  out.u8(areWhole ? 0 : RAW_TIMES);
  if (!areWhole) {
    for (const time of times) out.f64(time);
    return;
  }
  let before = times[0] as number;
  let step = 0;
  for (let i = 1; i < times.length; i++) {
    const nextStep = (times[i] as number) - before;
    out.zigzag(nextStep - step);
    step = nextStep;
    before = times[i] as number;
  }
}

function readTimes(input: ByteReader, first: number, times: Float64Array): void {
  if (input.u8() === RAW_TIMES) {
    for (let i = 0; i < times.length; i++) times[i] = input.f64();
    return;
  }
  let time = first;
  let step = 0;
  times[0] = first;
  for (let i = 1; i < times.length; i++) {
    step += input.zigzag();
    time += step;
    times[i] = time;
  }
}
