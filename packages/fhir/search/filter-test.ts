import { RefusedInput } from "@openward/errors";
import type { Condition, StringTest } from "../store/index.ts";
import { type ConditionOptions, conditionOf, rangeOf, updatedTest } from "./conditions-of.ts";
import type { FilterOperator, FilterTest } from "./filter.ts";
import type { Parameter, ParameterType } from "./parameters.ts";
import { folded, presentTerm, wantedTerms } from "./terms.ts";

type Test = Pick<FilterTest, "name" | "operator" | "value" | "offset">;

const COMPARED: readonly FilterOperator[] = ["eq", "ne", "gt", "lt", "ge", "le", "ap", "sa", "eb", "pr"];

/** R4's table of operators and types; of addresses and composites, which it does not have, what can be asked of them. */
export const OPERATORS_OF: Readonly<Record<ParameterType, readonly FilterOperator[]>> = {
  string: ["eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le", "pr"],
  number: [...COMPARED, "co"],
  date: [...COMPARED, "co", "po"],
  quantity: COMPARED,
  token: ["eq", "ne", "pr", "ss", "sb", "in", "ni"],
  reference: ["re", "pr"],
  uri: ["eq", "ne", "co", "sw", "ew", "pr"],
  composite: ["eq", "pr"],
  special: [],
};

const STRINGS: Readonly<Partial<Record<FilterOperator, StringTest>>> = {
  eq: "is",
  ne: "isNot",
  co: "contains",
  sw: "begins",
  ew: "ends",
  gt: "greater",
  lt: "less",
  ge: "atLeast",
  le: "atMost",
};

/** What R4 lets one write in place of a whole address. */
const SYSTEMS: Readonly<Record<string, string>> = {
  loinc: "http://loinc.org",
  snomed: "http://snomed.info/sct",
  rxnorm: "http://www.nlm.nih.gov/research/umls/rxnorm",
  ucum: "http://unitsofmeasure.org",
};

/**
 * One test of a filter as what the store is asked. `ss`, `sb`, `in` and `ni` ask a vocabulary first and are none of this.
 *
 * @throws RefusedInput FIELD_INVALID where the parameter is not asked so, or for a value
 */
export function filterCondition(parameter: Parameter, test: Test, options: ConditionOptions): Condition {
  const { code, type, unionOf } = parameter;
  const { operator, value } = test;
  if (!OPERATORS_OF[type].includes(operator)) throw notSo(test, OPERATORS_OF[type]);
  if (unionOf) return ofBoth(parameter, unionOf, test, options);
  if (operator === "pr") return present(code, test);
  switch (type) {
    case "string":
      return { kind: "strings", key: code, how: STRINGS[operator] ?? "is", values: [folded(value)] };
    case "uri":
      return operator === "eq"
        ? { kind: "terms", anyOf: [`${code}\t${value}`] }
        : { kind: "strings", key: code, how: STRINGS[operator] ?? "is", values: [folded(value)] };
    case "token": {
      const named = { kind: "terms", anyOf: tokensOf(code, value) } as const;
      // Which of several codes it is that differs, no index says: with "ne" none of them is this one.
      return operator === "eq"
        ? named
        : {
            kind: "all",
            of: [
              { kind: "terms", anyOf: [presentTerm(code)] },
              { kind: "noTerms", noneOf: named.anyOf },
            ],
          };
    }
    case "date":
      if (operator === "co" || operator === "po") {
        const { low, high } = rangeOf("date", value, "http._filter");
        const bounds = operator === "co" ? { lowTo: low, highFrom: high } : { lowTo: high, highFrom: low };
        return { kind: "spans", anyOf: [{ key: code, ...bounds }] };
      }
      return conditionOf(parameter, { modifier: undefined }, escaped(operator + value), options);
    case "number":
      return operator === "co"
        ? including(code, value)
        : conditionOf(parameter, { modifier: undefined }, escaped(operator + value), options);
    case "quantity":
      return conditionOf(parameter, { modifier: undefined }, escaped(operator + withSystem(value)), options);
    case "composite":
      // Its own signs stay what they are.
      return conditionOf(parameter, { modifier: undefined }, value.replaceAll(",", "\\,"), options);
    case "reference":
    case "special":
      return conditionOf(parameter, { modifier: undefined }, escaped(value), options);
  }
}

