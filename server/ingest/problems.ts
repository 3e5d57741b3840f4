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
  /** Begun with its first entry: most messages have none. */
  private found: Problem[] | undefined;
  private rest: Map<string, { index: number; through: number; readings: number; places: number }> | undefined;

  /** @param index first and @param through last of the items in a row that have this problem */
  add(code: RefusalCode, field: string, index: number, through: number, readings: number, expected?: string): void {
    // The same items have the same fault in several columns: one time belongs to all values of an item.
    const list = this.found ?? NONE;
    for (let i = list.length - 1; i >= 0 && i >= list.length - LISTED; i--) {
      const there = list[i] as Problem;
      const isSame = there.code === code && there.field === field && there.index === index;
      if (isSame && (there.through ?? there.index) === through) {
        list[i] = { ...there, readings: there.readings + readings };
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
    this.found ??= [];
    if (this.found.length < LISTED) {
      this.found.push(problem);
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
    return this.found === undefined;
  }

  all(): readonly Problem[] {
    const list = this.found ?? NONE;
    if (!this.rest) return list;
    const rest = [...this.rest].map(([code, { index, through, readings, places }]) => ({
      index,
      through,
      code,
      field: REST,
      expected: `${places} further places, not listed one by one`,
      readings,
    }));
    return [...list, ...rest];
  }
}

const NONE: Problem[] = [];
