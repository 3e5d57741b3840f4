/** A span of time, ms UTC: `from` inclusive, `to` exclusive. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Beyond these nothing was or will be measured. */
export const EARLIEST = 0;
export const LATEST = Date.UTC(2200, 0, 1);

export const ALWAYS: readonly Interval[] = [{ from: EARLIEST, to: LATEST }];

/** In order, without overlaps, within EARLIEST and LATEST, none empty. */
export function union(...parts: readonly Interval[]): Interval[] {
  const sorted = parts
    .map(({ from, to }) => ({ from: Math.max(from, EARLIEST), to: Math.min(to, LATEST) }))
    .filter(({ from, to }) => from < to)
    .sort((a, b) => a.from - b.from);
  const joined: Interval[] = [];
  for (const next of sorted) {
    const last = joined.at(-1);
    if (last && next.from <= last.to) joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, next.to) };
    else joined.push(next);
  }
  return joined;
}

/** Both as `union` gives them. */
export function intersect(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  return a.flatMap((x) =>
    b.map((y) => ({ from: Math.max(x.from, y.from), to: Math.min(x.to, y.to) })).filter(({ from, to }) => from < to),
  );
}

export function contains(intervals: readonly Interval[], time: number): boolean {
  return intervals.some(({ from, to }) => from <= time && time < to);
}
