import { WHOLE_MAX } from "./whole-column.ts";

const EXPONENT_MAX = 12;
/** Powers of ten; each is exact. */
export const POWERS = Array.from({ length: EXPONENT_MAX + 1 }, (_, k) => 10 ** k);
const SAMPLE = 64;

/** Values as whole numbers / 10^exponent, or whole numbers x step. */
export type Scale =
  | { readonly kind: "decimal"; readonly exponent: number; wholeOf(value: number): number | undefined }
  | { readonly kind: "multiple"; readonly step: number; wholeOf(value: number): number | undefined };

/** The scale in which all but one in thirty-two of the values are whole, exactly; undefined where there is none. */
export function findScale(values: Float64Array): Scale | undefined {
  const sample = someOf(values);
  const allowed = Math.floor(values.length / 32);
  for (const scale of [decimalScale(sample), multipleScale(sample)]) {
    if (scale && missesOf(scale, values, allowed) <= allowed) return scale;
  }
  return undefined;
}

/** The decimal scale in which every value is whole; undefined where there is none. */
export function exactDecimal(values: Float64Array): Scale | undefined {
  let exponent = 0;
  for (const value of values) {
    while (decimalWhole(value, POWERS[exponent] as number) === undefined)
      if (++exponent > EXPONENT_MAX) return undefined;
  }
  const scale = decimalOf(exponent);
  return missesOf(scale, values, 0) === 0 ? scale : undefined;
}

function someOf(values: Float64Array): Float64Array {
  if (values.length <= SAMPLE) return values;
  // A stride that is odd, so that a value that comes every so often does not hide.
  const stride = Math.floor(values.length / SAMPLE) | 1;
  return Float64Array.from({ length: Math.ceil(values.length / stride) }, (_, i) => values[i * stride] as number);
}

/** The exponent that most of the sample needs; those that need more are exceptions, or there is none. */
function decimalScale(sample: Float64Array): Scale | undefined {
  const needed = new Uint32Array(EXPONENT_MAX + 2);
  for (const value of sample) {
    let exponent = 0;
    while (exponent <= EXPONENT_MAX && decimalWhole(value, POWERS[exponent] as number) === undefined) exponent++;
    needed[exponent] = (needed[exponent] as number) + 1;
  }
  // A sample may be one value, and that one an exception to come.
  const allowed = Math.floor(sample.length / 16);
  let beyond = sample.length;
  for (let exponent = 0; exponent <= EXPONENT_MAX; exponent++) {
    beyond -= needed[exponent] as number;
    if (beyond <= allowed) return decimalOf(exponent);
  }
  return undefined;
}

function decimalOf(exponent: number): Scale {
  const power = POWERS[exponent] as number;
  return { kind: "decimal", exponent, wholeOf: (value) => decimalWhole(value, power) };
}

/** Values that a device got by multiplying counts with a factor that is no decimal. */
function multipleScale(sample: Float64Array): Scale | undefined {
  let least = Number.POSITIVE_INFINITY;
  let greatest = 0;
  for (let i = 0; i < sample.length; i++) {
    const size = Math.abs(sample[i] as number);
    if (size > greatest && size < Number.MAX_VALUE) greatest = size;
    const gap = Math.abs((sample[i] as number) - (sample[i - 1] ?? 0));
    if (gap > 0 && gap < least) least = gap;
  }
  if (!(least < Number.POSITIVE_INFINITY) || greatest === 0) return undefined;
  // A difference of floats is off in its last bits; the greatest value, divided by its count, is nearer.
  for (const step of [least, greatest / Math.round(greatest / least)]) {
    if (!(step > 0 && step < Number.POSITIVE_INFINITY)) continue;
    const scale: Scale = { kind: "multiple", step, wholeOf: (value) => multipleWhole(value, step) };
    if (missesOf(scale, sample, 1) <= 1) return scale;
  }
  return undefined;
}

function missesOf(scale: Scale, values: Float64Array, stopAbove: number): number {
  let misses = 0;
  for (const value of values) if (scale.wholeOf(value) === undefined && ++misses > stopAbove) break;
  return misses;
}

function decimalWhole(value: number, power: number): number | undefined {
  const whole = Math.round(value * power);
  return Math.abs(whole) <= WHOLE_MAX && Object.is(whole / power, value) ? noNegativeZero(whole, value) : undefined;
}

function multipleWhole(value: number, step: number): number | undefined {
  const whole = Math.round(value / step);
  return Math.abs(whole) <= WHOLE_MAX && Object.is(whole * step, value) ? noNegativeZero(whole, value) : undefined;
}

/** A whole number has no negative zero: such a value is an exception. */
function noNegativeZero(whole: number, value: number): number | undefined {
  return value === 0 && Object.is(value, -0) ? undefined : whole;
}
