import { float32, sfloat } from "../medical-float.ts";
import { malformed } from "../reader.ts";

/**
 * Reads Medical Device Encoding Rules (11073-20601, annex F): big-endian, lists with a count and a length of bytes.
 *
 * @throws RefusedInput MALFORMED_BYTES from every method that reads
 */
export class MderReader {
  readonly bytes: Uint8Array;
  readonly format: string;
  offset: number;
  readonly end: number;

  constructor(bytes: Uint8Array, format: string, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.format = format;
    this.offset = offset;
    this.end = end;
  }

  get left(): number {
    return this.end - this.offset;
  }

  u8(field: string): number {
    this.#need(1, field);
    return this.bytes[this.offset++] as number;
  }

  u16(field: string): number {
    this.#need(2, field);
    const { bytes, offset } = this;
    this.offset = offset + 2;
    return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
  }

  u32(field: string): number {
    this.#need(4, field);
    return this.u16(field) * 65_536 + this.u16(field);
  }

  sfloat(field: string): number {
    return sfloat(this.u16(field));
  }

  float(field: string): number {
    return float32(this.u32(field));
  }

  /** What has a length of two bytes before it. */
  part(field: string): MderReader {
    const length = this.u16(field);
    this.#need(length, field);
    const start = this.offset;
    this.offset = start + length;
    return new MderReader(this.bytes, this.format, start, start + length);
  }

  /** A list: its count, and a reader of its entries. */
  list(field: string): { readonly count: number; readonly entries: MderReader } {
    const count = this.u16(field);
    return { count, entries: this.part(field) };
  }

  /** The rest as text; NUL and blanks at its end are padding. */
  text(): string {
    let text = "";
    for (let i = this.offset; i < this.end; i++) {
      const byte = this.bytes[i] as number;
      text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : byte === 0 ? "" : "?";
    }
    this.offset = this.end;
    return text.trim();
  }

  refuse(field: string, offset: number, expected: string): never {
    throw malformed(this.format, field, offset, expected);
  }

  #need(length: number, field: string): void {
    if (this.left < length) this.refuse(field, this.offset, `${length} bytes, ${this.left} are there`);
  }
}
