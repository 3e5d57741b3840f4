import type { RefusalCode, RefusedInput } from "@openward/errors";
import type { Problem } from "@openward/model";

/** So many are listed one by one; beyond them, one per code says how many more. */
export const LISTED = 100;

/** Field of a problem that stands for many places which are not listed one by one. */
export const REST = "…";

/** A body that could not be read as a whole. */
export function problemOf({ code, facts: { at = "", expected } }: RefusedInput): Problem {
  return { index: 0, code, field: at, ...(expected !== undefined && { expected }), readings: 0 };
}

/** What was wrong with one message, bounded: a message must not grow when it is judged. */
export class Problems {
  readonly list: Problem[] = [];
  private rest: Map<string, { index: number; through: number; readings: number; places: number }> | undefined;

  /** @param index first and @param through last of the items in a row that have this problem */
  add(code: RefusalCode, field: string, index: number, through: number, readings: number, expected?: string): void {
    // The same items have the same fault in several columns: one time belongs to all values of an item.
    for (let i = this.list.length - 1; i >= 0 && i >= this.list.length - LISTED; i--) {
      const there = this.list[i] as Problem;
      const isSame = there.code === code && there.field === field && there.index === index;
      if (isSame && (there.through ?? there.index) === through) {
        this.list[i] = { ...there, readings: there.readings + readings };
        return;
      }
    }
    this.push({
      index,
      ...(through > index && { through }),
      code,
      field,
      ...(expected !== undefined && { expected }),
      readings,
    });
  }

  push(problem: Problem): void {
    if (this.list.length < LISTED) {
      this.list.push(problem);
      return;
    }
    const { code, index } = problem;
    const through = problem.through ?? index;
    this.rest ??= new Map();
    const seen = this.rest.get(code);
    if (!seen) {
      this.rest.set(code, { index, through, readings: problem.readings, places: 1 });
      return;
    }
    seen.index = Math.min(seen.index, index);
    seen.through = Math.max(seen.through, through);
    seen.readings += problem.readings;
    seen.places++;
  }

  get isEmpty(): boolean {
    return this.list.length === 0;
  }

  all(): readonly Problem[] {
    if (!this.rest) return this.list;
    const rest = [...this.rest].map(([code, { index, through, readings, places }]) => ({
      index,
      through,
      code,
      field: REST,
      expected: `${places} further places, not listed one by one`,
      readings,
    }));
    return [...this.list, ...rest];
  }
}
