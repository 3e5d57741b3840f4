import { bitModels, type RangeDecoder, type RangeEncoder } from "./range-coder.ts";
import { readBits, writeBits } from "./whole-coder.ts";

// After Gorilla (Pelkonen 2015): each float exclusive-or the one before, as how many zeros stand before and behind, and
// the bits between; the counts under adaptive odds.
const SAME = 0;
const LEADING = 1;
const TRAILING = LEADING + 64;
const MODELS = TRAILING + 64 * 64;

/** Floats of any kind, bit for bit. */
export function writeFloats(coder: RangeEncoder, values: Float64Array): void {
  const models = bitModels(MODELS);
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  const bits = new Uint32Array(2 * values.length);
  for (let i = 0; i < values.length; i++) {
    bits[2 * i] = view.getUint32(8 * i + HIGH, IS_LITTLE);
    bits[2 * i + 1] = view.getUint32(8 * i + LOW, IS_LITTLE);
  }
  let highBefore = 0;
  let lowBefore = 0;
  for (let i = 0; i < values.length; i++) {
    const high = ((bits[2 * i] as number) ^ highBefore) >>> 0;
    const low = ((bits[2 * i + 1] as number) ^ lowBefore) >>> 0;
    highBefore = bits[2 * i] as number;
    lowBefore = bits[2 * i + 1] as number;
    if (high === 0 && low === 0) {
      coder.bit(models, SAME, 1);
      continue;
    }
    coder.bit(models, SAME, 0);
    const leading = high !== 0 ? Math.clz32(high) : 32 + Math.clz32(low);
    const trailing = low !== 0 ? trailingZeros(low) : 32 + trailingZeros(high);
    writeTree(coder, models, LEADING, leading);
    writeTree(coder, models, TRAILING + 64 * leading, trailing);
    // The first and the last of the bits between are ones.
    const from = 62 - leading;
    const to = trailing + 1;
    if (from >= 32 && from >= to) writeRange(coder, high, from - 32, Math.max(to - 32, 0));
    if (to <= 31 && from >= to) writeRange(coder, low, Math.min(from, 31), to);
  }
}

export function readFloats(coder: RangeDecoder, values: Float64Array): void {
  const models = bitModels(MODELS);
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  let highBefore = 0;
  let lowBefore = 0;
  for (let i = 0; i < values.length; i++) {
    if (coder.bit(models, SAME) === 0) {
      const leading = readTree(coder, models, LEADING);
      const trailing = readTree(coder, models, TRAILING + 64 * leading);
      let [high, low] = [0, 0];
      for (const place of [63 - leading, trailing]) {
        if (place >= 32) high |= 1 << (place - 32);
        else low |= 1 << place;
      }
      const from = 62 - leading;
      const to = trailing + 1;
      if (from >= 32 && from >= to) high |= readRange(coder, from - 32, Math.max(to - 32, 0));
      if (to <= 31 && from >= to) low |= readRange(coder, Math.min(from, 31), to);
      highBefore ^= high;
      lowBefore ^= low;
    }
    view.setUint32(8 * i + HIGH, highBefore >>> 0, IS_LITTLE);
    view.setUint32(8 * i + LOW, lowBefore >>> 0, IS_LITTLE);
  }
}

// Typed arrays are in the machine's own order, which is little-endian wherever this runs; a view says it plainly.
const IS_LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
const HIGH = IS_LITTLE ? 4 : 0;
const LOW = IS_LITTLE ? 0 : 4;

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** The bits of a word from place `from` down to place `to`. */
function writeRange(coder: RangeEncoder, word: number, from: number, to: number): void {
  const count = from - to + 1;
  writeBits(coder, Math.floor((word >>> 0) / 2 ** to) % 2 ** count, count);
}

function readRange(coder: RangeDecoder, from: number, to: number): number {
  return readBits(coder, from - to + 1) << to;
}

/** A number below 64 as six bits, each under the odds of those before it. */
function writeTree(coder: RangeEncoder, models: Int32Array, at: number, value: number): void {
  let node = 1;
  for (let shift = 5; shift >= 0; shift--) {
    const bit = (value >> shift) & 1;
    coder.bit(models, at + node - 1, bit);
    node = 2 * node + bit;
  }
}

function readTree(coder: RangeDecoder, models: Int32Array, at: number): number {
  let node = 1;
  for (let i = 0; i < 6; i++) node = 2 * node + coder.bit(models, at + node - 1);
  return node - 64;
}
