import type { RefusalCode } from "@openward/errors";

/** One thing that was wrong with an item; the same shape as Problem of packages/model. */
export interface ItemProblem {
  /** Position in the body's array; 0 for a single body; for columns the position in them. */
  readonly index: number;
  readonly code: RefusalCode;
  /** The field inside the item: "values.spo2.unit"; empty for the item itself. */
  readonly field: string;
  readonly expected?: string;
  /** How many readings the problem keeps out. */
  readonly readings: number;
}

/** Problems beyond this many are counted per code and not listed one by one: a body must not grow when it is judged. */
const LISTED = 1000;

export interface Refusals {
  readonly list: readonly ItemProblem[];
  add(index: number, code: RefusalCode, field: string, expected: string, readings?: number): void;
  /** Call once at the end; adds the counts of what was not listed. */
  close(): readonly ItemProblem[];
}

const NONE: readonly ItemProblem[] = [];

/** Made for every message, and empty for most: a list is begun with its first entry. */
class Gathered implements Refusals {
  #list: ItemProblem[] | undefined;
  #rest: Map<RefusalCode, { index: number; field: string; expected: string; readings: number }> | undefined;

  get list(): readonly ItemProblem[] {
    return this.#list ?? NONE;
  }

  add(index: number, code: RefusalCode, field: string, expected: string, readings = 1): void {
    this.#list ??= [];
    if (this.#list.length < LISTED) {
      this.#list.push({ index, code, field: shorten(field), expected, readings });
      return;
    }
    this.#rest ??= new Map();
    const seen = this.#rest.get(code);
    if (seen) seen.readings += readings;
    else this.#rest.set(code, { index, field: shorten(field), expected, readings });
  }

  close(): readonly ItemProblem[] {
    for (const [code, { index, field, expected, readings }] of this.#rest ?? []) {
      const more = `${expected} (first of the rest, not listed one by one)`;
      this.#list?.push({ index, code, field, expected: more, readings });
    }
    return this.list;
  }
}

export function createRefusals(): Refusals {
  return new Gathered();
}

/** Field names come from the sender. */
function shorten(field: string): string {
  return field.length <= 80 ? field : `${field.slice(0, 79)}…`;
}