/** What is the one or the other of two parameters is kept under these, and must be asked of both. */
function ofBoth(
  { unionOf: _, ...parameter }: Parameter,
  codes: readonly string[],
  test: Test,
  options: ConditionOptions,
): Condition {
  const either = (one: Test): Condition => ({
    kind: "any",
    of: codes.map((code) => filterCondition({ ...parameter, code }, one, options)),
  });
  const isThere = { ...test, operator: "pr", value: "true" } as const;
  if (test.operator === "pr" && test.value.toLowerCase() === "false") return { kind: "not", of: either(isThere) };
  if (test.operator === "ne" && parameter.type === "token")
    return { kind: "all", of: [either(isThere), { kind: "not", of: either({ ...test, operator: "eq" }) }] };
  return either(test);
}

/** What every resource has, and stands in none of its elements by itself. */
export function ownFilterCondition(test: Test, now: number): Condition | undefined {
  const { name, operator, value } = test;
  switch (name) {
    case "_id": {
      if (operator !== "eq" && operator !== "ne") throw notSo(test, ["eq", "ne"]);
      const ids = { kind: "ids", ids: [value] } as const;
      return operator === "eq" ? ids : { kind: "not", of: ids };
    }
    case "_lastUpdated": {
      if (!COMPARED.includes(operator) || operator === "pr") throw notSo(test, COMPARED.slice(0, -1));
      return { kind: "updated", anyOf: [updatedTest(rangeOf("date", operator + value, "http._filter"), now)] };
    }
    case "_text":
    case "_content":
      if (operator !== "co" && operator !== "eq") throw notSo(test, ["co", "eq"]);
      return { kind: "words", text: value };
    default:
      return undefined;
  }
}

function present(code: string, test: Test): Condition {
  const is = test.value.toLowerCase();
  if (is !== "true" && is !== "false")
    throw new RefusedInput("FIELD_INVALID", {
      at: "http._filter",
      expected: `${code} pr true or false`,
      offset: test.offset,
    });
  const there = [presentTerm(code)];
  return is === "true" ? { kind: "terms", anyOf: there } : { kind: "noTerms", noneOf: there };
}

const notSo = ({ name, operator, offset }: Test, operators: readonly FilterOperator[]) =>
  new RefusedInput("FIELD_INVALID", {
    at: "http._filter",
    expected: operators.length > 0 ? `${name} with one of ${operators.join(" ")}` : "another parameter",
    received: operator,
    offset,
  });

/** A filter has no lists of values: what stands there is one. */
const escaped = (value: string): string => value.replaceAll(/[\\,]/g, "\\$&");

/** "loinc|8867-4" @returns with the address of the system */
export function withSystem(value: string): string {
  const [, name = "", rest = ""] = /^([a-z]+)(\|.*)$/s.exec(value) ?? [];
  if (Object.hasOwn(SYSTEMS, name)) return SYSTEMS[name] + rest;
  return value.replace(/\|(ucum)\|/, `|${SYSTEMS.ucum}|`);
}

/** Values of a filter have no case: as it stands, and as codes are written. */
function tokensOf(code: string, value: string): string[] {
  const named = withSystem(value);
  const at = named.lastIndexOf("|") + 1;
  const [system, plain] = [named.slice(0, at), named.slice(at)];
  const ways = new Set([plain, plain.toLowerCase(), plain.toUpperCase()]);
  return [...new Set([...ways].flatMap((one) => wantedTerms(code, system + one)))];
}

/**
 * Numbers whose imprecision has the value in it: 5.4 and 5 of 5.42, and ranges around it. How many zeros were written behind
 * is not kept, so that 5.40 is found as 5.4 is.
 */
function including(code: string, value: string): Condition {
  const { low } = rangeOf("number", `gt${value}`, "http._filter");
  const places = Math.min(12, value.split(".")[1]?.length ?? 0);
  const rounded = Array.from({ length: places }, (_, digits) => Number(low.toFixed(digits)));
  return {
    kind: "spans",
    anyOf: [
      { key: code, lowTo: low, highFrom: low },
      ...rounded.map((one) => ({ key: code, lowFrom: one, highTo: one })),
    ],
  };
}
