import { RefusedInput } from "@openward/errors";
import { type Compressor, readBlockFile, writeBlockFile } from "./block-file.ts";
import { ByteWriter } from "./bytes.ts";
import { exactDecimal, POWERS } from "./scale.ts";

/** More different values than these are put into equal bins. */
export const BINS_MAX = 4_096;
/** Of a distribution no association is asked. */
const NO_ASSOCIATION = "00000000-0000-0000-0000-000000000000";

/**
 * How the values of a span are distributed: moments and how often each value stands there. Two of them put together say
 * what one of all their readings would.
 *
 * Count, extremes, sum, moments and regression are those of the values. So are percentiles up to BINS_MAX different values;
 * beyond, each value counts as the middle of its bin, and `error` says how far off that may be.
 */
export class Distribution {
  count = 0;
  /** Readings without a value. */
  absent = 0;
  min = Number.NaN;
  max = Number.NaN;
  mean = 0;
  /** Sums of powers of what values differ from their mean. */
  m2 = 0;
  m3 = 0;
  m4 = 0;
  /** Mean time in seconds, and sums of squares and products of differences, for a line through the values. */
  meanTime = 0;
  timeTime = 0;
  timeValue = 0;
  /** Width of a bin, a power of two; 0: each value is its own. */
  step = 0;
  #sum = 0;
  /** What the sum lost by rounding (Neumaier). */
  #lost = 0;
  /** How far a value may stand from its own bin: those of another unit lie across ours. */
  #moved = 0;
  /** By value, or by number of the bin. */
  #bins = new Map<number, number>();

  get sum(): number {
    return this.#sum + this.#lost;
  }

  /** Of a percentile, at most; 0: it is exact. */
  get error(): number {
    return this.step / 2 + this.#moved;
  }

