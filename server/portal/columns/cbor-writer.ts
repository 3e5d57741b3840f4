import { endianness } from "node:os";
import { Bytes } from "./bytes.ts";
import type { ColumnWriter } from "./writer.ts";

/** Tags of RFC 8746: little-endian typed arrays. */
const UINT8 = 64;
const UINT32 = 70;
const SINT32 = 78;
const FLOAT64 = 86;
const MAJOR = { whole: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6 } as const;
const BREAK = 0xff;

const keys = new Map<string, Uint8Array>();
const scratch = new DataView(new ArrayBuffer(8));
const isLittle = endianness() === "LE";

/**
 * CBOR with columns as typed arrays: a copy of memory. Maps and arrays have no length in front, so that an answer can be
 * written before it is known how much there is.
 *
 * @source RFC 8949, RFC 8746
 */
export class CborWriter extends Bytes implements ColumnWriter {
  beginMap(): void {
    this.byte(0xbf);
  }

  endMap(): void {
    this.byte(BREAK);
  }

  beginArray(): void {
    this.byte(0x9f);
  }

  endArray(): void {
    this.byte(BREAK);
  }

  key(name: string): void {
    let bytes = keys.get(name);
    if (!bytes) {
      const writer = new CborWriter(64);
      writer.value(name);
      bytes = writer.take();
      keys.set(name, bytes);
    }
    this.raw(bytes);
  }

  value(value: unknown): void {
    if (value === null || value === undefined) this.byte(0xf6);
    else if (typeof value === "boolean") this.byte(value ? 0xf5 : 0xf4);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "string") {
      const text = Buffer.from(value);
      this.#head(MAJOR.text, text.length);
      this.raw(text);
    } else if (Array.isArray(value)) {
      this.beginArray();
      for (const item of value) this.value(item);
      this.endArray();
    } else {
      this.beginMap();
      for (const [name, item] of Object.entries(value)) {
        if (item === undefined) continue;
        this.value(name);
        this.value(item);
      }
      this.endMap();
    }
  }

  encoded(value: Uint8Array): void {
    this.raw(value);
  }

  encodedFields(fields: Uint8Array): void {
    this.raw(fields);
  }

  floats(column: Float64Array): void {
    this.#typed(FLOAT64, column);
  }

  wholes(column: Uint8Array | Uint32Array): void {
    this.#typed(column instanceof Uint8Array ? UINT8 : UINT32, column);
  }

  samples(column: Int32Array): void {
    this.#typed(SINT32, column);
  }

  #typed(tag: number, column: Float64Array | Uint8Array | Uint32Array | Int32Array): void {
    this.#head(MAJOR.tag, tag);
    this.#head(MAJOR.bytes, column.byteLength);
    const start = this.at;
    this.raw(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
    if (isLittle) return;
    const written = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, column.byteLength);
    if (column.BYTES_PER_ELEMENT === 8) written.swap64();
    else if (column.BYTES_PER_ELEMENT === 4) written.swap32();
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      if (value < 0) this.#head(MAJOR.negative, -1 - value);
      else this.#head(MAJOR.whole, value);
      return;
    }
    this.byte(0xfb);
    scratch.setFloat64(0, value);
    this.raw(new Uint8Array(scratch.buffer));
  }

  #head(major: number, argument: number): void {
    const kind = major << 5;
    if (argument < 24) {
      this.byte(kind | argument);
      return;
    }
    const width = argument < 0x100 ? 1 : argument < 0x1_0000 ? 2 : argument < 0x1_0000_0000 ? 4 : 8;
    this.byte(kind | (width === 1 ? 24 : width === 2 ? 25 : width === 4 ? 26 : 27));
    if (width === 1) this.byte(argument);
    else if (width === 8) {
      scratch.setBigUint64(0, BigInt(argument));
      this.raw(new Uint8Array(scratch.buffer));
    } else {
      scratch.setUint32(0, argument);
      this.raw(new Uint8Array(scratch.buffer).subarray(4 - width, 4));
    }
  }
}
