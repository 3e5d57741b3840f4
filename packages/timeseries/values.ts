import { RefusedInput } from "@openward/errors";
import type { ByteReader, ByteWriter } from "./bytes.ts";

// Far enough below 2^53 that a difference of two still fits a zigzag varint.
const SCALED_MAX = 2 ** 51;
const EXPONENT_MAX = 12;
const RAW_FLOATS = 255;
const POWERS = Array.from({ length: EXPONENT_MAX + 1 }, (_, k) => 10 ** k);

/** Values as differences of scaled whole numbers where that is exact for each, else as shuffled floats. */
export function writeValues(out: ByteWriter, values: Float64Array): void {
  const exponent = decimalExponent(values);
  out.u8(exponent);
  if (exponent === RAW_FLOATS) {
    // Byte by byte, all the first bytes together: compresses better than whole floats.
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const shuffled = new Uint8Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) shuffled[(i % 8) * values.length + (i >> 3)] = bytes[i] as number;
    out.raw(shuffled);
    return;
  }
  const power = POWERS[exponent] as number;
  let before = 0;
  for (const value of values) {
    const scaled = Math.round(value * power);
    out.zigzag(scaled - before);
    before = scaled;
  }
}

/** @throws RefusedInput BLOCK_CORRUPT */
export function readValues(input: ByteReader, values: Float64Array): void {
  const exponent = input.u8();
  const count = values.length;
  if (exponent === RAW_FLOATS) {
    const shuffled = input.raw(count * 8);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (let i = 0; i < bytes.length; i++) bytes[i] = shuffled[(i % 8) * count + (i >> 3)] as number;
    return;
  }
  const power = POWERS[exponent];
  if (power === undefined) throw new RefusedInput("BLOCK_CORRUPT", { at: "exponent" });
  let scaled = 0;
  for (let i = 0; i < count; i++) {
    scaled += input.zigzag();
    values[i] = scaled / power;
  }
}

/** The least k for which every value is exactly a whole number / 10^k; RAW_FLOATS where there is none. */
export function decimalExponent(values: Float64Array): number {
  let exponent = 0;
  for (const value of values) {
    while (!isExact(value, exponent)) if (++exponent > EXPONENT_MAX) return RAW_FLOATS;
  }
  if (exponent > 0) for (const value of values) if (!isExact(value, exponent)) return RAW_FLOATS;
  return exponent;
}

function isExact(value: number, exponent: number): boolean {
  const power = POWERS[exponent] as number;
  const scaled = Math.round(value * power);
  if (!(Math.abs(scaled) <= SCALED_MAX) || scaled / power !== value) return false;
  // Negative zero is equal to zero, but not the same.
  return value !== 0 || !Object.is(value, -0);
}
