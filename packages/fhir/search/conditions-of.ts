import { RefusedInput } from "@openward/errors";
import type { Condition, SpanTest } from "../store/index.ts";
import { spanKey } from "./findable.ts";
import { type Plain, printable, splitUnescaped, unescapeValue } from "./key.ts";
import type { Component, Parameter } from "./parameters.ts";
import { canonicalUnit, folded, presentTerm, type ToCanonical, UCUM, wantedTerms } from "./terms.ts";
import { type Span, spanOfDate } from "./values.ts";

export interface ConditionOptions {
  /** Of this server, without a slash at the end. */
  readonly base: string;
  readonly toCanonical: ToCanonical;
  /** ms UTC: what is about a date is the further from it the longer that is ago. */
  readonly now: number;
}

/** More are a list that nobody reads. */
const VALUES_MAX = 1_000;

type Prefix = "eq" | "ne" | "gt" | "lt" | "ge" | "le" | "sa" | "eb" | "ap";

/**
 * One parameter with its values, of which one must be so, as what the store is asked.
 *
 * @throws RefusedInput PARAMETER_UNKNOWN for a modifier that the parameter does not take; FIELD_INVALID for a value
 */
export function conditionOf(
  parameter: Parameter,
  { modifier }: Pick<Plain, "modifier">,
  text: string,
  options: ConditionOptions,
): Condition {
  const at = `http.${printable(parameter.code)}${modifier === undefined ? "" : `:${printable(modifier)}`}`;
  const { unionOf } = parameter;
  if (!unionOf) return conditionAt(parameter, modifier, text, options, at);
  return eitherOf(unionOf.map((code) => conditionAt({ ...parameter, code }, modifier, text, options, at)));
}

/** One of several must be so; of what must not be, none may. */
function eitherOf(conditions: readonly Condition[]): Condition {
  const without = conditions.flatMap((one) => (one.kind === "noTerms" ? one.noneOf : []));
  return without.length > 0 ? { kind: "noTerms", noneOf: without } : { kind: "any", of: conditions };
}

function conditionAt(
  parameter: Parameter,
  modifier: string | undefined,
  text: string,
  options: ConditionOptions,
  at: string,
): Condition {
  if (modifier === "missing" && parameter.type !== "special") return missing(parameter, text, at);
  const values = splitUnescaped(text, ",").map((value) => value.trim());
  if (values.length > VALUES_MAX || values.some((value) => value === ""))
    throw new RefusedInput("FIELD_INVALID", { at, expected: `1 to ${VALUES_MAX} values, separated by commas` });
  switch (parameter.type) {
    case "token":
      return token(parameter, modifier, values, at);
    case "string":
      return string(parameter, modifier, values, at);
    case "reference":
      return reference(parameter, modifier, values, options, at);
    case "uri":
      return uri(parameter, modifier, values, at);
    case "date":
    case "number":
      if (modifier !== undefined) throw noModifier(parameter, at);
      return {
        kind: "spans",
        anyOf: values.map((value) =>
          spanTest(
            parameter.code,
            rangeOf(parameter.type, unescapeValue(value), at),
            parameter.type === "date" ? options.now : 0,
          ),
        ),
      };
    case "quantity":
      if (modifier !== undefined) throw noModifier(parameter, at);
      return { kind: "spans", anyOf: values.map((value) => amountTest(parameter.code, "", value, options, at)) };
    case "composite":
      if (modifier !== undefined) throw noModifier(parameter, at);
      return composite(parameter, values, options, at);
    case "special":
      throw new RefusedInput("PARAMETER_UNKNOWN", {
        at,
        expected: "another parameter: this one is not searched by here",
      });
  }
}

const noModifier = ({ code }: Parameter, at: string, expected = `${code} without a modifier, or with :missing`) =>
  new RefusedInput("PARAMETER_UNKNOWN", { at, expected });

function missing({ code }: Parameter, text: string, at: string): Condition {
  if (text !== "true" && text !== "false") throw new RefusedInput("FIELD_INVALID", { at, expected: "true or false" });
  const there = [presentTerm(code)];
  return text === "true" ? { kind: "noTerms", noneOf: there } : { kind: "terms", anyOf: there };
}

