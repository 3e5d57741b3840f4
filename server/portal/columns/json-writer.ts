import { ABSENT_SAMPLE } from "@openward/model";
import { Bytes } from "./bytes.ts";
import type { ColumnWriter } from "./writer.ts";

const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
/** The longest number that JavaScript writes has 24 characters; and a comma. */
const NUMBER_BYTES = 26;
const DECIMALS_MAX = 6;
const POWERS = Array.from({ length: DECIMALS_MAX + 1 }, (_, k) => 10 ** k);
const WHOLE_MAX = 2 ** 53;
const NULL = Buffer.from("null");
/** Of thirteen digits, as milliseconds since 1970 are from 2001 to 2286. */
const TIME_MIN = 1e12;
const TIME_MAX = 1e13;
const HIGH_DIGITS = 9;

/** "0000" to "9999", one behind the other. */
const QUADS = (() => {
  const digits = new Uint8Array(40_000);
  for (let n = 0; n < 10_000; n++) {
    for (let k = 3, rest = n; k >= 0; k--, rest = Math.floor(rest / 10)) digits[n * 4 + k] = ZERO + (rest % 10);
  }
  return digits;
})();

const keys = new Map<string, Uint8Array>();
function keyBytes(name: string): Uint8Array {
  let bytes = keys.get(name);
  if (!bytes) {
    bytes = Buffer.from(`"${name}":`);
    keys.set(name, bytes);
  }
  return bytes;
}

/**
 * JSON whose columns of numbers are written as digits, without a string for each: most clinical values have few decimals
 * and times are whole. Every number reads back as it was.
 */
export class JsonWriter extends Bytes implements ColumnWriter {
  /** Something stands before in this map or array. */
  #isNext = false;
  /** Of the number before: its neighbours mostly have as many. */
  #decimals = 1;

  beginMap(): void {
    this.#separate();
    this.byte(0x7b);
    this.#isNext = false;
  }

  endMap(): void {
    this.byte(0x7d);
    this.#isNext = true;
  }

  beginArray(): void {
    this.#separate();
    this.byte(0x5b);
    this.#isNext = false;
  }

  endArray(): void {
    this.byte(0x5d);
    this.#isNext = true;
  }

  key(name: string): void {
    this.#separate();
    this.raw(keyBytes(name));
    this.#isNext = false;
  }

  value(value: unknown): void {
    this.encoded(Buffer.from(JSON.stringify(value)));
  }

  encoded(value: Uint8Array): void {
    this.#separate();
    this.raw(value);
  }

  encodedFields(fields: Uint8Array): void {
    if (fields.length > 0) this.encoded(fields);
  }

  floats(column: Float64Array): void {
    this.beginArray();
    this.room(column.length * NUMBER_BYTES + 1);
    let high = Number.NaN;
    let highAt = 0;
    for (let i = 0; i < column.length; i++) {
      if (i > 0) this.bytes[this.at++] = COMMA;
      const value = column[i] as number;
      if (!(value >= TIME_MIN && value < TIME_MAX)) {
        this.#number(value);
        continue;
      }
      // Times follow one another: all but the last four digits are mostly those of the time before.
      const before = high;
      high = Math.floor(value / 10_000);
      const low = value - high * 10_000;
      if (high !== before || low !== Math.floor(low)) {
        highAt = this.at;
        this.#number(value);
        continue;
      }
      const { bytes, at } = this;
      for (let k = 0; k < HIGH_DIGITS; k++) bytes[at + k] = bytes[highAt + k] as number;
      this.at = at + HIGH_DIGITS;
      this.#quad(low);
    }
    this.endArray();
  }

  wholes(column: Uint8Array | Uint32Array): void {
    this.beginArray();
    this.room(column.length * 11 + 1);
    for (let i = 0; i < column.length; i++) {
      if (i > 0) this.bytes[this.at++] = COMMA;
      this.#whole(column[i] as number);
    }
    this.endArray();
  }

  samples(column: Int32Array): void {
    this.beginArray();
    this.room(column.length * 12 + 1);
    for (let i = 0; i < column.length; i++) {
      if (i > 0) this.bytes[this.at++] = COMMA;
      const sample = column[i] as number;
      if (sample === ABSENT_SAMPLE) this.#null();
      else this.#signed(sample);
    }
    this.endArray();
  }

  #separate(): void {
    if (this.#isNext) this.byte(COMMA);
    this.#isNext = true;
  }

  #null(): void {
    this.bytes.set(NULL, this.at);
    this.at += 4;
  }

  /** There is room for it. */
  #number(value: number): void {
    if (Math.floor(value) === value && value < WHOLE_MAX && value > -WHOLE_MAX) {
      // Negative zero is not the same as zero, and JSON can say it.
      if (value === 0 && 1 / value < 0) this.bytes[this.at++] = MINUS;
      this.#signed(value);
      return;
    }
    if (!Number.isFinite(value)) {
      this.#null();
      return;
    }
    const before = this.#decimals;
    if (this.#decimal(value, before)) return;
    for (let k = 1; k <= DECIMALS_MAX; k++) {
      if (k === before || !this.#decimal(value, k)) continue;
      this.#decimals = k;
      return;
    }
    const text = String(value);
    for (let i = 0; i < text.length; i++) this.bytes[this.at++] = text.charCodeAt(i);
  }

  /** As a whole number over 10^k, where that is exactly the value: a division rounds as reading the digits does. */
  #decimal(value: number, k: number): boolean {
    const power = POWERS[k] as number;
    const scaled = Math.round(Math.abs(value) * power);
    if (scaled >= WHOLE_MAX || scaled / power !== Math.abs(value)) return false;
    if (value < 0) this.bytes[this.at++] = MINUS;
    const whole = Math.floor(scaled / power);
    this.#whole(whole);
    let rest = scaled - whole * power;
    this.bytes[this.at++] = POINT;
    for (let digit = k - 1; digit >= 0; digit--) {
      this.bytes[this.at + digit] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    this.at += k;
    return true;
  }

  #signed(value: number): void {
    if (value < 0) this.bytes[this.at++] = MINUS;
    this.#whole(Math.abs(value));
  }

  /** Below 2^53. */
  #whole(value: number): void {
    if (value < 10) {
      this.bytes[this.at++] = ZERO + value;
      return;
    }
    if (value < 1e8) {
      this.#head(value);
      return;
    }
    const high = Math.floor(value / 1e8);
    if (high < 1e8) this.#head(high);
    else {
      const highest = Math.floor(high / 1e8);
      this.#head(highest);
      this.#eight(high - highest * 1e8);
    }
    this.#eight(value - high * 1e8);
  }

  /** Up to eight digits, without leading zeros. */
  #head(value: number): void {
    if (value >= 10_000) {
      const high = (value / 10_000) | 0;
      this.#head(high);
      this.#quad(value - high * 10_000);
      return;
    }
    const digits = value >= 1000 ? 4 : value >= 100 ? 3 : value >= 10 ? 2 : 1;
    for (let k = 4 - digits; k < 4; k++) this.bytes[this.at++] = QUADS[value * 4 + k] as number;
  }

  #eight(value: number): void {
    const high = (value / 10_000) | 0;
    this.#quad(high);
    this.#quad(value - high * 10_000);
  }

  #quad(value: number): void {
    const from = value * 4;
    const { bytes, at } = this;
    bytes[at] = QUADS[from] as number;
    bytes[at + 1] = QUADS[from + 1] as number;
    bytes[at + 2] = QUADS[from + 2] as number;
    bytes[at + 3] = QUADS[from + 3] as number;
    this.at = at + 4;
  }
}
