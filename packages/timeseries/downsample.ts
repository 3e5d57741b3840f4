import { ABSENT_SAMPLE } from "@openward/model";

/** Equal buckets over [from, to) that fill up from readings and from slots of rollups, in any order. */
export interface Buckets {
  readonly from: number;
  readonly to: number;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly sum: Float64Array;
  readonly last: Float64Array;
  readonly lastTime: Float64Array;
  readonly count: Uint32Array;
}

/** NaN where nothing was measured. */
export interface BucketColumns {
  readonly starts: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly mean: Float64Array;
  readonly last: Float64Array;
  readonly count: Uint32Array;
}

/** @param to after `from`; @param count at least 1 */
export function createBuckets(from: number, to: number, count: number): Buckets {
  // Side by side in one piece of memory: many pieces are dear.
  const memory = new ArrayBuffer(count * 44);
  const column = (n: number) => new Float64Array(memory, n * count * 8, count);
  return {
    from,
    to,
    min: column(0).fill(Number.NaN),
    max: column(1).fill(Number.NaN),
    sum: column(2),
    last: column(3).fill(Number.NaN),
    lastTime: column(4).fill(Number.NEGATIVE_INFINITY),
    count: new Uint32Array(memory, count * 40, count),
  };
}

/** Which bucket a time falls into; -1 outside. */
export function bucketOf(buckets: Pick<Buckets, "from" | "to" | "count">, time: number): number {
  const { from, to } = buckets;
  if (!(time >= from && time < to)) return -1;
  // Multiplied first: whole milliseconds stay whole, and a time at the start of a bucket falls into it.
  return Math.min(Math.floor(((time - from) * buckets.count.length) / (to - from)), buckets.count.length - 1);
}

/** Readings `first` (inclusive) to `end` (exclusive), ordered by time; those outside the buckets are left out. */
export function addReadings(
  buckets: Buckets,
  times: Float64Array,
  values: Float64Array,
  first = 0,
  end = times.length,
): void {
  const { from, to, min, max, sum, last, lastTime, count } = buckets;
  const width = (to - from) / count.length;
  let b = -1;
  // Readings mostly come in order: up to a little before its end, a bucket need not be looked for again.
  let sureFrom = Number.POSITIVE_INFINITY;
  let sureTo = Number.NEGATIVE_INFINITY;
  for (let i = first; i < end; i++) {
    const time = times[i] as number;
    if (!(time >= sureFrom && time < sureTo)) {
      b = bucketOf(buckets, time);
      sureFrom = time;
      sureTo = b < 0 ? time : from + (b + 1) * width - 1;
      if (b < 0) continue;
    }
    const value = values[i] as number;
    // NaN compares false with everything, so an empty bucket takes the first value.
    if (!((min[b] as number) <= value)) min[b] = value;
    if (!((max[b] as number) >= value)) max[b] = value;
    sum[b] = (sum[b] as number) + value;
    count[b] = (count[b] as number) + 1;
    if (time >= (lastTime[b] as number)) {
      lastTime[b] = time;
      last[b] = value;
    }
  }
}

/** What is known of several readings that all fall into the bucket of `lastTime`, the time of the newest of them. */
export function addSlot(
  buckets: Buckets,
  lastTime: number,
  slot: {
    readonly count: number;
    readonly min: number;
    readonly max: number;
    readonly sum: number;
    readonly last: number;
  },
): void {
  const b = bucketOf(buckets, lastTime);
  if (b < 0 || slot.count === 0) return;
  // NaN compares false with everything, so an empty bucket takes the first value.
  if (!((buckets.min[b] as number) <= slot.min)) buckets.min[b] = slot.min;
  if (!((buckets.max[b] as number) >= slot.max)) buckets.max[b] = slot.max;
  buckets.sum[b] = (buckets.sum[b] as number) + slot.sum;
  buckets.count[b] = (buckets.count[b] as number) + slot.count;
  if (lastTime >= (buckets.lastTime[b] as number)) {
    buckets.lastTime[b] = lastTime;
    buckets.last[b] = slot.last;
  }
}

/** All of other buckets, of which each lies within one of these or outside: as if of each its newest reading were its time. */
export function addBuckets(buckets: Buckets, others: Omit<Buckets, "from" | "to">, first: number, end: number): void {
  const { min, max, sum, last, lastTime, count } = buckets;
  for (let i = first; i < end; i++) {
    const n = others.count[i] as number;
    if (n === 0) continue;
    const time = others.lastTime[i] as number;
    const b = bucketOf(buckets, time);
    if (b < 0) continue;
    const [least, most] = [others.min[i] as number, others.max[i] as number];
    // NaN compares false with everything, so an empty bucket takes the first value.
    if (!((min[b] as number) <= least)) min[b] = least;
    if (!((max[b] as number) >= most)) max[b] = most;
    sum[b] = (sum[b] as number) + (others.sum[i] as number);
    count[b] = (count[b] as number) + n;
    if (time >= (lastTime[b] as number)) {
      lastTime[b] = time;
      last[b] = others.last[i] as number;
    }
  }
}

export function finishBuckets(buckets: Buckets): BucketColumns {
  const { min, max, sum, last, count } = buckets;
  const mean = sum.map((total, b) => ((count[b] as number) > 0 ? total / (count[b] as number) : Number.NaN));
  return { starts: bucketStarts(buckets.from, buckets.to, count.length), min, max, mean, last, count };
}

export function bucketStarts(from: number, to: number, count: number): Float64Array {
  const starts = new Float64Array(count);
  for (let b = 0; b < count; b++) starts[b] = from + ((to - from) * b) / count;
  return starts;
}

/** Widen the least and greatest of the buckets that the samples of a run fall into. */
export function addSamples(
  buckets: Pick<Buckets, "from" | "to" | "min" | "max" | "count">,
  run: {
    readonly start: number;
    readonly rateHz: number;
    readonly scale: number;
    readonly origin: number;
    readonly samples: Int32Array;
  },
): void {
  const step = 1000 / run.rateHz;
  for (let i = 0; i < run.samples.length; i++) {
    const sample = run.samples[i] as number;
    if (sample !== ABSENT_SAMPLE) addExtremes(buckets, run.start + i * step, sample * run.scale + run.origin);
  }
}

export function addExtremes(
  buckets: Pick<Buckets, "from" | "to" | "min" | "max" | "count">,
  time: number,
  min: number,
  max = min,
): void {
  const b = bucketOf(buckets, time);
  if (b < 0) return;
  if (!((buckets.min[b] as number) <= min)) buckets.min[b] = min;
  if (!((buckets.max[b] as number) >= max)) buckets.max[b] = max;
}