function token(parameter: Parameter, modifier: string | undefined, values: readonly string[], at: string): Condition {
  const { code } = parameter;
  const wanted = () => values.flatMap((value) => wantedTerms(code, unescapeValue(value)));
  switch (modifier) {
    case undefined:
      return { kind: "terms", anyOf: wanted() };
    case "not":
      return { kind: "noTerms", noneOf: wanted() };
    case "text":
      return {
        kind: "strings",
        key: `${code}:text`,
        how: "begins",
        values: values.map((one) => folded(unescapeValue(one))),
      };
    case "of-type":
      return { kind: "terms", anyOf: values.map((value) => `${code}:of-type\t${unescapeValue(value)}`) };
    default:
      throw noModifier(
        parameter,
        at,
        `${code} alone, or with :not, :text, :of-type, :in, :not-in, :above, :below or :missing`,
      );
  }
}

function string({ code }: Parameter, modifier: string | undefined, values: readonly string[], at: string): Condition {
  const plain = values.map(unescapeValue);
  if (modifier === "exact") return { kind: "strings", key: code, how: "exact", values: plain };
  if (modifier !== undefined && modifier !== "contains")
    throw new RefusedInput("PARAMETER_UNKNOWN", {
      at,
      expected: `${code} alone, or with :exact, :contains or :missing`,
    });
  return { kind: "strings", key: code, how: modifier ? "contains" : "begins", values: plain.map(folded) };
}

function uri({ code }: Parameter, modifier: string | undefined, values: readonly string[], at: string): Condition {
  const plain = values.map(unescapeValue);
  if (modifier === undefined) return { kind: "terms", anyOf: plain.map((value) => `${code}\t${value}`) };
  if (modifier === "below") return { kind: "strings", key: code, how: "begins", values: plain.map(folded) };
  if (modifier === "above")
    return { kind: "terms", anyOf: plain.flatMap((value) => above(value).map((one) => `${code}\t${one}`)) };
  throw new RefusedInput("PARAMETER_UNKNOWN", { at, expected: `${code} alone, or with :below, :above or :missing` });
}

/** An address and those of which it is a part. */
function above(address: string): string[] {
  const parts = address.split("/");
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

function reference(
  parameter: Parameter,
  modifier: string | undefined,
  values: readonly string[],
  { base }: ConditionOptions,
  at: string,
): Condition {
  const { code, targets } = parameter;
  if (modifier === "identifier")
    return { kind: "terms", anyOf: values.flatMap((one) => wantedTerms(`${code}:identifier`, unescapeValue(one))) };
  // Of references that lead nowhere, what they say in words.
  if (modifier === "text")
    return {
      kind: "strings",
      key: `${code}:text`,
      how: "contains",
      values: values.map((one) => folded(unescapeValue(one))),
    };
  const type = modifier;
  if (type !== undefined && !(/^[A-Z]/.test(type) && (targets.length === 0 || targets.includes(type))))
    throw new RefusedInput("PARAMETER_UNKNOWN", {
      at,
      expected: `${code} alone, or with :identifier, :text, :missing or a type that it refers to`,
    });
  const anyOf = values.flatMap((given) => {
    const value = unescapeValue(given);
    const local = value.startsWith(`${base}/`) ? value.slice(base.length + 1) : value;
    if (!/^[A-Za-z0-9.-]{1,64}$/.test(local)) return [`${code}\t${local}`];
    // An id, of whatever type; or an address that looks like one.
    return type === undefined ? [`${code}\t/${local}`, `${code}\t${local}`] : [`${code}\t${type}/${local}`];
  });
  return { kind: "terms", anyOf };
}

interface Wanted extends Span {
  readonly prefix: Prefix;
  /** What is exactly `high` belongs to the next: of 5.4, 5.35 is and 5.45 is not. */
  readonly isOpen?: boolean;
}

/** "ge2026-11", "lt5.4" @throws RefusedInput FIELD_INVALID */
export function rangeOf(type: string, value: string, at: string): Wanted {
  const [, prefix = "eq", given = ""] = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)$/s.exec(value) as unknown as [
    string,
    Prefix,
    string,
  ];
  if (type === "date") {
    const span = spanOfDate(given);
    if (!span) throw new RefusedInput("FIELD_INVALID", { at, expected: "a date or time such as ge2026-11-22" });
    return { prefix, ...span };
  }
  return { prefix, ...precision(given, prefix, at) };
}

const NUMBER = /^-?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,3})?$/;

