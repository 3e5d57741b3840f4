import type { ConstraintData } from "../definitions/data.ts";
import { evaluator } from "./fhirpath.ts";
import type { Report } from "./issue.ts";
import { natives } from "./natives.ts";

/** Where an invariant is asked. */
export interface Surroundings {
  /** The resource that the element is in: %resource. */
  readonly resource: unknown;
  /** The resource that that one is contained in, or itself: %rootResource. */
  readonly root: unknown;
  /** The type of `resource`. */
  readonly type: string;
  readonly report: Report;
  /** Whether the library may be asked once more about something of a size. */
  mayAsk(size: number): boolean;
  /** No number is kept as it was written. */
  readonly isPlain: boolean;
  /** The same resources with plain numbers. */
  readonly plainResource: unknown;
  readonly plainRoot: unknown;
  /** The type of resource that a Reference's text names, as far as it says. */
  typeNamed(reference: unknown): string | undefined;
}

/**
 * true: holds; false: does not; undefined: could not be told.
 *
 * @param size how many elements are in it, about
 */
export type Holds = (element: unknown, at: Surroundings, size: number) => boolean | undefined;

export interface Invariant {
  readonly key: string;
  readonly severity: "error" | "warning";
  readonly human: string;
  readonly holds: Holds;
}

/** Not asked, and why. */
export const SKIPPED: Readonly<Record<string, string>> = {
  "dom-6": "a recommendation to have a narrative, which what is made from device data has not",
};

/** The constraints of elements, as functions: our own for those that stand everywhere, by the FHIRPath library for all others. */
export class Invariants {
  readonly #constraints: Readonly<Record<string, ConstraintData>>;
  readonly #isNative: boolean;
  readonly #made = new Map<string, Invariant>();

  /** @param isNative false: everything by the library, to compare with */
  constructor(constraints: Readonly<Record<string, ConstraintData>>, isNative = true) {
    this.#constraints = constraints;
    this.#isNative = isNative;
  }

  /** @param path of the element that has them: "Observation.component" */
  of(keys: readonly string[] | undefined, path: string): Invariant[] {
    return (keys ?? []).flatMap((key) => {
      const id = key.split("#")[0] ?? key;
      return Object.hasOwn(SKIPPED, id) ? [] : [this.#one(key, id, path)];
    });
  }

  #one(key: string, id: string, path: string): Invariant {
    const constraint = this.#constraints[key];
    if (!constraint) throw new Error(`no constraint ${key}`);
    const { severity, human, expression } = constraint;
    const native = this.#isNative && Object.hasOwn(natives, expression) ? natives[expression] : undefined;
    const place = native ? key : `${key} ${path}`;
    let made = this.#made.get(place);
    if (!made) {
      made = { key: id, severity, human, holds: native ?? evaluator(expression, path) };
      this.#made.set(place, made);
    }
    return made;
  }
}

/** @param size how many elements are in it, about */
export function checkInvariants(
  invariants: readonly Invariant[],
  element: unknown,
  at: Surroundings,
  size: number,
): void {
  for (const { key, severity, human, holds } of invariants) {
    const verdict = holds(element, at, size);
    if (verdict === true) continue;
    const { report } = at;
    if (verdict === false) {
      const text = `${key}: ${human}`;
      if (severity === "error") report.error("invariant", text);
      else report.warn("invariant", text);
    } else if (!at.mayAsk(0))
      report.inform("too-costly", "too many constraints to check them all: not all are checked");
    // Where the structure is wrong, that is why.
    else if (report.errors === 0) report.inform("not-supported", `${key} could not be evaluated: not checked`);
  }
}
