import { numberIn } from "@openward/codecs/nightscout";
import { RefusedInput } from "@openward/errors";
import type { Content } from "./ports.ts";

export type Operator = "eq" | "ne" | "gt" | "gte" | "lt" | "lte" | "in" | "nin" | "re" | "exists";

/** One thing that is asked of a document. */
export interface Condition {
  /** "eventType", "boluscalc.foods". */
  readonly field: string;
  readonly operator: Operator;
  readonly value: string;
  /** Of "in" and "nin". */
  readonly values?: readonly string[];
}

const CONDITIONS_MAX = 20;
const FIELD = /^[A-Za-z_][\w.$-]{0,79}$/;
const PATTERN_MAX = 100;
/** Letters, spaces, anchors, alternatives and one wildcard: nothing that can be tried in many ways. */
const PATTERN =
  /^\^?(?:[\p{L}\p{N} _,:;%/'"#@&=<>!~-]|\\[.|^$*+?()[\]{}\\/-]|\.(?!\*|\+)|\|)*(?:\.\*)?(?:[\p{L}\p{N} _,:;%/'"#@&=<>!~-]|\\[.|^$*+?()[\]{}\\/-]|\|)*\$?$/u;
const TIMES = new Set([
  "date",
  "created_at",
  "dateString",
  "sysTime",
  "timestamp",
  "startDate",
  "mills",
  "srvModified",
  "srvCreated",
]);

/** @throws RefusedInput FIELD_INVALID */
export function checkConditions(conditions: readonly Condition[]): readonly Condition[] {
  if (conditions.length > CONDITIONS_MAX)
    throw new RefusedInput("FIELD_INVALID", { at: "query", expected: `at most ${CONDITIONS_MAX} conditions` });
  for (const { field, operator, value } of conditions) {
    if (!FIELD.test(field)) throw new RefusedInput("FIELD_INVALID", { at: "query", expected: "names of fields" });
    if (operator === "re") patternOf(value);
  }
  return conditions;
}

export function matches(document: Content, conditions: readonly Condition[]): boolean {
  return conditions.every((condition) => holds(document, condition));
}

function holds(document: Content, condition: Condition): boolean {
  const { field, operator, value, values = [] } = condition;
  const found = valueAt(document, field);
  switch (operator) {
    case "exists":
      return (found !== undefined && found !== null) === (value !== "false" && value !== "0");
    case "eq":
      return isEqual(field, found, value);
    case "ne":
      return !isEqual(field, found, value);
    case "in":
      return values.some((one) => isEqual(field, found, one));
    case "nin":
      return !values.some((one) => isEqual(field, found, one));
    case "re":
      return typeof found === "string" && patternOf(value).test(found.slice(0, 1_000));
    default: {
      const order = orderOf(field, found, value);
      if (Number.isNaN(order)) return false;
      if (operator === "gt") return order > 0;
      if (operator === "gte") return order >= 0;
      return operator === "lt" ? order < 0 : order <= 0;
    }
  }
}

export function valueAt(document: unknown, field: string): unknown {
  let at = document;
  for (const name of field.split(".")) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

function isEqual(field: string, found: unknown, wanted: string): boolean {
  if (found === undefined || found === null) return wanted === "null";
  if (typeof found === "boolean") return String(found) === wanted;
  return orderOf(field, found, wanted) === 0;
}

/** Below zero: it is less than what is asked; NaN: the two are not of a kind. */
function orderOf(field: string, found: unknown, wanted: string): number {
  if (TIMES.has(field)) {
    const order = msOf(found) - msOf(wanted);
    if (!Number.isNaN(order)) return order;
  }
  if (typeof found === "number") return found - numberIn(wanted);
  if (typeof found !== "string") return Number.NaN;
  return found === wanted ? 0 : found < wanted ? -1 : 1;
}

/** A time as questions and documents write it, ms UTC; NaN: none. */
export function msOf(value: unknown): number {
  const number = numberIn(value);
  if (!Number.isNaN(number)) return Math.abs(number) < 1e11 ? number * 1_000 : number;
  if (typeof value !== "string" || value.length > 64) return Number.NaN;
  // A plus in an address is a space.
  return Date.parse(
    value
      .trim()
      .replace(/ (\d\d:?\d\d)$/, "+$1")
      .replace(/([+-]\d\d)(\d\d)$/, "$1:$2"),
  );
}

/** @throws RefusedInput FIELD_INVALID */
function patternOf(text: string): RegExp {
  const flagged = /^\/(.*)\/(i?)$/s.exec(text);
  const pattern = flagged ? (flagged[1] as string) : text;
  if (pattern.length > PATTERN_MAX || !PATTERN.test(pattern))
    throw new RefusedInput("FIELD_INVALID", {
      at: "query",
      expected: `a pattern of words, ^, $, | and one .*, of at most ${PATTERN_MAX} characters`,
    });
  return new RegExp(pattern, flagged?.[2] ?? "");
}

/** The span of time that the conditions leave, both ends inclusive; undefined: they say nothing of time. */
export function spanOf(conditions: readonly Condition[]): { readonly from: number; readonly to: number } | undefined {
  let from = Number.NEGATIVE_INFINITY;
  let to = Number.POSITIVE_INFINITY;
  let isTimed = false;
  for (const { field, operator, value } of conditions) {
    if (!TIMES.has(field) || field.startsWith("srv")) continue;
    const at = msOf(value);
    if (Number.isNaN(at)) throw new RefusedInput("FIELD_INVALID", { at: field, expected: "a time" });
    if (operator === "gte" || operator === "gt" || operator === "eq") from = Math.max(from, at);
    if (operator === "lte" || operator === "lt" || operator === "eq") to = Math.min(to, at);
    isTimed = true;
  }
  return isTimed ? { from, to } : undefined;
}
