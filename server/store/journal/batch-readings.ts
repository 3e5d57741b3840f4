import { RefusedInput } from "@openward/errors";
import type { Readings } from "@openward/model";
import type { ByteReader, ByteWriter } from "@openward/timeseries";
import type { BatchVisitor } from "./batch.ts";

// How the columns are written: bits of one byte.
const RAW_TIMES = 1;
const ONE_QUALITY = 2;
const EACH_QUALITY = 4;
/** Start and step. */
const REGULAR_TIMES = 8;
// From bit 4 on: the decimal exponent of the values, or this for plain floats.
const RAW_VALUES = 15;
const EXPONENT_SHIFT = 4;
const POWERS = [1, 10, 100, 1000] as const;
const SCALED_MAX = 2 ** 51;

/** Columns of readings, as far as they are read back together. Valid until the next are read. */
export interface ReadColumns {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly quality: Uint8Array;
  readonly utcOffsetMinutes: number | null;
  readonly receivedAt: number;
}

/**
 * Times beside the batch's, as start and step where they are regular; values as scaled whole numbers where that is exact,
 * each as its difference from the one before.
 */
export function writeReadings(out: ByteWriter, readings: Readings, base: number): void {
  const { times, values, quality } = readings;
  const count = times.length;
  const exponent = exponentOf(values);
  let form = exponent << EXPONENT_SHIFT;
  if (count > 1 && areRegular(times)) form |= REGULAR_TIMES;
  else if (!areWhole(times)) form |= RAW_TIMES;
  const first = quality[0] ?? 0;
  if (!areAll(quality, first)) form |= EACH_QUALITY;
  else if (first !== 0) form |= ONE_QUALITY;
  out.varint(count);
  out.u8(form);
  out.varint(readings.utcOffsetMinutes === null ? 0 : readings.utcOffsetMinutes + 1441);
  out.zigzag(Math.round(readings.receivedAt) - base);
  if (form & EACH_QUALITY) out.raw(quality);
  else if (form & ONE_QUALITY) out.u8(first);
  if (form & RAW_TIMES) {
    for (let i = 0; i < count; i++) out.f64(times[i] as number);
  } else if (form & REGULAR_TIMES) {
    out.zigzag((times[0] as number) - base);
    out.zigzag((times[1] as number) - (times[0] as number));
  } else {
    out.zigzagDeltas(times, 1, base);
  }
  if (exponent === RAW_VALUES) {
    for (let i = 0; i < count; i++) out.f64(values[i] as number);
    return;
  }
  out.zigzagDeltas(values, POWERS[exponent as 0 | 1 | 2 | 3], 0);
}

/** @throws RefusedInput BLOCK_CORRUPT */
export function readReadings<S>(
  input: ByteReader,
  stream: S | undefined,
  visitor: BatchVisitor<S>,
  base: number,
): void {
  const count = input.varint();
  // Every reading has a byte at least, so a wrong count is refused before memory is taken.
  if (count > input.end - input.position) throw new RefusedInput("BLOCK_CORRUPT", { at: "journal readings" });
  const form = input.u8();
  const offset = input.varint();
  const utcOffsetMinutes = offset === 0 ? null : offset - 1441;
  const receivedAt = base + input.zigzag();
  const columns = columnsOf(count);
  const { times, values, quality } = columns;
  if (form & EACH_QUALITY) quality.set(input.raw(count));
  else quality.fill(form & ONE_QUALITY ? input.u8() : 0);
  if (form & RAW_TIMES) {
    for (let i = 0; i < count; i++) times[i] = input.f64();
  } else if (form & REGULAR_TIMES) {
    let time = base + input.zigzag();
    const step = input.zigzag();
    for (let i = 0; i < count; i++, time += step) times[i] = time;
  } else {
    input.zigzagDeltas(times, 1, base);
  }
  const exponent = form >> EXPONENT_SHIFT;
  const power = POWERS[exponent as 0 | 1 | 2 | 3];
  if (power !== undefined) input.zigzagDeltas(values, power, 0);
  else if (exponent === RAW_VALUES) for (let i = 0; i < count; i++) values[i] = input.f64();
  else throw new RefusedInput("BLOCK_CORRUPT", { at: "journal values" });
  if (stream === undefined) return;
  if (visitor.readings) {
    visitor.readings(stream, { ...columns, utcOffsetMinutes, receivedAt });
    return;
  }
  for (let i = 0; i < count; i++) {
    const [time, value, bits] = [times[i] as number, values[i] as number, quality[i] as number];
    visitor.reading(stream, time, value, bits, utcOffsetMinutes, receivedAt);
  }
}

type Columns = Pick<ReadColumns, "times" | "values" | "quality">;

function newColumns(count: number): Columns {
  return { times: new Float64Array(count), values: new Float64Array(count), quality: new Uint8Array(count) };
}

// Most entries hold one reading; a start goes through millions of them. Longer ones are read into the same memory again.
const single = newColumns(1);
let longer = newColumns(1024);

function columnsOf(count: number): Columns {
  if (count === 1) return single;
  if (count > longer.times.length) longer = newColumns(Math.min(count * 2, 1 << 20));
  if (count > longer.times.length) return newColumns(count);
  return {
    times: longer.times.subarray(0, count),
    values: longer.values.subarray(0, count),
    quality: longer.quality.subarray(0, count),
  };
}

function areAll(quality: Uint8Array, first: number): boolean {
  for (let i = 0; i < quality.length; i++) if (quality[i] !== first) return false;
  return true;
}

/** Start and step give exactly these times, whole ones. */
function areRegular(times: Float64Array): boolean {
  const start = times[0] as number;
  const step = (times[1] as number) - start;
  if (!Number.isInteger(start) || !Number.isInteger(step)) return false;
  let time = start;
  for (let i = 1; i < times.length; i++) {
    time += step;
    if (times[i] !== time) return false;
  }
  return Math.abs(start) < SCALED_MAX && Math.abs(time) < SCALED_MAX;
}

function areWhole(times: Float64Array): boolean {
  for (let i = 0; i < times.length; i++)
    if (!(Math.abs(times[i] as number) < SCALED_MAX) || !Number.isInteger(times[i])) return false;
  return true;
}

function exponentOf(values: Float64Array): number {
  for (let exponent = 0; exponent < POWERS.length; exponent++)
    if (areScaled(values, POWERS[exponent as 0 | 1 | 2 | 3])) return exponent;
  return RAW_VALUES;
}

function areScaled(values: Float64Array, power: number): boolean {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const scaled = Math.round(value * power);
    // Minus zero is no whole number.
    if (scaled / power !== value || !(Math.abs(scaled) <= SCALED_MAX) || (value === 0 && 1 / value < 0)) return false;
  }
  return true;
}
