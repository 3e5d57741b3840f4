/** In spreads: what is taken off each time, so that ordinary days add up to nothing. */
const ALLOWANCE = 1;
/** One part of a day counts no more than this, however far off it is: a single one is not enough. */
const MOST_AT_ONCE = 4;
/** Enough to be said. Where one or two parts of a day speak, chance has fewer days in a month to reach it by, and people fewer readings to wait for. */
const RAISED_AT = 5;
const RAISED_AT_OF_FEW = 3.5;
const FEW_A_DAY = 2;
/** Parts of a day, one after the other, within the usual range, after which it is over. */
const USUAL_AGAIN = 3;
const USUAL_WITHIN = 2;

export type Direction = "higher" | "lower";

/** What is unusual, and since when. */
export interface Unusual {
  readonly direction: Direction;
  /** Start of the first part of a day that counts, ms since 1970. */
  readonly since: number;
  /** When it was enough to be said. */
  readonly raisedAt: number;
  /** Parts of days and readings that stand behind it. */
  readonly parts: number;
  readonly readings: number;
}

interface Sum {
  total: number;
  since: number;
  parts: number;
  readings: number;
}

/** Whether somebody has left their own level: the sums of what is more than an allowance off, up and down (CUSUM; Page ES. Biometrika 1954;41:100). */
export class Change {
  readonly #sums: Readonly<Record<Direction, Sum>> = { higher: none(), lower: none() };
  #unusual: Unusual | null = null;
  #usualParts = 0;

  get unusual(): Unusual | null {
    return this.#unusual;
  }

  /** One part of a day. @param off in spreads from the middle, up is more @param start of the part @param end of it @param partsPerDay that usually speak */
  add(off: number, readings: number, start: number, end: number, partsPerDay: number): void {
    const raisedAt = partsPerDay <= FEW_A_DAY ? RAISED_AT_OF_FEW : RAISED_AT;
    this.#sum("higher", off, readings, start);
    this.#sum("lower", -off, readings, start);
    const before = this.#unusual;
    if (before) {
      const isUsual = Math.abs(off) < USUAL_WITHIN;
      this.#usualParts = isUsual ? this.#usualParts + 1 : 0;
      if (this.#usualParts < USUAL_AGAIN) {
        const { parts, readings: behind } = before;
        if (!isUsual) this.#unusual = { ...before, parts: parts + 1, readings: behind + readings };
        return;
      }
      this.forget();
      return;
    }
    for (const direction of ["higher", "lower"] as const) {
      const { total, since, parts, readings: behind } = this.#sums[direction];
      if (total < raisedAt) continue;
      this.#unusual = { direction, since, raisedAt: end, parts, readings: behind };
      this.#usualParts = 0;
    }
  }

  forget(): void {
    this.#unusual = null;
    this.#usualParts = 0;
    Object.assign(this.#sums.higher, none());
    Object.assign(this.#sums.lower, none());
  }

  #sum(direction: Direction, off: number, readings: number, start: number): void {
    const sum = this.#sums[direction];
    const next = Math.max(sum.total + Math.min(off, MOST_AT_ONCE) - ALLOWANCE, 0);
    if (next === 0) Object.assign(sum, none());
    else {
      sum.since = sum.parts === 0 ? start : sum.since;
      sum.parts++;
      sum.readings += readings;
      // No more than needed to be said: it must be over soon after it is over.
      sum.total = Math.min(next, RAISED_AT + MOST_AT_ONCE);
    }
  }
}

const none = (): Sum => ({ total: 0, since: Number.NaN, parts: 0, readings: 0 });
