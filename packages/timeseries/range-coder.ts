import { ByteWriter } from "./bytes.ts";

// An adaptive binary range coder (Martin 1979, in the form of LZMA) with a window of 31 bits, so that every number of the
// decoder is a small integer to JavaScript engines.
const WINDOW = 0x7fffffff;
const CARRY = 0x80000000;
export const RENORMALISE = 1 << 23;
const EVEN_ODDS = 0x8000;
const CONFIDENCE_MAX = 255;

/** How far a model moves towards a bit, by how many it has seen: fast at first, then slowly. */
const RATES = Int32Array.from({ length: CONFIDENCE_MAX + 1 }, (_, seen) => Math.floor(32768 / (seen + 1.6)));

/** Models of `count` kinds of bits: sixteen bits of odds of a one, eight bits of how often it was seen. */
export function bitModels(count: number): Int32Array {
  return new Int32Array(count).fill(EVEN_ODDS << 8);
}

/** The model after a bit. */
export function updated(model: number, bit: number): number {
  const odds = model >>> 8;
  const seen = model & 255;
  const target = bit === 0 ? 0 : 65535;
  const next = odds + (((target - odds) * (RATES[seen] as number)) >> 15);
  return (next << 8) | (seen < CONFIDENCE_MAX ? seen + 1 : seen);
}

export class RangeEncoder {
  #low = 0;
  #range = WINDOW;
  #cache = -1;
  #pending = 0;
  readonly #out: ByteWriter;

  constructor(out = new ByteWriter()) {
    this.#out = out;
  }

  bit(models: Int32Array, at: number, bit: number): void {
    const model = models[at] as number;
    const bound = (this.#range >>> 12) * ((model >>> 12) | 1);
    if (bit === 0) {
      this.#low += bound;
      this.#range -= bound;
    } else {
      this.#range = bound;
    }
    models[at] = updated(model, bit);
    while (this.#range < RENORMALISE) this.#shift();
  }

  /** @param value below 2^count; @param count up to 8, of bits of even odds */
  bits(value: number, count: number): void {
    this.#range >>>= count;
    this.#low += this.#range * value;
    while (this.#range < RENORMALISE) this.#shift();
  }

  #shift(): void {
    // A byte of ones may still be carried over: it waits.
    if (this.#low < CARRY - RENORMALISE || this.#low >= CARRY) {
      const carry = this.#low >= CARRY ? 1 : 0;
      if (this.#cache >= 0) this.#out.u8(this.#cache + carry);
      for (; this.#pending > 0; this.#pending--) this.#out.u8((255 + carry) & 255);
      this.#cache = (this.#low >>> 23) & 255;
    } else {
      this.#pending++;
    }
    this.#low = (this.#low & (RENORMALISE - 1)) * 256;
    this.#range *= 256;
  }

  /** Ends the stream: its length is all that the reader must know. */
  finish(): void {
    const { length } = this.#out;
    // Of all numbers that mean these bits the one with the most zeros behind, which are then left away.
    this.#low = Math.ceil(this.#low / RENORMALISE) * RENORMALISE;
    this.#range = 0;
    for (let i = 0; i < 4; i++) this.#shift();
    if (this.#cache >= 0) this.#out.u8(this.#cache);
    const { bytes } = this.#out;
    while (this.#out.length > length && bytes[this.#out.length - 1] === 0) this.#out.length--;
  }
}

/**
 * Reads what RangeEncoder wrote. Behind the end there are zeros without end, so that it never reads what is not there; what
 * comes from broken bytes is some bits, and whoever asks for them bounds how many.
 */
export class RangeDecoder {
  range = WINDOW;
  code = 0;
  position: number;
  readonly bytes: Uint8Array;
  readonly end: number;
  /** The byte of which one bit is not used yet. */
  last = 0;

  constructor(bytes: Uint8Array, position: number, end: number) {
    this.bytes = bytes;
    this.position = position;
    this.end = Math.min(end, bytes.length);
    for (let i = 0; i < 3; i++) this.code = (this.code << 8) | this.#next();
    this.last = this.#next();
    this.code = (this.code << 7) | (this.last >>> 1);
  }

  #next(): number {
    return this.position < this.end ? (this.bytes[this.position++] as number) : 0;
  }

  renormalise(): void {
    while (this.range < RENORMALISE) {
      const next = this.#next();
      this.code = (this.code << 8) | ((this.last & 1) << 7) | (next >>> 1);
      this.last = next;
      this.range <<= 8;
    }
  }

  bit(models: Int32Array, at: number): number {
    const model = models[at] as number;
    const bound = (this.range >>> 12) * ((model >>> 12) | 1);
    if (this.code < bound) {
      this.range = bound;
      models[at] = updated(model, 1);
      if (bound < RENORMALISE) this.renormalise();
      return 1;
    }
    this.code -= bound;
    this.range -= bound;
    models[at] = updated(model, 0);
    if (this.range < RENORMALISE) this.renormalise();
    return 0;
  }

  bits(count: number): number {
    this.range >>>= count;
    // Broken bytes may point behind the last symbol.
    const value = Math.min(Math.floor(this.code / this.range), (1 << count) - 1);
    this.code -= value * this.range;
    if (this.range < RENORMALISE) this.renormalise();
    return value;
  }
}
