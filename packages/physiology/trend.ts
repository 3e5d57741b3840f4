import { median } from "./statistics.ts";

/** How something rises or falls, and whether that is more than chance. */
export interface Trend {
  /** Per unit of time that was asked in; the median of the slopes of all pairs (Theil and Sen). */
  readonly slope: number;
  /** Two-sided, of Mann and Kendall, with ties; small: more than chance. */
  readonly p: number;
  readonly count: number;
}

const FEWEST = 5;
/** Slopes are of all pairs: of more values than these, as many are taken, evenly. */
const MOST = 400;

/**
 * One odd value moves it little, and nothing needs to be normal. Sen PK. J Am Stat Assoc 1968;63:1379; Mann HB. Econometrica
 * 1945;13:245; Kendall MG. 1975.
 *
 * @param times in units of the slope, ascending @param values NaN is left out @returns null of fewer than five
 */
export function trendOf(times: ArrayLike<number>, values: ArrayLike<number>): Trend | null {
  const points = thinned(
    Array.from(values, (value, i): [number, number] => [times[i] as number, value]).filter((point) =>
      point.every(Number.isFinite),
    ),
  );
  const count = points.length;
  if (count < FEWEST) return null;
  const slopes: number[] = [];
  let concordance = 0;
  for (const [i, [from, before]] of points.entries())
    for (const [to, after] of points.slice(i + 1)) {
      if (to <= from) continue;
      slopes.push((after - before) / (to - from));
      concordance += Math.sign(after - before);
    }
  if (slopes.length === 0) return null;
  return { slope: median(slopes), p: significance(concordance, points), count };
}

function significance(concordance: number, points: readonly (readonly [number, number])[]): number {
  const n = points.length;
  const ties = new Map<number, number>();
  for (const [, value] of points) ties.set(value, (ties.get(value) ?? 0) + 1);
  const spread = (many: number) => many * (many - 1) * (2 * many + 5);
  const variance = (spread(n) - [...ties.values()].reduce((sum, many) => sum + spread(many), 0)) / 18;
  if (variance <= 0) return 1;
  // One step towards none: the sum goes in steps of two.
  const z = (Math.abs(concordance) - Math.min(1, Math.abs(concordance))) / Math.sqrt(variance);
  return Math.min(2 * upperTail(z), 1);
}

/** Of the normal distribution, within 1.5e-7. Abramowitz and Stegun 7.1.26. */
function upperTail(z: number): number {
  const x = z / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return 0.5 * series * Math.exp(-x * x);
}

function thinned<T>(all: readonly T[]): readonly T[] {
  if (all.length <= MOST) return all;
  return Array.from({ length: MOST }, (_, i) => all[Math.floor((i * all.length) / MOST)] as T);
}