  /** @param times ms UTC; NaN among the values is a reading without one */
  add(times: Float64Array, values: Float64Array, first = 0, end = values.length): void {
    const part = new Distribution();
    let timeSum = 0;
    for (let i = first; i < end; i++) {
      const value = values[i] as number;
      if (Number.isNaN(value)) {
        part.absent++;
        continue;
      }
      part.count++;
      part.#addToSum(value);
      timeSum += (times[i] as number) - (times[first] as number);
      if (!(part.min <= value)) part.min = value;
      if (!(part.max >= value)) part.max = value;
      this.#count(value, 1);
    }
    if (part.count > 0) {
      const mean = part.sum / part.count;
      const meanTime = ((times[first] as number) + timeSum / part.count) / 1000;
      let [m2, m3, m4, timeTime, timeValue] = [0, 0, 0, 0, 0];
      for (let i = first; i < end; i++) {
        const value = values[i] as number;
        if (Number.isNaN(value)) continue;
        const d = value - mean;
        const t = (times[i] as number) / 1000 - meanTime;
        const square = d * d;
        m2 += square;
        m3 += square * d;
        m4 += square * square;
        timeTime += t * t;
        timeValue += t * d;
      }
      Object.assign(part, { mean, m2, m3, m4, meanTime, timeTime, timeValue });
    }
    this.#join(part);
    if (this.#bins.size > BINS_MAX) this.#coarsen();
  }

  merge(other: Distribution): void {
    if (this.step < other.step) this.#coarsen(other.step);
    this.#moved = Math.max(this.#moved, other.#moved);
    for (const [key, count] of other.#bins) this.#count(other.#valueOf(key), count);
    this.#join(other);
    while (this.#bins.size > BINS_MAX) this.#coarsen();
  }

  /** The same of values in another unit: each is `value * factor + offset`. @param factor above 0 */
  converted(factor: number, offset: number): Distribution {
    if (factor === 1 && offset === 0) return this;
    const other = new Distribution();
    const of = (value: number) => value * factor + offset;
    other.count = this.count;
    other.absent = this.absent;
    [other.min, other.max, other.mean] = [of(this.min), of(this.max), of(this.mean)];
    other.#sum = this.sum * factor + offset * this.count;
    [other.m2, other.m3, other.m4] = [this.m2 * factor ** 2, this.m3 * factor ** 3, this.m4 * factor ** 4];
    [other.meanTime, other.timeTime, other.timeValue] = [this.meanTime, this.timeTime, this.timeValue * factor];
    other.step = this.step === 0 ? 0 : 2 ** Math.ceil(Math.log2(this.step * factor));
    other.#moved = this.error * factor;
    for (const [key, count] of this.#bins) other.#count(of(this.#valueOf(key)), count);
    return other;
  }

  /**
   * Linear between the two values around the place, as `quantile_cont` of SQL and type 7 of R have it; NaN where there is none.
   *
   * @param parts of 1: 0.5 is the median
   */
  quantiles(parts: readonly number[]): number[] {
    if (this.count === 0) return parts.map(() => Number.NaN);
    const keys = Float64Array.from(this.#bins.keys()).sort();
    const upTo = new Float64Array(keys.length);
    let sum = 0;
    keys.forEach((key, i) => {
      sum += this.#bins.get(key) ?? 0;
      upTo[i] = sum;
    });
    const at = (place: number): number => {
      let [low, high] = [0, keys.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((upTo[middle] as number) > place) high = middle;
        else low = middle + 1;
      }
      return Math.min(this.max, Math.max(this.min, this.#valueOf(keys[low] as number)));
    };
    return parts.map((part) => {
      const place = part * (this.count - 1);
      const low = Math.floor(place);
      const below = at(low);
      return place === low ? below : below + (place - low) * (at(low + 1) - below);
    });
  }

  /** In order of value, for what is stored. */
  bins(): { readonly keys: Float64Array; readonly counts: Float64Array } {
    const keys = Float64Array.from(this.#bins.keys()).sort();
    return { keys, counts: keys.map((key) => this.#bins.get(key) ?? 0) };
  }

  restore(sum: number, keys: Float64Array, counts: Float64Array): void {
    this.#sum = sum;
    this.#bins = new Map();
    for (let i = 0; i < keys.length; i++) this.#bins.set(keys[i] as number, counts[i] as number);
  }

  #addToSum(value: number): void {
    const sum = this.#sum + value;
    this.#lost += Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - sum + value : value - sum + this.#sum;
    this.#sum = sum;
  }

  #valueOf(key: number): number {
    return this.step === 0 ? key : (key + 0.5) * this.step;
  }

  #count(value: number, count: number): void {
    const key = this.step === 0 ? value + 0 : Math.floor(value / this.step);
    this.#bins.set(key, (this.#bins.get(key) ?? 0) + count);
  }

  /** Bins twice as wide, or of a width that is given, or wide enough for the span of all values. */
  #coarsen(step = this.step === 0 ? this.#firstStep() : this.step * 2): void {
    const before = [...this.#bins].map(([key, count]) => [this.#valueOf(key), count] as const);
    this.#bins.clear();
    this.step = step;
    for (const [value, count] of before) this.#count(value, count);
  }

  #firstStep(): number {
    const keys = [...this.#bins.keys()];
    const span = keys.reduce((a, b) => Math.max(a, b)) - keys.reduce((a, b) => Math.min(a, b));
    return 2 ** Math.ceil(Math.log2(span / (BINS_MAX / 2)));
  }

  /** Pébay, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical moments" (2008). */
  #join(other: Distribution): void {
    this.absent += other.absent;
    if (other.count === 0) return;
    const [a, b] = [this.count, other.count];
    const n = a + b;
    const d = other.mean - this.mean;
    const t = other.meanTime - this.meanTime;
    this.m4 +=
      other.m4 +
      (d ** 4 * a * b * (a * a - a * b + b * b)) / n ** 3 +
      (6 * d * d * (a * a * other.m2 + b * b * this.m2)) / (n * n) +
      (4 * d * (a * other.m3 - b * this.m3)) / n;
    this.m3 += other.m3 + (d ** 3 * a * b * (a - b)) / (n * n) + (3 * d * (a * other.m2 - b * this.m2)) / n;
    this.m2 += other.m2 + (d * d * a * b) / n;
    this.timeTime += other.timeTime + (t * t * a * b) / n;
    this.timeValue += other.timeValue + (t * d * a * b) / n;
    this.meanTime += (t * b) / n;
    this.count = n;
    this.#addToSum(other.sum);
    this.mean = this.sum / n;
    if (!(this.min <= other.min)) this.min = other.min;
    if (!(this.max >= other.max)) this.max = other.max;
  }
}

/** One day of one stream. @throws what the cipher throws */
export function encodeDistribution(
  dayStart: number,
  distribution: Distribution,
  unit: string,
  compressor: Compressor,
): Uint8Array {
  const { keys, counts } = distribution.bins();
  const out = new ByteWriter(keys.length * 4 + 120);
  out.varint(distribution.count);
  out.varint(distribution.absent);
  for (const name of NUMBERS) out.f64(distribution[name]);
  out.f64(distribution.sum);
  out.varint(keys.length);
  // Read hundreds at a time: plain differences of whole numbers, as a coder of bits would cost more than it saves.
  const scale = keys.length > 0 ? exactDecimal(keys) : undefined;
  const exponent = scale?.kind === "decimal" ? scale.exponent : undefined;
  out.u8(exponent ?? FLOATS);
  let before = 0;
  for (const key of keys) {
    if (exponent === undefined) out.f64(key);
    else {
      const whole = Math.round(key * (POWERS[exponent] as number));
      out.zigzag(whole - before);
      before = whole;
    }
  }
  for (const count of counts) out.varint(count);
  const header = {
    kind: "distribution" as const,
    keyId: 0,
    clockCorrectionId: 0,
    unit,
    associationId: NO_ASSOCIATION,
    utcOffsetMinutes: null,
    count: distribution.count,
    firstTime: dayStart,
    lastTime: dayStart,
  };
  return writeBlockFile(header, out.written(), compressor, "coded");
}

/** @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION */
export function decodeDistribution(file: Uint8Array, compressor: Compressor): Distribution {
  const { payload } = readBlockFile(file, "distribution", compressor);
  const distribution = new Distribution();
  distribution.count = payload.varint();
  distribution.absent = payload.varint();
  for (const name of NUMBERS) distribution[name] = payload.f64();
  const sum = payload.f64();
  const length = payload.varint();
  if (length > BINS_MAX) throw new RefusedInput("BLOCK_CORRUPT", { at: "bins" });
  const exponent = payload.u8();
  const power = POWERS[exponent];
  if (exponent !== FLOATS && power === undefined) throw new RefusedInput("BLOCK_CORRUPT", { at: "exponent" });
  const [keys, counts] = [new Float64Array(length), new Float64Array(length)];
  let whole = 0;
  for (let i = 0; i < length; i++) {
    if (power === undefined) keys[i] = payload.f64();
    else {
      whole += payload.zigzag();
      keys[i] = whole / power;
    }
  }
  for (let i = 0; i < length; i++) counts[i] = payload.varint();
  distribution.restore(sum, keys, counts);
  return distribution;
}

/** In place of a power of ten: the values are not whole in any. */
const FLOATS = 255;
const NUMBERS = ["min", "max", "mean", "m2", "m3", "m4", "meanTime", "timeTime", "timeValue", "step"] as const;
