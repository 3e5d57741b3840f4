import { RefusedInput } from "@openward/errors";
import type { Collection } from "./collections.ts";
import { type Condition, checkConditions, type Operator, spanOf } from "./filter.ts";
import type { Question } from "./look.ts";

const FIND = /^find\[([^\]]+)\](?:\[\$?([a-z]+)\])?(\[\d*\])?$/;
const OPERATORS: Readonly<Record<string, Operator>> = {
  eq: "eq",
  ne: "ne",
  gt: "gt",
  gte: "gte",
  lt: "lt",
  lte: "lte",
  in: "in",
  nin: "nin",
  regex: "re",
  exists: "exists",
};
/** What names a document is asked for whenever it was. */
const NAMES = new Set(["_id", "identifier", "uuid", "syncIdentifier", "NSCLIENT_ID"]);
const COUNT_MAX = 10_000;
/** Where nobody says when, the last days are meant. */
const USUAL_MS = 4 * 86_400_000;
const EVER = Date.UTC(2100, 0, 1);

export type Query = Readonly<Record<string, string | string[] | undefined>>;

/** `find[field][$op]=value`, `count`, as v1 has them. @throws RefusedInput FIELD_INVALID */
export function questionOfV1(
  query: Query,
  collection: Collection,
  { now, type }: { readonly now: number; readonly type?: string | undefined },
): Question {
  const lists = new Map<string, Condition & { values: string[] }>();
  const conditions: Condition[] = [];
  for (const [name, given] of Object.entries(query)) {
    if (!name.startsWith("find")) continue;
    const found = FIND.exec(name);
    const operator = found && OPERATORS[found[2] ?? "eq"];
    if (!found || !operator)
      throw new RefusedInput("FIELD_INVALID", { at: "find", expected: "find[field]=value or find[field][$gte]=value" });
    const field = found[1] as string;
    for (const value of Array.isArray(given) ? given : [given ?? ""]) {
      if (operator === "in" || operator === "nin") {
        const list = lists.get(`${field} ${operator}`) ?? { field, operator, value: "", values: [] };
        list.values.push(...value.split("|"));
        lists.set(`${field} ${operator}`, list);
      } else if (operator === "eq" && /^\/.*\/i?$/.test(value)) conditions.push({ field, operator: "re", value });
      else conditions.push({ field, operator, value });
    }
  }
  conditions.push(...lists.values());
  if (type !== undefined) conditions.push({ field: "type", operator: "eq", value: type });
  const span = spanOf(conditions);
  const isNamed = conditions.some(({ field }) => NAMES.has(field));
  const hasFind = conditions.length > (type === undefined ? 0 : 1);
  return {
    conditions: checkConditions(conditions),
    from: span?.from ?? (isNamed || collection.name === "profile" ? 0 : now - USUAL_MS),
    to: span?.to ?? EVER,
    isDescending: true,
    limit: countOf(query.count, hasFind ? collection.countFound : collection.count),
    skip: 0,
  };
}

/** @throws RefusedInput FIELD_INVALID */
function countOf(given: string | string[] | undefined, otherwise: number): number {
  const text = Array.isArray(given) ? given[0] : given;
  if (text === undefined || text === "") return otherwise;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new RefusedInput("FIELD_INVALID", { at: "count", expected: "1 or more" });
  return Math.min(count, COUNT_MAX);
}
