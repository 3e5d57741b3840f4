import fhirpath, { type Model } from "fhirpath";
import r4 from "fhirpath/fhir-context/r4/index.js";
import type { Holds } from "./invariants.ts";
import { rawNumberOf, withPlainNumbers } from "./raw.ts";

const UCUM = "http://unitsofmeasure.org";

/**
 * An invariant by the FHIRPath library, parsed when it is first asked.
 *
 * @param path of the element that has it, "Observation.component": the library tells types by it
 */
export function evaluator(expression: string, path: string): Holds {
  const isNarrative = expression === "htmlChecks()";
  let run: ((element: unknown, variables: Record<string, unknown>) => unknown) | undefined;
  return (element, at, size) => {
    if (!at.mayAsk(size)) return undefined;
    try {
      // The library cannot begin at a number; no invariant of a number asks anything but what an object has.
      if (typeof element === "number" || rawNumberOf(element) !== undefined) return true;
      run ??= compile(expression, path);
      const plain = at.isPlain ? element : withPlainNumbers(element);
      const result = run(isNarrative ? withoutPrefixes(plain) : plain, {
        resource: at.plainResource,
        rootResource: at.plainRoot,
        ucum: UCUM,
      });
      // What comes to nothing is not violated: ref-1 comes to nothing for a Reference that has only a display.
      return Array.isArray(result) ? result.length === 0 || result[0] === true : undefined;
    } catch {
      return undefined;
    }
  };
}

function compile(expression: string, path: string) {
  // Expressions of FHIR trace what they find; nobody listens.
  return fhirpath.compile({ base: path.replace(/\[x\]$/, ""), expression }, r4 as Model, {
    traceFn: () => undefined,
  }) as (element: unknown, variables: Record<string, unknown>) => unknown;
}

const NAMESPACED = /\sxml:(?:lang|space)=(?:"[^"]*"|'[^']*')/g;

/** Narrative may say its language with xml:lang too (R4, narrative); the library's check knows no prefixes. */
function withoutPrefixes(element: unknown): unknown {
  return typeof element === "string" ? element.replace(NAMESPACED, "") : element;
}
