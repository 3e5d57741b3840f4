import type { Judged } from "./auroc.ts";

/** Event 1 of the Challenge: the lesser of sensitivity and positive predictive value of "will die". @param from said from there on */
export function eventOne(all: readonly Judged[], from: number): number {
  const flagged = all.filter(({ said }) => said >= from);
  const hits = flagged.filter(({ had }) => had).length;
  const deaths = all.filter(({ had }) => had).length;
  return flagged.length === 0 ? 0 : Math.min(hits / deaths, hits / flagged.length);
}

/** The threshold at which event 1 is best on these themselves: what a score could reach at most. */
export function bestThreshold(all: readonly Judged[]): number {
  const candidates = [...new Set(all.map(({ said }) => said))];
  return candidates.reduce((best, one) => (eventOne(all, one) > eventOne(all, best) ? one : best), candidates[0] ?? 0);
}

export interface Tenth {
  readonly count: number;
  readonly deaths: number;
  /** Mean of what was said. */
  readonly said: number;
}

/** Tenths by what was said, the least first; as in the Challenge, those left over at the top are in none. */
export function tenths(all: readonly Judged[]): readonly Tenth[] {
  const sorted = [...all].sort((a, b) => a.said - b.said);
  const count = Math.floor(sorted.length / 10);
  return Array.from({ length: 10 }, (_, i) => {
    const own = sorted.slice(i * count, (i + 1) * count);
    const said = own.reduce((sum, one) => sum + one.said, 0) / count;
    return { count, said, deaths: own.filter(({ had }) => had).length };
  });
}

/** Hosmer and Lemeshow's H over tenths: about 10 (degrees of freedom, on others than it was fitted to) when what is said is so. */
export const hosmerLemeshow = (all: readonly Judged[]): number =>
  tenths(all).reduce(
    (sum, { count, deaths, said }) => sum + (deaths - count * said) ** 2 / (count * said * (1 - said) + 0.001),
    0,
  );

/** Event 2 of the Challenge: H over the range of what is said from the least tenth to the most. */
export function eventTwo(all: readonly Judged[]): number {
  const ten = tenths(all);
  return hosmerLemeshow(all) / ((ten[9]?.said ?? Number.NaN) - (ten[0]?.said ?? Number.NaN));
}
