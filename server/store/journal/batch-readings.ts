import { RefusedInput } from "@openward/errors";
import type { Readings } from "@openward/model";
import type { ByteReader, ByteWriter } from "@openward/timeseries";
import type { BatchVisitor } from "./batch.ts";

// How the columns are written: bits of one byte.
const RAW_TIMES = 1;
const ONE_QUALITY = 2;
const EACH_QUALITY = 4;
// From bit 4 on: the decimal exponent of the values, or this for plain floats.
const RAW_VALUES = 15;
const EXPONENT_SHIFT = 4;
const POWERS = [1, 10, 100, 1000] as const;
const SCALED_MAX = 2 ** 51;

/** Mostly a reading or a few: times beside the batch's, values as scaled whole numbers where that is exact. */
export function writeReadings(out: ByteWriter, readings: Readings, base: number): void {
  const { times, values, quality } = readings;
  const count = times.length;
  const exponent = exponentOf(values);
  let form = exponent << EXPONENT_SHIFT;
  if (!areWhole(times)) form |= RAW_TIMES;
  const first = quality[0] ?? 0;
  if (quality.some((bits) => bits !== first)) form |= EACH_QUALITY;
  else if (first !== 0) form |= ONE_QUALITY;
  out.varint(count);
  out.u8(form);
  out.varint(readings.utcOffsetMinutes === null ? 0 : readings.utcOffsetMinutes + 1441);
  out.zigzag(Math.round(readings.receivedAt) - base);
  if (form & EACH_QUALITY) out.raw(quality);
  else if (form & ONE_QUALITY) out.u8(first);
  if (form & RAW_TIMES) {
    for (let i = 0; i < count; i++) out.f64(times[i] as number);
  } else {
    let before = base;
    for (let i = 0; i < count; i++) {
      const time = times[i] as number;
      out.zigzag(time - before);
      before = time;
    }
  }
  if (exponent === RAW_VALUES) {
    for (let i = 0; i < count; i++) out.f64(values[i] as number);
    return;
  }
  const power = POWERS[exponent as 0 | 1 | 2 | 3];
  let before = 0;
  for (let i = 0; i < count; i++) {
    const scaled = Math.round((values[i] as number) * power);
    out.zigzag(scaled - before);
    before = scaled;
  }
}

/** @throws RefusedInput BLOCK_CORRUPT */
export function readReadings<S>(
  input: ByteReader,
  stream: S | undefined,
  visitor: BatchVisitor<S>,
  base: number,
): void {
  const count = input.varint();
  // Every reading has two bytes at least, so a wrong count is refused before memory is taken.
  if (count * 2 > input.end - input.position) throw new RefusedInput("BLOCK_CORRUPT", { at: "journal readings" });
  const form = input.u8();
  const offset = input.varint();
  const utcOffset = offset === 0 ? null : offset - 1441;
  const receivedAt = base + input.zigzag();
  const each = form & EACH_QUALITY ? input.raw(count) : undefined;
  const one = form & ONE_QUALITY ? input.u8() : 0;
  const times = count === 1 ? single.times : new Float64Array(count);
  let time = base;
  for (let i = 0; i < count; i++) {
    time = form & RAW_TIMES ? input.f64() : time + input.zigzag();
    times[i] = time;
  }
  const exponent = form >> EXPONENT_SHIFT;
  const power = POWERS[exponent as 0 | 1 | 2 | 3];
  if (power === undefined && exponent !== RAW_VALUES) throw new RefusedInput("BLOCK_CORRUPT", { at: "journal values" });
  let scaled = 0;
  for (let i = 0; i < count; i++) {
    let value: number;
    if (power === undefined) value = input.f64();
    else {
      scaled += input.zigzag();
      value = scaled / power;
    }
    if (stream !== undefined)
      visitor.reading(stream, times[i] as number, value, each ? (each[i] as number) : one, utcOffset, receivedAt);
  }
}

// Most entries hold one reading; recovery goes through millions of them.
const single = { times: new Float64Array(1) };

function areWhole(times: Float64Array): boolean {
  for (let i = 0; i < times.length; i++)
    if (!(Math.abs(times[i] as number) < SCALED_MAX) || (times[i] as number) % 1 !== 0) return false;
  return true;
}

function exponentOf(values: Float64Array): number {
  let exponent = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    while (!isExact(value, POWERS[exponent as 0 | 1 | 2 | 3])) if (++exponent >= POWERS.length) return RAW_VALUES;
  }
  if (exponent > 0) {
    const power = POWERS[exponent as 0 | 1 | 2 | 3];
    for (let i = 0; i < values.length; i++) if (!isExact(values[i] as number, power)) return RAW_VALUES;
  }
  return exponent;
}

function isExact(value: number, power: number): boolean {
  const scaled = Math.round(value * power);
  return scaled / power === value && Math.abs(scaled) <= SCALED_MAX && (value !== 0 || 1 / value > 0);
}
