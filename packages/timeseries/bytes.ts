import { RefusedInput } from "@openward/errors";
import type { UuidTable } from "./uuid-table.ts";

/** Largest distance from zero that `zigzag` can write. */
export const ZIGZAG_MAX = 2 ** 52 - 1;

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder();

/** Bytes written one after the other into a buffer that grows. Multi-byte numbers are little-endian. */
export class ByteWriter {
  bytes: Uint8Array;
  length = 0;
  #view: DataView;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  u32(value: number): void {
    this.reserve(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** Write over four bytes that were written before. */
  u32At(position: number, value: number): void {
    this.#view.setUint32(position, value, true);
  }

  f64(value: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** A whole number from 0 to 2^53 - 1, seven bits a byte. */
  varint(value: number): void {
    this.reserve(8);
    const bytes = this.bytes;
    let at = this.length;
    let rest = value;
    while (rest > 0x7fffffff) {
      bytes[at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      bytes[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.length = at;
  }

  /** A whole number of either sign, at most ZIGZAG_MAX from zero. */
  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /**
   * Each number times `power`, rounded, as its difference from the one before; the first from `before`.
   *
   * @param power whoever reads gets rounded / power
   */
  zigzagDeltas(values: Float64Array, power: number, before: number): void {
    this.reserve(values.length * 8);
    const bytes = this.bytes;
    let at = this.length;
    let last = before;
    for (let i = 0; i < values.length; i++) {
      const whole = power === 1 ? (values[i] as number) : Math.round((values[i] as number) * power);
      const difference = whole - last;
      last = whole;
      let rest = difference < 0 ? -2 * difference - 1 : 2 * difference;
      while (rest > 0x7fffffff) {
        bytes[at++] = (rest % 128) | 128;
        rest = Math.floor(rest / 128);
      }
      while (rest > 127) {
        bytes[at++] = (rest & 127) | 128;
        rest >>>= 7;
      }
      bytes[at++] = rest;
    }
    this.length = at;
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** UTF-8, its length before it. */
  text(text: string): void {
    const bytes = utf8Encoder.encode(text);
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** What was written, without a copy: valid until the next write. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** What was written, as bytes of its own. */
  take(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

/**
 * Reads what ByteWriter wrote. Every read is checked against the end.
 *
 * @throws RefusedInput BLOCK_CORRUPT when the bytes end too early
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  position: number;
  readonly end: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #advance(count: number): number {
    const at = this.position;
    if (!(count >= 0) || at + count > this.end) throw tooShort();
    this.position = at + count;
    return at;
  }

  u8(): number {
    return this.bytes[this.#advance(1)] as number;
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  varint(): number {
    const bytes = this.bytes;
    const end = this.end;
    let at = this.position;
    let value = 0;
    let factor = 1;
    for (;;) {
      if (at >= end || factor > 2 ** 49) throw tooShort();
      const byte = bytes[at++] as number;
      if (byte < 128) {
        this.position = at;
        return value + byte * factor;
      }
      value += (byte & 127) * factor;
      factor *= 128;
    }
  }

  zigzag(): number {
    const value = this.varint();
    // `0 - x`, not `-x`: there is no negative zero among whole numbers.
    return value % 2 === 0 ? value / 2 : 0 - (value + 1) / 2;
  }

  /** What ByteWriter.zigzagDeltas wrote, into all of `values`. */
  zigzagDeltas(values: Float64Array, power: number, before: number): void {
    const { bytes, end } = this;
    let last = before;
    for (let i = 0; i < values.length; i++) {
      const byte = this.position < end ? (bytes[this.position] as number) : 128;
      if (byte < 128) {
        this.position++;
        last += byte & 1 ? -((byte + 1) >> 1) : byte >> 1;
      } else {
        last += this.zigzag();
      }
      values[i] = power === 1 ? last : last / power;
    }
  }

  /** Sixteen bytes as the text of a UUID. */
  uuid(table: UuidTable): string {
    return table.text(this.#view, this.#advance(16));
  }

  /** A view, not a copy. */
  raw(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.bytes.subarray(at, at + length);
  }

  text(): string {
    return utf8Decoder.decode(this.raw(this.varint()));
  }
}

function tooShort(): RefusedInput {
  return new RefusedInput("BLOCK_CORRUPT", { at: "length", expected: "more bytes" });
}

/** Sixteen bytes of a UUID in text form. */
export function uuidToBytes(uuid: string, into: Uint8Array = new Uint8Array(16), offset = 0): Uint8Array {
  let at = offset;
  for (let i = 0; i < 36; ) {
    if (i === 8 || i === 13 || i === 18 || i === 23) i++;
    into[at++] = (hexDigit(uuid.charCodeAt(i)) << 4) | hexDigit(uuid.charCodeAt(i + 1));
    i += 2;
  }
  return into;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 102) return code - 87;
  if (code >= 65 && code <= 70) return code - 55;
  throw new TypeError("not a UUID");
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function uuidFromBytes(bytes: Uint8Array, offset = 0): string {
  let text = "";
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += "-";
    text += HEX[bytes[offset + i] as number];
  }
  return text;
}
