/**
 * Largest triangle three buckets: which of the points draw the line that looks most like the whole.
 *
 * @param times ascending
 * @returns indices, ascending; all of them where there are no more than `count`, else `count`, the first and the last among them
 * @source S. Steinarsson, Downsampling Time Series for Visual Representation, 2013; reference outputs in lttb.reference.json
 */
export function lttb(times: Float64Array, values: Float64Array, count: number): Uint32Array {
  const n = times.length;
  if (n <= count || n <= 2) return Uint32Array.from({ length: n }, (_, i) => i);
  if (count <= 2) return Uint32Array.of(0, n - 1).subarray(0, Math.max(count, 0));
  const chosen = new Uint32Array(count);
  const every = (n - 2) / (count - 2);
  let before = 0;
  for (let bucket = 0; bucket < count - 2; bucket++) {
    const first = Math.floor(bucket * every) + 1;
    const end = Math.floor((bucket + 1) * every) + 1;
    const nextEnd = Math.min(Math.floor((bucket + 2) * every) + 1, n);
    const origin = times[before] as number;
    const height = values[before] as number;
    // Seen from the point before: times are large, and only their differences say something.
    let time = 0;
    let value = 0;
    for (let i = end; i < nextEnd; i++) {
      time += (times[i] as number) - origin;
      value += values[i] as number;
    }
    time /= nextEnd - end;
    value = value / (nextEnd - end) - height;
    let largest = -1;
    let at = first;
    for (let i = first; i < end; i++) {
      const area = Math.abs(time * ((values[i] as number) - height) - ((times[i] as number) - origin) * value);
      if (area > largest) {
        largest = area;
        at = i;
      }
    }
    chosen[bucket + 1] = at;
    before = at;
  }
  chosen[count - 1] = n - 1;
  return chosen;
}

export interface Line {
  readonly times: Float64Array;
  /** NaN is a gap. */
  readonly values: Float64Array;
}

/**
 * A line of about `count` points in which gaps stay gaps: what lies further apart than `gapMs` is drawn apart, with a NaN
 * between. Each part gets points by its share of the readings, three at least where it has them.
 *
 * @param times ascending
 */
export function lineOf(times: Float64Array, values: Float64Array, count: number, gapMs: number): Line {
  const n = times.length;
  const parts: { first: number; chosen: Uint32Array }[] = [];
  let length = 0;
  for (let first = 0, i = 1; i <= n; i++) {
    if (i < n && (times[i] as number) - (times[i - 1] as number) <= gapMs) continue;
    const share = Math.max(3, Math.round((count * (i - first)) / n));
    const chosen = lttb(times.subarray(first, i), values.subarray(first, i), share);
    length += chosen.length + (parts.length > 0 ? 1 : 0);
    parts.push({ first, chosen });
    first = i;
  }
  const line = { times: new Float64Array(length), values: new Float64Array(length) };
  let at = 0;
  for (const { first, chosen } of parts) {
    if (at > 0) {
      line.times[at] = ((line.times[at - 1] as number) + (times[first] as number)) / 2;
      line.values[at++] = Number.NaN;
    }
    for (const i of chosen) {
      line.times[at] = times[first + i] as number;
      line.values[at++] = values[first + i] as number;
    }
  }
  return line;
}

/**
 * From which distance on two readings have a gap between them: four times the usual distance, and never less than
 * `leastMs`. The usual one is the median of some hundreds of distances from all over.
 */
export function gapOf(times: Float64Array, leastMs: number): number {
  const steps = times.length - 1;
  if (steps < 1) return leastMs;
  const count = Math.min(steps, 501);
  const sample = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    const i = Math.floor((k * steps) / count);
    sample[k] = (times[i + 1] as number) - (times[i] as number);
  }
  sample.sort();
  return Math.max(leastMs, 4 * (sample[count >> 1] as number));
}
