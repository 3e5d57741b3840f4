import type { Component, Parameter } from "./parameters.ts";
import type { Found } from "./path.ts";
import {
  type Amount,
  amountsOf,
  numbersOf,
  type Span,
  spansOf,
  stringsOf,
  type Target,
  type Token,
  targetsOf,
  tokensOf,
  typedIdentifiersOf,
  urisOf,
  wordsOf,
  wordsOfNowhere,
} from "./values.ts";

/** By what a resource is found. */
export interface Index {
  /** What is equal or not: tokens, references, addresses, "there is one". A parameter, a tab, and what it says. */
  readonly terms: readonly string[];
  /** What begins so, holds it, is exactly so. */
  readonly strings: readonly { readonly parameter: string; readonly value: string }[];
  /** What lies before, in or behind: dates in ms, numbers, amounts in each unit that they can be asked in. */
  readonly spans: readonly (Span & { readonly parameter: string; readonly unit: string })[];
}

/** An amount in another unit, or in the one of its kind that all are brought to; undefined: UCUM has none. */
export type ToCanonical = (
  value: number,
  unit: string,
) => { readonly value: number; readonly unit: string } | undefined;

export const UCUM = "http://unitsofmeasure.org";
/** Of an amount in the unit that all of its kind are brought to. */
const CANONICAL = "canonical";

export const presentTerm = (parameter: string): string => `${parameter}\t?`;

/** The terms by which a token is found: alone, with its system, and as any of its system. */
export function tokenTerms(parameter: string, { system, code }: Token): string[] {
  // A code of a fixed list is found by whatever system is named with it.
  if (system === undefined) return [`${parameter}\t${code}`, `${parameter}\t*|${code}`];
  return [`${parameter}\t${code}`, `${parameter}\t${system}|${code}`, `${parameter}\t${system}|`];
}

/** What a search for "code", "system|code", "|code", "system|" looks for: any of these. */
export function wantedTerms(parameter: string, value: string): string[] {
  const cut = splitAt(value);
  if (!cut) return [`${parameter}\t${value}`];
  const [system, code] = cut;
  if (code === "") return [`${parameter}\t${system}|`];
  return [`${parameter}\t${system}|${code}`, `${parameter}\t*|${code}`];
}

/** "system|code"; undefined: no bar. */
export function splitAt(value: string): readonly [system: string, code: string] | undefined {
  const at = value.lastIndexOf("|");
  return at < 0 ? undefined : [value.slice(0, at), value.slice(at + 1)];
}

