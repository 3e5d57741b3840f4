import { QUALITY } from "@openward/model";
import { copyReading, emptyColumns, type NumericColumns, sliceColumns } from "./columns.ts";

/**
 * Two sets of readings of one stream as one. The same (time, value) in both is one reading, that of `first`; the same
 * time with another value keeps both, the one of `second` behind, with the next ordinal and QUALITY.conflicting.
 */
export function mergeColumns(first: NumericColumns, second: NumericColumns): NumericColumns {
  const n = first.times.length;
  const m = second.times.length;
  if (m === 0) return first;
  if (n === 0) return second;
  const merged = emptyColumns(n + m);
  let i = 0;
  let j = 0;
  let out = 0;
  while (i < n || j < m) {
    const a = i < n ? (first.times[i] as number) : Number.POSITIVE_INFINITY;
    const b = j < m ? (second.times[j] as number) : Number.POSITIVE_INFINITY;
    if (a < b) {
      copyReading(first, i++, merged, out++);
      continue;
    }
    if (b < a) {
      copyReading(second, j++, merged, out++);
      continue;
    }
    const start = out;
    while (i < n && first.times[i] === a) copyReading(first, i++, merged, out++);
    while (j < m && second.times[j] === a) {
      const value = second.values[j] as number;
      if (!holds(merged.values, start, out, value)) {
        copyReading(second, j, merged, out);
        merged.ordinals[out] = (merged.ordinals[out - 1] as number) + 1;
        merged.quality[out] = (merged.quality[out] as number) | QUALITY.conflicting;
        out++;
      }
      j++;
    }
  }
  return out === n + m ? merged : sliceColumns(merged, 0, out);
}

function holds(values: Float64Array, from: number, to: number, value: number): boolean {
  for (let i = from; i < to; i++) if (values[i] === value) return true;
  return false;
}
