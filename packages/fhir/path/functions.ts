import { RefusedInput } from "@openward/errors";
import fhirpath from "fhirpath";
import model from "fhirpath/fhir-context/r4";
import { mapDecimals } from "../json/index.ts";
import { isNode, type LibraryNode, nodeClass, type Quantity } from "./library.ts";

/** What the functions that reach outside of a resource are given for the time of an evaluation. */
export interface Outside {
  resolve: ((reference: unknown) => unknown) | undefined;
  conformsTo: ((element: unknown, profile: string) => boolean | undefined) | undefined;
}

type Item = unknown;
type Expression = (focus: readonly Item[]) => Item[];

const failed = (expected: string) => new RefusedInput("PATH_FAILED", { format: "fhirpath", expected });

/**
 * Functions that the library has not, or has otherwise than FHIRPath says. It calls them with its context as `this`.
 *
 * @param plainOf a value of the library as JSON
 */
export function functionsOf(outside: Outside, trusted: boolean, plainOf: (item: Item) => unknown): object {
  const ours = {
    resolve: {
      fn(this: object, focus: readonly Item[]) {
        return focus.flatMap((one) => {
          const target = outside.resolve?.(plainOf(one));
          // What is resolved is then of its own type, as what is found in a resource is.
          return target == null ? [] : [new nodeClass(this, exact(target))];
        });
      },
      arity: { 0: [] },
    },
    conformsTo: {
      fn(focus: readonly Item[], profile: string) {
        const [one] = single(focus);
        if (one === undefined) return [];
        const conforms = outside.conformsTo?.(plainOf(one), profile);
        if (conforms === undefined) throw failed("a profile that is known here");
        return [conforms];
      },
      arity: { 1: ["String"] },
    },
    /** The criterion is a truth or nothing, and one thing at most is asked about; the library takes anything for true. */
    iif: {
      fn(focus: readonly Item[], criterion: Expression, then: Expression, otherwise?: Expression) {
        if (focus.length > 1) throw failed("one input of iif");
        const [is, ...more] = criterion(focus).map(plainOf);
        if (more.length > 0 || (is !== undefined && typeof is !== "boolean"))
          throw failed("true or false as criterion of iif");
        return is === true ? then(focus) : (otherwise?.(focus) ?? []);
      },
      arity: { 2: ["Expr", "Expr"], 3: ["Expr", "Expr", "Expr"] },
    },
    precision: {
      fn: (focus: readonly Item[]) => single(focus).flatMap((one) => digitsOf(one, plainOf)),
      arity: { 0: [] },
    },
    lowBoundary: boundary("lowBoundary"),
    highBoundary: boundary("highBoundary"),
    /** Nothing is replaced where nothing is looked for. */
    replaceMatches: {
      fn: (focus: readonly Item[], pattern: string, by: string) =>
        pattern === "" ? focus : original("replaceMatches", focus, [pattern, by]),
      arity: { 2: ["String", "String"] },
    },
  };
  const all = { ...ours, ...(trusted ? {} : FORBIDDEN) };
  return Object.fromEntries(Object.entries(all).map(([name, one]) => [name, { ...one, internalStructures: true }]));
}

const exact = (value: unknown): unknown =>
  mapDecimals(value, (decimal) => fhirpath.FP_Decimal.getDecimal(decimal.text));

function single(focus: readonly Item[]): readonly Item[] {
  if (focus.length > 1) throw failed("one input");
  return focus;
}

/** The boundaries of a quantity are those of its value. */
const boundary = (name: "lowBoundary" | "highBoundary") => ({
  fn(this: object, focus: readonly Item[], digits?: number) {
    const [one] = single(focus);
    const converted = isNode(one) ? one.convertData() : one;
    const more = digits === undefined ? [] : [digits];
    if (!isQuantity(converted)) return original(name, focus, more);
    const [value] = original(name, [converted.value], more);
    return [
      new (converted.constructor as new (context: object, value: unknown, unit: string) => Quantity)(
        this,
        value,
        converted.unit,
      ),
    ];
  },
  arity: { 0: [], 1: ["Integer"] },
});

const isQuantity = (value: unknown): value is Quantity =>
  typeof value === "object" && value !== null && "unit" in value && "value" in value;

/** Digits behind the point of a number, or those of a date or time without its offset. */
function digitsOf(item: Item, plainOf: (item: Item) => unknown): number[] {
  const value = isNode(item) ? item.convertData() : item;
  const text = String(typeof value === "object" ? value : plainOf(value));
  if (/^-?\d+(?:\.\d+)?$/.test(text) && typeof value === "object" && "decimalPlaces" in (value ?? {}))
    return [text.split(".")[1]?.length ?? 0];
  const [time] = /^[@T]*\d[\d:.T-]*/.exec(text.replace(/(?:Z|[+-]\d\d:\d\d)$/, "")) ?? [];
  return time === undefined ? [] : [time.replace(/\D/g, "").length];
}

const originals = new Map<string, (resource: object, variables: object) => LibraryNode[]>();

/** The library's own function of that name. */
function original(name: string, focus: readonly Item[], parameters: readonly unknown[]): Item[] {
  const expression = `%focus.${name}(${parameters.map((_, i) => `%p${i}`).join(", ")})`;
  let run = originals.get(expression);
  if (!run) {
    run = fhirpath.compile(expression, model, { resolveInternalTypes: false, preciseMath: true } as never) as never;
    originals.set(expression, run as never);
  }
  return (run as NonNullable<typeof run>)(
    {},
    { focus, ...Object.fromEntries(parameters.map((value, i) => [`p${i}`, value])) },
  );
}

/** As the library compares two single items by `~`. */
export function isEquivalent(a: Item, b: Item): boolean {
  let run = originals.get(" ~");
  if (!run) {
    run = fhirpath.compile("%a ~ %b", model, { resolveInternalTypes: false, preciseMath: true } as never) as never;
    originals.set(" ~", run as never);
  }
  const [is] = (run as NonNullable<typeof run>)({}, { a: [a], b: [b] }) as unknown[];
  return is === true;
}

const forbidden = (name: string) => ({
  fn: () => {
    throw new RefusedInput("PATH_INVALID", { format: "fhirpath", expected: `an expression without ${name}` });
  },
  arity: { 1: ["Expr"], 2: ["Expr", "Expr"] },
});

/** A few characters of a stranger make these take for ever. */
const FORBIDDEN = Object.fromEntries(
  ["matches", "matchesFull", "replaceMatches", "repeat"].map((name) => [name, forbidden(name)]),
);
