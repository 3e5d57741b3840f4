import { RefusedInput } from "@openward/errors";
import fhirpath from "fhirpath";
import model from "fhirpath/fhir-context/r4";
import { mapDecimals } from "../json/index.ts";
import { createEquivalence, type ExpressionNode } from "./equivalence.ts";
import { functionsOf, isEquivalent, type Outside } from "./functions.ts";
import { isNode, type LibraryNode } from "./library.ts";
import { mendLibrary } from "./mend.ts";
import { strictFault } from "./strict.ts";

export interface Evaluation {
  /** Environment variables, without the percent sign: %resource, %rootResource, ... */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** What a reference or a canonical points at; undefined where it is not here. Without it `resolve()` gives nothing. */
  readonly resolve?: (reference: unknown) => unknown;
  /** Whether an element conforms to a profile; undefined where the profile is not known, which `conformsTo()` fails with. */
  readonly conformsTo?: (element: unknown, profile: string) => boolean | undefined;
}

/** An element that an expression found, with its way back to the root. */
export interface FhirNode {
  /** The value; undefined where the element has extensions only. */
  readonly data: unknown;
  /** Name of its member of the parent ("valueQuantity"), null for the root and for what was computed. */
  readonly name: string | null;
  readonly index: number | null;
  readonly parent: FhirNode | null;
  /** Type of R4 or path of a BackboneElement ("HumanName", "Patient.contact"). */
  readonly type: string | null;
}

export interface FhirPath {
  readonly expression: string;
  /**
   * @returns plain values: primitives, complex elements as they are in the resource, quantities and times as text
   * @throws RefusedInput PATH_FAILED, PATH_TOO_COSTLY
   */
  evaluate(resource: unknown, evaluation?: Evaluation): unknown[];
  /** The same with the type of each, as "FHIR.code" or "System.Boolean". */
  typed(resource: unknown, evaluation?: Evaluation): { type: string; value: unknown; text: string }[];
  /** Is it so? Nothing is no; one value that is no boolean is yes, as FHIRPath has it of collections. */
  holds(resource: unknown, evaluation?: Evaluation): boolean;
  /** The same with the place of each; null for what is no element of the resource. */
  nodes(resource: unknown, evaluation?: Evaluation): (FhirNode | null)[];
}

export interface PathOptions {
  /** The expression is one of a specification or our own: it may use regular expressions and `repeat`, and looks at more. */
  readonly trusted?: boolean;
  /** Type of the element that it starts from, where that is none of a resource: "Patient.contact". */
  readonly base?: string;
  /** Type that it is evaluated on: what strict evaluation refuses of it is refused. */
  readonly strict?: string;
}

mendLibrary();

const EXPRESSION_MAX = 4096;
/** Steps, and elements and characters that they found. */
const BUDGET = { trusted: 5_000_000, untrusted: 100_000 };
/** Compiled expressions that are kept: a few kilobytes each. */
const CACHE_MAX = 1000;
const BRACKETS_MAX = 50;
const cache = new Map<string, FhirPath>();

/**
 * An expression of FHIRPath 2, compiled once for R4.
 *
 * @throws RefusedInput PATH_INVALID
 * @source HL7 FHIRPath 2.0; HL7 FHIR R4, fhirpath.html
 */
export function fhirPath(expression: string, { trusted = false, base, strict }: PathOptions = {}): FhirPath {
  const key = `${trusted ? "t" : "u"} ${base ?? ""} ${strict ?? ""} ${expression}`;
  const known = cache.get(key);
  if (known) {
    // The last in the map is the one that was used last: what goes first is at its front.
    cache.delete(key);
    cache.set(key, known);
    return known;
  }
  const compiled = compile(expression, trusted, base);
  const fault = strict === undefined ? undefined : strictFault(withWordsQuoted(expression), strict);
  if (fault !== undefined) throw new RefusedInput("PATH_INVALID", { format: "fhirpath", expected: fault });
  if (cache.size >= CACHE_MAX) cache.delete(cache.keys().next().value as string);
  cache.set(key, compiled);
  return compiled;
}

function compile(expression: string, trusted: boolean, base: string | undefined): FhirPath {
  if (expression.length > EXPRESSION_MAX || deepest(expression) > BRACKETS_MAX)
    throw new RefusedInput("PATH_INVALID", {
      format: "fhirpath",
      expected: `at most ${EXPRESSION_MAX} characters and ${BRACKETS_MAX} brackets in one another`,
    });
  let run: (resource: unknown, variables: Record<string, unknown>, options: object) => LibraryNode[];
  // Evaluation is synchronous: what the hooks below refer to is set for the time of one.
  const outside: Outside = { resolve: undefined, conformsTo: undefined };
  let left = 0;
  const spend = (cost: number) => {
    left -= cost;
    if (left < 0) throw new RefusedInput("PATH_TOO_COSTLY", { format: "fhirpath" });
  };
  const equivalence = expression.includes("~") ? createEquivalence(isEquivalent, spend) : undefined;
  try {
    const readable = withWordsQuoted(expression);
    run = fhirpath.compile(base === undefined ? readable : { base, expression: readable }, model, {
      resolveInternalTypes: false,
      preciseMath: true,
      // The library writes what it traces on the console, and that may be a patient's.
      traceFn: () => {},
      debugger: (_: unknown, __: unknown, found: unknown, node: ExpressionNode) => {
        spend(costOf(found, trusted));
        equivalence?.(found, node);
      },
      userInvocationTable: functionsOf(outside, trusted, plainOf),
    } as never) as never;
  } catch (error) {
    throw refusal("PATH_INVALID", error);
  }
  const standard = standardVariables(expression);
  const isDivision = expression.includes("/") && outermost(expression) === "/";
  const found = (resource: unknown, { resolve, conformsTo, variables }: Evaluation): LibraryNode[] => {
    const before = { ...outside, left };
    Object.assign(outside, { resolve, conformsTo });
    left = trusted ? BUDGET.trusted : BUDGET.untrusted;
    try {
      return run(exact(resource), { ...standard, ...variables }, {});
    } catch (error) {
      throw refusal("PATH_FAILED", error);
    } finally {
      // An expression that is evaluated inside of itself, by what it resolves, goes on as it was.
      ({ left } = before);
      Object.assign(outside, { resolve: before.resolve, conformsTo: before.conformsTo });
    }
  };
  return {
    expression,
    evaluate: (resource, evaluation = {}) => found(resource, evaluation).map(plainOf),
    typed(resource, evaluation = {}) {
      const all = found(resource, evaluation);
      const types = fhirpath.types(all) as string[];
      // "The result of a division is always Decimal", which the library tells from Integer by its digits.
      const typeOf = (type = "") => (isDivision && type === "System.Integer" ? "System.Decimal" : type);
      return all.map((one, i) => ({ type: typeOf(types[i]), value: plainOf(one), text: textOf(one) }));
    },
    holds(resource, evaluation = {}) {
      const [first, ...others] = found(resource, evaluation).map(plainOf);
      if (others.length > 0) throw new RefusedInput("PATH_FAILED", { format: "fhirpath", expected: "true or false" });
      return first !== undefined && first !== false;
    },
    nodes: (resource, evaluation = {}) => found(resource, evaluation).map(nodeOf),
  };
}

