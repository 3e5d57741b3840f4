import { RefusedInput } from "@openward/errors";
import { float32, sfloat } from "./medical-float.ts";

/**
 * Reads little-endian fields one behind the other. A field that the bytes are too short for is refused with its name and
 * its offset.
 *
 * @throws RefusedInput MALFORMED_BYTES from every method that reads
 */
export class ByteReader {
  offset = 0;
  readonly bytes: Uint8Array;
  readonly format: string;

  /** @param format name of the codec, for the error */
  constructor(bytes: Uint8Array, format: string) {
    this.bytes = bytes;
    this.format = format;
  }

  get left(): number {
    return this.bytes.length - this.offset;
  }

  u8(field: string): number {
    this.#need(1, field);
    return this.bytes[this.offset++] as number;
  }

  i8(field: string): number {
    return (this.u8(field) << 24) >> 24;
  }

  u16(field: string): number {
    this.#need(2, field);
    const { bytes, offset } = this;
    this.offset = offset + 2;
    return (bytes[offset] as number) | ((bytes[offset + 1] as number) << 8);
  }

  i16(field: string): number {
    return (this.u16(field) << 16) >> 16;
  }

  u24(field: string): number {
    this.#need(3, field);
    return this.u16(field) | (this.u8(field) << 16);
  }

  u32(field: string): number {
    this.#need(4, field);
    return this.u16(field) + this.u16(field) * 65_536;
  }

  /** IEEE 11073-20601 SFLOAT; NaN or an infinity for its special values. */
  sfloat(field: string): number {
    return sfloat(this.u16(field));
  }

  /** IEEE 11073-20601 FLOAT. */
  float(field: string): number {
    return float32(this.u32(field));
  }

  take(length: number, field: string): Uint8Array {
    this.#need(length, field);
    this.offset += length;
    return this.bytes.subarray(this.offset - length, this.offset);
  }

  /** The value of a field is none that the format has. @param offset where the field begins */
  refuse(field: string, offset: number, expected: string): never {
    throw malformed(this.format, field, offset, expected);
  }

  #need(length: number, field: string): void {
    const { left } = this;
    if (left >= length) return;
    throw malformed(this.format, field, this.offset, `${length} bytes, ${left} are there`);
  }
}

/** Names the format, the field and the byte. */
export function malformed(format: string, field: string, offset: number, expected: string): RefusedInput {
  return new RefusedInput("MALFORMED_BYTES", {
    at: field,
    format,
    offset,
    expected: `${expected} (${format}, byte ${offset})`,
  });
}