/** A number stands for all that are written so when they are rounded: 5.4 for 5.35 to 5.45. */
function precision(text: string, prefix: Prefix, at: string): Omit<Wanted, "prefix"> {
  if (!NUMBER.test(text)) throw new RefusedInput("FIELD_INVALID", { at, expected: "a number such as 5.4 or gt100" });
  const number = Number(text);
  // What is compared is compared with the number itself.
  if (prefix !== "eq" && prefix !== "ne") return { low: number, high: number };
  const [digits = "", exponent = "0"] = text.toLowerCase().split("e");
  const places = (digits.split(".")[1]?.length ?? 0) - Number(exponent);
  const half = 0.5 * 10 ** -places;
  // As it would be written: 5.4 less 0.05 is 5.35, which is less than the difference of the two in binary.
  const exact = (value: number) => (places < 0 || places > 15 ? value : Number(value.toFixed(places + 1)));
  return { low: exact(number - half), high: exact(number + half), isOpen: true };
}

/** R4, "3.1.1.4.5 prefixes": how the ends of what is stored must lie to what is asked. */
function spanTest(key: string, { prefix, low, high, isOpen }: Wanted, from = 0): SpanTest {
  const within = { lowFrom: low, ...(isOpen ? { highBelow: high } : { highTo: high }) };
  switch (prefix) {
    case "eq":
      return { key, ...within };
    case "ne":
      return { key, isNot: true, ...within };
    case "gt":
      return { key, highAbove: high };
    case "ge":
      return { key, highFrom: low };
    case "lt":
      return { key, lowBelow: low };
    case "le":
      return { key, lowTo: high };
    case "sa":
      return { key, lowAbove: high };
    case "eb":
      return { key, highBelow: low };
    case "ap": {
      const margin = Math.max(Math.abs(low - from), Math.abs(high - from)) * 0.1;
      return { key, lowTo: high + margin, highFrom: low - margin };
    }
  }
}

/** "5.4|http://unitsofmeasure.org|mg", "5.4||mg", "5.4" */
function amountTest(
  code: string,
  head: string,
  value: string,
  { toCanonical }: ConditionOptions,
  at: string,
): SpanTest {
  const [number = "", system = "", unit = ""] = splitUnescaped(value, "|").map(unescapeValue);
  const wanted = rangeOf("number", number, at);
  const named = (text: string) => spanKey(code, `${head}${text}`);
  if (unit === "") return spanTest(named(""), wanted);
  if (system === UCUM) {
    const canonical = canonicalUnit(unit, toCanonical);
    if (canonical) {
      // Amounts are brought to that unit in binary as well: what is equal may come out a little beside itself.
      const of = (end: number) => {
        const value = canonical.of(end);
        return wanted.isOpen ? value - Math.abs(value) * 1e-12 : value;
      };
      return spanTest(named(canonical.unit), { ...wanted, low: of(wanted.low), high: of(wanted.high) });
    }
  }
  return spanTest(named(system === "" ? `|${unit}` : `${system}|${unit}`), wanted);
}

function composite(parameter: Parameter, values: readonly string[], options: ConditionOptions, at: string): Condition {
  const { code, components } = parameter;
  const [, second] = components as [Component, Component];
  const spans: SpanTest[] = [];
  const terms: string[] = [];
  for (const value of values) {
    const [left = "", right = ""] = splitUnescaped(value, "$");
    if (left === "" || right === "")
      throw new RefusedInput("FIELD_INVALID", { at, expected: "two values with $ between" });
    const heads = wantedTerms("", unescapeValue(left)).map((term) => term.slice(1));
    for (const head of heads) {
      if (second.type === "quantity") spans.push(amountTest(code, `${head}$`, right, options, at));
      else if (second.type === "date" || second.type === "number")
        spans.push(
          spanTest(
            spanKey(code, `${head}$`),
            rangeOf(second.type, unescapeValue(right), at),
            second.type === "date" ? options.now : 0,
          ),
        );
      else if (second.type === "string") terms.push(`${code}\t${head}$${folded(unescapeValue(right))}`);
      else for (const tail of wantedTerms("", unescapeValue(right))) terms.push(`${code}\t${head}$${tail.slice(1)}`);
    }
  }
  return {
    kind: "any",
    of: [
      ...(spans.length > 0 ? [{ kind: "spans", anyOf: spans } as const] : []),
      ...(terms.length > 0 ? [{ kind: "terms", anyOf: terms } as const] : []),
    ],
  };
}

/** When it was changed last; of one moment. */
export function updatedTest(wanted: Wanted, now: number): Omit<SpanTest, "key"> {
  const { key: _key, ...test } = spanTest("", wanted, now);
  return test;
}
