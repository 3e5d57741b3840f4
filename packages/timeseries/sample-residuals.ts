import { bitModels, type RangeDecoder, type RangeEncoder } from "./range-coder.ts";
import { bitLength, readBits, writeBits } from "./whole-coder.ts";

// What a sample is off its prediction, as adaptive bits: sign, then size in steps of about a quarter of what sizes have been
// lately, then the place within the step.
const STEPS_MAX = 24;
const SIZES = 16;
const TRENDS = 3;
// Places within a context: the sign by which way the prediction was rounded; the size in steps; its first two bits behind.
const STEPS = 3;
const FIRST_BIT = STEPS + STEPS_MAX;
const SECOND_BIT = FIRST_BIT + 8;
const STRIDE = SECOND_BIT + 16;
const LENGTHS = SIZES * TRENDS * STRIDE;
const LENGTH_MAX = 36;
const SIZE_LIMIT = 1 << 20;
/** The mean size that each context stands for, in sixteenths. */
const SIZE_MEANS = Array.from(
  { length: SIZES },
  (_, i) => Math.floor((i % 2 === 0 ? 8 : 12) * 2 ** (i >> 1) * 1.2) - 4,
);
/** How much the first odds count, in bits seen. */
const TRUSTED = 12;

/** How far predictions have been off lately, in sixteenths: it says which odds hold for the next. */
export class ResidualModel {
  readonly models = bitModels(LENGTHS + LENGTH_MAX + 1);
  fast = 128;
  slow = 128;

  constructor() {
    for (let size = 0; size < SIZES; size++) {
      const mean = SIZE_MEANS[size] as number;
      // As if sizes fell off geometrically, which is near enough to begin with.
      const step = 2 ** Math.max(0, 25 - Math.clz32(mean + 8));
      const odds = Math.floor((65535 * mean) / (mean + 16 * step));
      for (let trend = 0; trend < TRENDS; trend++) {
        const first = (size * TRENDS + trend) * STRIDE + STEPS;
        this.models.fill((odds << 8) | TRUSTED, first, first + STEPS_MAX);
      }
    }
  }

  context(): number {
    const log = 31 - Math.clz32(this.fast + 4);
    const size = Math.max(0, Math.min(2 * (log - 3) + (((this.fast + 4) >>> (log - 1)) & 1), SIZES - 1));
    const trend = this.fast * 5 < this.slow * 4 ? 0 : this.fast * 4 > this.slow * 5 ? 2 : 1;
    return (size * TRENDS + trend) * STRIDE;
  }

  lowBits(): number {
    // A quarter of the mean: some four steps, in the middle.
    return Math.max(0, 25 - Math.clz32(this.fast + 8));
  }

  saw(size: number): void {
    const limited = Math.min(size, SIZE_LIMIT) << 4;
    this.fast += Math.trunc((limited - this.fast) / 12);
    this.slow += (limited - this.slow) >> 7;
  }
}

const signPlace = (fraction: number) => (fraction > 0.17 ? 1 : fraction < -0.17 ? 2 : 0);

export function writeResidual(coder: RangeEncoder, model: ResidualModel, residual: number, fraction: number): void {
  const { models } = model;
  const context = model.context();
  const isNegative = residual < 0;
  const size = isNegative ? -residual - 1 : residual;
  coder.bit(models, context + signPlace(fraction), isNegative ? 1 : 0);
  const low = model.lowBits();
  const steps = Math.floor(size / 2 ** low);
  const counted = Math.min(steps, STEPS_MAX);
  for (let i = 0; i < counted; i++) coder.bit(models, context + STEPS + i, 1);
  if (counted < STEPS_MAX) {
    coder.bit(models, context + STEPS + counted, 0);
    if (low > 0) {
      const kind = Math.min(steps, 7);
      const first = (size >>> (low - 1)) & 1;
      coder.bit(models, context + FIRST_BIT + kind, first);
      if (low > 1) {
        coder.bit(models, context + SECOND_BIT + 2 * kind + first, (size >>> (low - 2)) & 1);
        writeBits(coder, size % 2 ** (low - 2), low - 2);
      }
    }
  } else {
    const beyond = size - STEPS_MAX * 2 ** low + 1;
    const length = bitLength(beyond);
    for (let i = 1; i < length; i++) coder.bit(models, LENGTHS + i, 1);
    if (length < LENGTH_MAX) coder.bit(models, LENGTHS + length, 0);
    writeBits(coder, beyond - 2 ** (length - 1), length - 1);
  }
  model.saw(isNegative ? -residual : residual);
}

export function readResidual(coder: RangeDecoder, model: ResidualModel, fraction: number): number {
  const { models } = model;
  const context = model.context();
  const isNegative = coder.bit(models, context + signPlace(fraction)) === 1;
  const low = model.lowBits();
  let steps = 0;
  while (steps < STEPS_MAX && coder.bit(models, context + STEPS + steps) === 1) steps++;
  let size = steps * 2 ** low;
  if (steps < STEPS_MAX) {
    if (low > 0) {
      const kind = Math.min(steps, 7);
      const first = coder.bit(models, context + FIRST_BIT + kind);
      size += first * 2 ** (low - 1);
      if (low > 1) {
        size += coder.bit(models, context + SECOND_BIT + 2 * kind + first) * 2 ** (low - 2);
        size += readBits(coder, low - 2);
      }
    }
  } else {
    let length = 1;
    while (length < LENGTH_MAX && coder.bit(models, LENGTHS + length) === 1) length++;
    size += 2 ** (length - 1) + readBits(coder, length - 1) - 1;
  }
  const residual = isNegative ? -size - 1 : size;
  model.saw(isNegative ? -residual : residual);
  return residual;
}