export function referenceTerms(parameter: string, { reference, identifier }: Target, base: string): string[] {
  const terms: string[] = [];
  if (reference !== undefined) {
    const local = reference.startsWith(`${base}/`) ? reference.slice(base.length + 1) : reference;
    terms.push(`${parameter}\t${local}`);
    // "Patient/1" is found by "1" too; an address by nothing but itself, and a canonical one without its version.
    const id = /^[A-Z]\w*\/([A-Za-z0-9.-]{1,64})$/.exec(local)?.[1];
    if (id !== undefined) terms.push(`${parameter}\t/${id}`);
    const canonical = /^([^|#]+)[|#]/.exec(local)?.[1];
    if (canonical !== undefined) terms.push(`${parameter}\t${canonical}`);
  }
  if (identifier) terms.push(...tokenTerms(`${parameter}:identifier`, identifier));
  return terms;
}

/** As people type it: case and accents do not count, nor does white space. */
export function folded(value: string): string {
  return value.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll(/\s+/g, " ").trim();
}

/** Units by which an amount can be asked for, each with the amount in it. */
export function amountSpans(amount: Amount, toCanonical: ToCanonical): readonly (Span & { readonly unit: string })[] {
  const { low, high, system, unit } = amount;
  const spans = [{ low, high, unit: "" }];
  if (unit !== "") spans.push({ low, high, unit: `|${unit}` });
  if (system !== "" && unit !== "") spans.push({ low, high, unit: `${system}|${unit}` });
  if (system === UCUM) {
    const [from, to] = [toCanonical(finite(low), unit), toCanonical(finite(high), unit)];
    if (from && to)
      spans.push({
        low: Number.isFinite(low) ? from.value : low,
        high: Number.isFinite(high) ? to.value : high,
        unit: `${CANONICAL}|${from.unit}`,
      });
  }
  return spans;
}

const finite = (value: number): number => (Number.isFinite(value) ? value : 0);

/** The unit that a search looks in, and the factor to it: "5.4|http://unitsofmeasure.org|mg" finds grams too. */
export function canonicalUnit(
  unit: string,
  toCanonical: ToCanonical,
): { readonly unit: string; of(value: number): number } | undefined {
  const one = toCanonical(1, unit);
  if (!one) return undefined;
  return { unit: `${CANONICAL}|${one.unit}`, of: (value) => toCanonical(value, unit)?.value ?? Number.NaN };
}

export interface IndexOptions {
  /** Of this server, without a slash at the end. */
  readonly base: string;
  readonly toCanonical: ToCanonical;
}

/** By what a resource is found. Content text is kept apart: it is all of it. */
export function indexOf(
  resource: Readonly<Record<string, unknown>>,
  parameters: Iterable<Parameter>,
  options: IndexOptions,
): Index {
  const terms = new Set<string>();
  const strings = new Map<string, { parameter: string; value: string }>();
  const spans = new Map<string, Span & { parameter: string; unit: string }>();
  const addString = (parameter: string, value: string) => {
    const cut = value.slice(0, STRING_MAX);
    strings.set(`${parameter}\t${cut}`, { parameter, value: cut });
  };
  const addSpan = (parameter: string, unit: string, { low, high }: Span) =>
    spans.set(`${parameter}\t${unit}\t${low}\t${high}`, { parameter, unit, low, high });

  for (const parameter of parameters) {
    const { code, type } = parameter;
    if (parameter.unionOf) continue;
    const found = parameter.pick(resource);
    if (found.length === 0) continue;
    terms.add(presentTerm(code));
    for (const one of found) {
      if (type === "token") {
        for (const token of tokensOf(one)) for (const term of tokenTerms(code, token)) terms.add(term);
        for (const typed of typedIdentifiersOf(one)) terms.add(`${code}:of-type\t${typed}`);
        for (const words of wordsOf(one)) addString(`${code}:text`, words);
      } else if (type === "reference") {
        for (const target of targetsOf(one))
          for (const term of referenceTerms(code, target, options.base)) terms.add(term);
        for (const words of wordsOfNowhere(one)) addString(`${code}:text`, words);
      } else if (type === "uri") {
        for (const uri of urisOf(one)) {
          terms.add(`${code}\t${uri}`);
          addString(code, uri);
        }
      } else if (type === "string") for (const value of stringsOf(one)) addString(code, value);
      else if (type === "date") for (const span of spansOf(one)) addSpan(code, "", span);
      else if (type === "number") for (const span of numbersOf(one)) addSpan(code, "", span);
      else if (type === "quantity")
        for (const amount of amountsOf(one))
          for (const span of amountSpans(amount, options.toCanonical)) addSpan(code, span.unit, span);
      else if (type === "composite") {
        for (const pair of compositeOf(parameter, one, options)) {
          if (typeof pair === "string") terms.add(`${code}\t${pair}`);
          else addSpan(code, pair.unit, pair);
        }
      }
    }
  }
  return { terms: [...terms], strings: [...strings.values()], spans: [...spans.values()] };
}

/** Longer ones are found by how they begin. */
const STRING_MAX = 1024;

/** A composite is a token beside something: what is equal is a term, what is measured a span in "token$unit". */
function* compositeOf({ components }: Parameter, { value }: Found, options: IndexOptions) {
  const [first, second] = components as [Component, Component];
  const heads = first.pick(value).flatMap((one) => plainTerms(first, one, options));
  for (const head of new Set(heads)) {
    for (const one of second.pick(value)) {
      if (second.type === "quantity")
        for (const amount of amountsOf(one))
          for (const span of amountSpans(amount, options.toCanonical)) yield { ...span, unit: `${head}$${span.unit}` };
      else if (second.type === "date") for (const span of spansOf(one)) yield { ...span, unit: `${head}$` };
      else if (second.type === "number") for (const span of numbersOf(one)) yield { ...span, unit: `${head}$` };
      else if (second.type === "string") for (const words of stringsOf(one)) yield `${head}$${folded(words)}`;
      else for (const tail of plainTerms(second, one, options)) yield `${head}$${tail}`;
    }
  }
}

/** Terms of a part, without a name before them. */
function plainTerms({ type }: Component, found: Found, { base }: IndexOptions): string[] {
  const named =
    type === "token"
      ? tokensOf(found).flatMap((token) => tokenTerms("", token))
      : type === "uri"
        ? urisOf(found).map((uri) => `\t${uri}`)
        : targetsOf(found).flatMap((target) => referenceTerms("", target, base));
  return named.map((term) => term.slice(1));
}