/** @source HL7 FHIR R4, fhirpath.html#vars; %ucum is the library's */
function standardVariables(expression: string): Record<string, string> {
  const variables: Record<string, string> = { sct: "http://snomed.info/sct", loinc: "http://loinc.org" };
  for (const [, kind, name] of expression.matchAll(/%[`'"]?(vs|ext)-([A-Za-z0-9.-]+)/g))
    variables[`${kind}-${name}`] = `http://hl7.org/fhir/${kind === "vs" ? "ValueSet" : "StructureDefinition"}/${name}`;
  return variables;
}

/** The library computes with decimals of its own, which know their digits. */
const exact = (value: unknown): unknown =>
  mapDecimals(value, (decimal) => fhirpath.FP_Decimal.getDecimal(decimal.text));

function plainOf(found: unknown): unknown {
  const value = isNode(found) ? found.data : found;
  return typeof value === "object" && value !== null && "toJSON" in value
    ? (value as { toJSON(): unknown }).toJSON()
    : value;
}

/** A value as FHIRPath would write it, with the digits that it has. */
function textOf(found: unknown): string {
  const value = isNode(found) ? found.data : found;
  const own = typeof value === "object" && value !== null && "toJSON" in value;
  return own || typeof value !== "object" ? String(value) : JSON.stringify(value);
}

function nodeOf(found: unknown): FhirNode | null {
  if (!isNode(found)) return null;
  const { propName, index, parentResNode, path } = found;
  return {
    data: plainOf(found),
    name: propName == null ? null : writtenName(parentResNode?.data, propName),
    index: index ?? null,
    parent: parentResNode ? nodeOf(parentResNode) : null,
    type: path ?? null,
  };
}

/** The path of valueQuantity is value: which type it has is told by the name that the parent has it under. */
function writtenName(parent: unknown, name: string): string {
  if (typeof parent !== "object" || parent === null || name in parent || `_${name}` in parent) return name;
  const stem = new RegExp(`^_?(${name}[A-Z][A-Za-z0-9]*)$`);
  for (const key of Object.keys(parent)) {
    const [, written] = stem.exec(key) ?? [];
    if (written !== undefined) return written;
  }
  return name;
}

/** Two of a collection may be compared with each other, so that a stranger's long one counts by its square. */
function costOf(found: unknown, trusted: boolean): number {
  if (!Array.isArray(found)) return 1;
  let cost = 1 + found.length;
  if (!trusted && found.length > 100 && typeof plainOf(found[0]) !== "object") cost += found.length ** 2 / 100;
  for (const one of found) {
    // Text of the resource is there once; what was computed grows.
    if (typeof one === "string") cost += one.length;
  }
  return cost;
}

/** Behind a dot the word of an operator is a name (text.div), which the grammar wants in backticks and nobody writes so. */
const withWordsQuoted = (expression: string): string =>
  expression.replace(/'(?:[^'\\]|\\.)*'|`[^`]*`|\.(div|mod|and|or|xor|implies)\b/g, (found, word?: string) =>
    word === undefined ? found : `.\`${word}\``,
  );

function deepest(expression: string): number {
  let depth = 0;
  let most = 0;
  for (const sign of expression) {
    if (sign === "(" || sign === "[" || sign === "{") most = Math.max(most, ++depth);
    else if (sign === ")" || sign === "]" || sign === "}") depth--;
  }
  return most;
}

/** The operator of the whole expression; undefined: it is none. */
function outermost(expression: string): string | undefined {
  let node = fhirpath.parse(withWordsQuoted(expression)) as unknown as ExpressionNode;
  while (node.type === "EntireExpression" && node.children?.[0]) node = node.children[0];
  return node.text;
}

/** The library's own words may hold values of the resource: only where an expression cannot be read are they passed on. */
function refusal(code: "PATH_INVALID" | "PATH_FAILED", error: unknown): RefusedInput {
  if (error instanceof RefusedInput) return error;
  const reason =
    code === "PATH_INVALID" && error instanceof Error ? (error.message.split("\n")[0] ?? "").slice(0, 120) : undefined;
  return new RefusedInput(code, { format: "fhirpath", ...(reason ? { reason } : {}) }, { cause: error });
}
