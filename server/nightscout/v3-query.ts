import { RefusedInput } from "@openward/errors";
import { type Condition, checkConditions, type Operator, spanOf } from "./filter.ts";
import type { Question } from "./look.ts";
import type { Content } from "./ports.ts";
import type { Query } from "./v1-query.ts";

const RESERVED = new Set(["token", "sort", "sort$desc", "limit", "skip", "fields", "now", "permanent"]);
const OPERATORS = new Set<string>(["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "re"]);
const TIMES = new Set(["date", "created_at"]);
const LIMIT_MAX = 1_000;
const SKIP_MAX = 19_000;
const EVER = Date.UTC(2100, 0, 1);

const refuse = (at: string, expected: string) => new RefusedInput("FIELD_INVALID", { at, expected });
const first = (given: string | string[] | undefined) => (Array.isArray(given) ? given[0] : given);

/** `date$gte=…`, `sort`, `limit`, `skip`, as v3 has them. @throws RefusedInput FIELD_INVALID */
export function questionOfV3(query: Query): Question {
  const conditions = Object.entries(query)
    .filter(([name]) => !RESERVED.has(name))
    .flatMap(([name, given]) =>
      (Array.isArray(given) ? given : [given ?? ""]).map((value) => conditionOf(name, value)),
    );
  const span = spanOf(conditions);
  const [up, down] = [first(query.sort), first(query.sort$desc)];
  if (up !== undefined && down !== undefined) throw refuse("sort", "sort or sort$desc, and not both");
  const sort = down ?? up;
  return {
    conditions: checkConditions(conditions),
    from: span?.from ?? 0,
    to: span?.to ?? EVER,
    isDescending: down !== undefined,
    limit: limitOf(query),
    skip: numberOf("skip", first(query.skip) ?? "0", 0, SKIP_MAX),
    // What was written at one time is in that order anyway.
    ...(sort !== undefined && !TIMES.has(sort) && { sort }),
  };
}

export const limitOf = (query: Query): number =>
  numberOf("limit", first(query.limit) ?? String(LIMIT_MAX), 1, LIMIT_MAX);

function conditionOf(name: string, given: string): Condition {
  const [, field = name, operator = "eq"] = /^(.*)\$([A-Za-z]+)$/.exec(name) ?? [];
  if (!OPERATORS.has(operator)) throw refuse(field, [...OPERATORS].join(", "));
  const value = given.startsWith("'") && given.endsWith("'") && given.length > 1 ? given.slice(1, -1) : given;
  const isList = operator === "in" || operator === "nin";
  return { field, operator: operator as Operator, value, ...(isList && { values: value.split("|") }) };
}

function numberOf(at: string, text: string, min: number, max: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < min || number > max) throw refuse(at, `${min} to ${max}`);
  return number;
}

/** Only what `fields` names; all of it where it names nothing. */
export function onlyFields(document: Content, query: Query): Content {
  const names = (first(query.fields) ?? "").split(",").map((name) => name.trim());
  const wanted = names.filter((name) => name !== "");
  if (wanted.length === 0 || wanted.includes("_all")) return document;
  return Object.fromEntries(wanted.flatMap((name) => (Object.hasOwn(document, name) ? [[name, document[name]]] : [])));
}
