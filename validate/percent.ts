import { intervalBy } from "./interval.ts";
import type { Row } from "./task.ts";

const text = (part: number) => `${(100 * part).toFixed(2)} %`;

/** A part of a whole, over all records. @param least the target, as a part */
export function percentRow<T>(
  measure: string,
  records: readonly T[],
  of: (drawn: readonly T[]) => number,
  least: number | null,
): Row {
  const ours = of(records);
  const interval = intervalBy(records, of);
  return {
    measure,
    ours: text(ours),
    interval: interval && [text(interval[0]), text(interval[1])],
    target: least === null ? null : `>= ${Number((100 * least).toFixed(4))} %`,
    isReached: least === null ? null : ours >= least,
  };
}
