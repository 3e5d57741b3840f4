/** Readings of one stream in columns, ordered by (time, ordinal). */
export interface NumericColumns {
  /** ms UTC, whole. */
  readonly times: Float64Array;
  /** In the stream's unit, as received; never NaN. */
  readonly values: Float64Array;
  /** Bits of QUALITY. */
  readonly quality: Uint8Array;
  /** 0, or n for the n-th further value of the same time. */
  readonly ordinals: Uint16Array;
  /** Server time of arrival, ms UTC. */
  readonly receivedAt: Float64Array;
  /** Minutes; NO_UTC_OFFSET where the device did not say. */
  readonly utcOffsets: Int16Array;
}

export const NO_UTC_OFFSET = -32768;

/** Columns of zeros, side by side in one piece of memory: tails grow often, and many pieces are dear. */
export function emptyColumns(count = 0): NumericColumns {
  const memory = new ArrayBuffer(count * 29);
  return {
    times: new Float64Array(memory, 0, count),
    values: new Float64Array(memory, count * 8, count),
    receivedAt: new Float64Array(memory, count * 16, count),
    ordinals: new Uint16Array(memory, count * 24, count),
    utcOffsets: new Int16Array(memory, count * 26, count),
    quality: new Uint8Array(memory, count * 28, count),
  };
}

/** Columns that share the memory of `columns`. */
export function sliceColumns(columns: NumericColumns, from: number, to: number): NumericColumns {
  return {
    times: columns.times.subarray(from, to),
    values: columns.values.subarray(from, to),
    quality: columns.quality.subarray(from, to),
    ordinals: columns.ordinals.subarray(from, to),
    receivedAt: columns.receivedAt.subarray(from, to),
    utcOffsets: columns.utcOffsets.subarray(from, to),
  };
}

export function copyReading(from: NumericColumns, i: number, to: NumericColumns, j: number): void {
  to.times[j] = from.times[i] as number;
  to.values[j] = from.values[i] as number;
  to.quality[j] = from.quality[i] as number;
  to.ordinals[j] = from.ordinals[i] as number;
  to.receivedAt[j] = from.receivedAt[i] as number;
  to.utcOffsets[j] = from.utcOffsets[i] as number;
}

/** The first index whose time is at or after `time`, between `from` and `to`. */
export function lowerBound(times: Float64Array, time: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
