import { bitModels, type RangeDecoder, type RangeEncoder, RENORMALISE, updated } from "./range-coder.ts";

/**
 * Whole numbers around zero, from -2^52 to 2^52, each as: zero or not, sign, size. The odds follow the number before where
 * numbers are small, and their running size where they are large.
 */
const STEPS_MAX = 20;
const STRIDE = 32 + 2 * STEPS_MAX;
// Places within a context: 0 is zero, 1 the sign; the size in steps, apart for the signs, and its first bit behind that.
const STEPS = 2;
const FIRST_BIT = STEPS + 2 * STEPS_MAX;
const FIRST_BITS = STRIDE - FIRST_BIT;
const SMALL_CONTEXTS = 5;
const AFTER_ZERO = 2 * STRIDE;
const SIZES = 40;
const LENGTHS = (SMALL_CONTEXTS + SIZES) * STRIDE;
const LENGTH_MAX = 53;
const SIZE_LIMIT = 1 << 20;
/** Mean size (in sixteenths) from which on it is the size that tells the odds. */
const LARGE = 32;

class WholeModel {
  readonly models = bitModels(LENGTHS + LENGTH_MAX + 1);
  before = 0;
  /** Running mean of sizes, in sixteenths. */
  mean = 0;

  context(): number {
    if (this.mean < LARGE) {
      const { before } = this;
      return (before < -2 ? 0 : before > 2 ? 4 : before + 2) * STRIDE;
    }
    const log = 31 - Math.clz32(this.mean);
    return (SMALL_CONTEXTS + Math.min(2 * (log - 5) + ((this.mean >>> (log - 1)) & 1), SIZES - 1)) * STRIDE;
  }

  /** How many bits of a size are not counted in steps. */
  lowBits(): number {
    return Math.max(0, 25 - Math.clz32(this.mean));
  }

  saw(value: number, size: number): void {
    this.before = value;
    this.mean += ((Math.min(size, SIZE_LIMIT) << 4) - this.mean) >> 3;
  }
}

export class WholeEncoder extends WholeModel {
  readonly #coder: RangeEncoder;

  constructor(coder: RangeEncoder) {
    super();
    this.#coder = coder;
  }

  write(value: number): void {
    const coder = this.#coder;
    const { models } = this;
    const context = this.context();
    if (value === 0) {
      coder.bit(models, context, 0);
      this.saw(0, 0);
      return;
    }
    const sign = value < 0 ? 1 : 0;
    const size = sign === 1 ? -value : value;
    coder.bit(models, context, 1);
    coder.bit(models, context + 1, sign);
    const low = this.lowBits();
    const power = 2 ** low;
    const steps = Math.floor((size - 1) / power);
    const unary = context + STEPS + sign * STEPS_MAX;
    const counted = Math.min(steps, STEPS_MAX);
    for (let i = 0; i < counted; i++) coder.bit(models, unary + i, 1);
    if (counted < STEPS_MAX) {
      coder.bit(models, unary + counted, 0);
      if (low > 0) this.#lowBits((size - 1) % power, low, context + FIRST_BIT + Math.min(steps, FIRST_BITS - 1));
    } else {
      this.#beyond(size - STEPS_MAX * power);
    }
    this.saw(value, size);
  }

  #lowBits(value: number, count: number, first: number): void {
    this.#coder.bit(this.models, first, Math.floor(value / 2 ** (count - 1)) & 1);
    writeBits(this.#coder, value % 2 ** (count - 1), count - 1);
  }

  /** @param value at least 1 */
  #beyond(value: number): void {
    const length = bitLength(value);
    for (let i = 1; i < length; i++) this.#coder.bit(this.models, LENGTHS + i, 1);
    if (length < LENGTH_MAX) this.#coder.bit(this.models, LENGTHS + length, 0);
    writeBits(this.#coder, value - 2 ** (length - 1), length - 1);
  }
}

export class WholeDecoder extends WholeModel {
  readonly #coder: RangeDecoder;

  constructor(coder: RangeDecoder) {
    super();
    this.#coder = coder;
  }

  read(): number {
    const context = this.context();
    if (this.#coder.bit(this.models, context) === 0) {
      this.saw(0, 0);
      return 0;
    }
    return this.readSize(context);
  }

  /**
   * Read a number for each place behind the first and add it up: place i is place i - 1, a step, and the number times
   * `factor`. The same as `read` in a loop, but for what most numbers are, zero, without leaving it.
   */
  addUp(values: Float64Array, step: number, factor: number): void {
    const coder = this.#coder;
    const { models } = this;
    let value = values[0] as number;
    let { range, code } = coder;
    let { mean } = this;
    let context = this.context();
    for (let i = 1; i < values.length; i++) {
      const model = models[context] as number;
      const bound = (range >>> 12) * ((model >>> 12) | 1);
      if (code >= bound) {
        code -= bound;
        range -= bound;
        models[context] = updated(model, 0);
        mean -= (mean + 7) >> 3;
        if (range < RENORMALISE || mean >= LARGE) {
          coder.range = range;
          coder.code = code;
          coder.renormalise();
          ({ range, code } = coder);
        }
        if (mean >= LARGE) {
          this.before = 0;
          this.mean = mean;
          context = this.context();
        } else {
          context = AFTER_ZERO;
        }
        value += step;
      } else {
        models[context] = updated(model, 1);
        coder.range = bound;
        coder.code = code;
        coder.renormalise();
        this.mean = mean;
        value += this.readSize(context) * factor + step;
        ({ range, code } = coder);
        mean = this.mean;
        context = this.context();
      }
      values[i] = value;
    }
    coder.range = range;
    coder.code = code;
  }

  /** What follows when a number is not zero. */
  readSize(context: number): number {
    const coder = this.#coder;
    const { models } = this;
    const sign = coder.bit(models, context + 1);
    const low = this.lowBits();
    const unary = context + STEPS + sign * STEPS_MAX;
    let steps = 0;
    while (steps < STEPS_MAX && coder.bit(models, unary + steps) === 1) steps++;
    let size: number;
    if (steps < STEPS_MAX) {
      size = steps * 2 ** low + 1;
      if (low > 0) {
        const first = coder.bit(models, context + FIRST_BIT + Math.min(steps, FIRST_BITS - 1));
        size += first * 2 ** (low - 1) + readBits(coder, low - 1);
      }
    } else {
      size = STEPS_MAX * 2 ** low + this.#beyond();
    }
    const value = sign === 1 ? -size : size;
    this.saw(value, size);
    return value;
  }

  #beyond(): number {
    let length = 1;
    while (length < LENGTH_MAX && this.#coder.bit(this.models, LENGTHS + length) === 1) length++;
    return 2 ** (length - 1) + readBits(this.#coder, length - 1);
  }
}

/** Binary digits of a whole number from 1 to 2^53 - 1. */
export function bitLength(value: number): number {
  const high = Math.floor(value / 2 ** 32);
  return high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(value >>> 0);
}

/** @param value below 2^count; @param count up to 53 */
export function writeBits(coder: RangeEncoder, value: number, count: number): void {
  for (let left = count; left > 0; ) {
    const some = Math.min(left, 8);
    left -= some;
    coder.bits(Math.floor(value / 2 ** left) % 2 ** some, some);
  }
}

export function readBits(coder: RangeDecoder, count: number): number {
  let value = 0;
  for (let left = count; left > 0; ) {
    const some = Math.min(left, 8);
    left -= some;
    value = value * 2 ** some + coder.bits(some);
  }
  return value;
}
