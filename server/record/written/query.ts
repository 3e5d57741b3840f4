import type { OperationOutcomeIssue } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import {
  type Asked,
  conditionOf,
  conjunctsOf,
  type Parameter,
  parseFilter,
  parseKey,
  rangeOf,
  splitUnescaped,
  unescapeValue,
  updatedTest,
} from "@openward/fhir/search";
import type { Condition, SortKey } from "@openward/fhir/store";
import { parseView, type View } from "@openward/fhir/view";
import { toBaseUnits } from "@openward/signals/units";
import type { RecordContext } from "../context.ts";
import { issueOf } from "../outcome.ts";
import { COUNT_DEFAULT, COUNT_MAX } from "../search/query.ts";
import { CODE_MODIFIERS, type Codes } from "./codes.ts";
import { definitions } from "./definitions.ts";
import type { Filtered } from "./filter.ts";
import type { Near } from "./near.ts";
import { ofAllRecords } from "./records.ts";

/** An `_include` or `_revinclude`: "Encounter:subject:Patient". */
export interface Include {
  readonly type: string;
  readonly parameter: string;
  readonly target: string | undefined;
  readonly isReverse: boolean;
  /** Also of what was included. */
  readonly iterates: boolean;
}

/** What is answered by a search of something else first. */
export type Linked = Exclude<Asked, { kind: "plain" }> | Codes | Filtered | Near;

/** A search as it was asked, before anything is looked for. */
export interface WrittenQuery {
  readonly conditions: readonly Condition[];
  /** What must be asked of other resources first. */
  readonly linked: readonly { readonly asked: Linked; readonly value: string }[];
  readonly sort: readonly SortKey[];
  readonly includes: readonly Include[];
  readonly count: number;
  readonly cursor: string | null;
  readonly wantsTotal: boolean;
  readonly totalOnly: boolean;
  /** How much of each is shown. */
  readonly view: View;
  readonly used: readonly (readonly [string, string])[];
  readonly remarks: readonly OperationOutcomeIssue[];
}

const INCLUDES_MAX = 10;

/**
 * Reads the parameters of a search for a type that is kept as it was written.
 *
 * @throws RefusedInput FIELD_INVALID naming the parameter; PARAMETER_UNKNOWN for what is not known when `strict`, and always
 *   where leaving it out would widen the search
 */
export function readQuery(
  { base, clock, strict, view: patients }: Pick<RecordContext, "base" | "clock" | "strict" | "view">,
  type: string,
  pairs: Iterable<readonly [string, string]>,
): WrittenQuery {
  const parameters = definitions().table.of(type);
  const conditions: Condition[] = [];
  const linked: WrittenQuery["linked"][number][] = [];
  const includes: Include[] = [];
  const used: [string, string][] = [];
  const remarks: OperationOutcomeIssue[] = [];
  let sort: readonly SortKey[] = [];
  let count = COUNT_DEFAULT;
  let cursor: string | null = null;
  let total = "none";
  let summary: string | undefined;
  let elements: string | undefined;

  const leaveOut = (name: string, expected: string) => {
    const facts = { at: `http.${name}`, expected };
    if (strict) throw new RefusedInput("PARAMETER_UNKNOWN", facts);
    remarks.push(issueOf("PARAMETER_UNKNOWN", facts, "warning"));
  };

  for (const [key, value] of pairs) {
    if (key === "_format" || key === "_pretty") continue;
    if (key !== "_cursor") used.push([key, value]);
    if (key === "_cursor") cursor = value;
    else if (key === "_count") count = readCount(value);
    else if (key === "_sort") {
      const keys = value.split(",").map((one) => sortKey(parameters, one));
      if (keys.every((one) => one !== undefined)) sort = keys;
      else {
        used.pop();
        leaveOut(key, "_id, _lastUpdated, or parameters of dates, numbers, amounts, strings and tokens");
      }
    } else if (key === "_total") total = oneOf(key, value, ["none", "estimate", "accurate"]);
    else if (key === "_summary") summary = value;
    else if (key === "_elements") elements = value;
    else if (key === "_contained" || key === "_containedType") needContainers(key, value);
    else if (/^_(rev)?include(:(iterate|recurse))?$/.test(key)) includes.push(readInclude(key, value));
    else {
      // What is on a list is what a List has as an item.
      const asked = parseKey(key === "_list" ? "_has:List:item:_id" : key);
      if (key === "_list" && value.startsWith("$"))
        throw new RefusedInput("FIELD_INVALID", { at: "http._list", expected: "the id of a List" });
      if (key === "_filter") {
        for (const filter of conjunctsOf(parseFilter(value))) linked.push({ asked: { kind: "filter", filter }, value });
        continue;
      }
      if (type === "Location" && key === "near") {
        linked.push({ asked: { kind: "near" }, value });
        continue;
      }
      if (asked.kind !== "plain") {
        if (asked.kind === "chain" && parameters.get(asked.name)?.type !== "reference")
          throw new RefusedInput("PARAMETER_UNKNOWN", {
            at: `http.${asked.name}`,
            expected: "a parameter of references",
          });
        linked.push({ asked, value });
        continue;
      }
      const condition = ownCondition(asked, value, clock.now());
      if (condition) {
        conditions.push(condition);
        continue;
      }
      const parameter = parameters.get(asked.name);
      const modifier = CODE_MODIFIERS.find((one) => one === asked.modifier);
      if (parameter?.type === "token" && modifier) {
        linked.push({ asked: { kind: "codes", name: asked.name, modifier }, value });
      } else if (parameter) {
        const options = { base, toCanonical: toBaseUnits, now: clock.now() };
        conditions.push(ofAllRecords(patients, conditionOf(parameter, asked, value, options)));
      } else {
        used.pop();
        leaveOut(asked.name, `one of ${[...parameters.keys()].join(", ")}`);
      }
    }
  }
  if (includes.length > INCLUDES_MAX)
    throw new RefusedInput("SEARCH_TOO_COSTLY", { at: "http._include", expected: `at most ${INCLUDES_MAX}` });
  const view = parseView({ _summary: summary, _elements: elements });
  const totalOnly = view.kind === "count" || count === 0;
  const wantsTotal = total !== "none" || totalOnly;
  return { conditions, linked, sort, includes, count, cursor, wantsTotal, totalOnly, view, used, remarks };
}

/** Of every resource: what is ours to know, and not in what was written. */
function ownCondition(asked: Extract<Asked, { kind: "plain" }>, value: string, now: number): Condition | undefined {
  const { name, modifier } = asked;
  if (!["_id", "_lastUpdated", "_text", "_content"].includes(name)) return undefined;
  if (modifier !== undefined)
    throw new RefusedInput("PARAMETER_UNKNOWN", { at: `http.${name}`, expected: `${name} without a modifier` });
  const values = splitUnescaped(value, ",").map((one) => unescapeValue(one.trim()));
  if (name === "_id") return { kind: "ids", ids: values };
  if (name === "_lastUpdated")
    return { kind: "updated", anyOf: values.map((one) => updatedTest(rangeOf("date", one, "http._lastUpdated"), now)) };
  return { kind: "words", text: value };
}

function sortKey(parameters: ReadonlyMap<string, Parameter>, text: string): SortKey | undefined {
  const isDescending = text.startsWith("-");
  const name = text.slice(isDescending ? 1 : 0);
  if (name === "_lastUpdated") return { by: "updated", isDescending };
  if (name === "_id") return { by: "id", isDescending };
  const parameter = parameters.get(name);
  const [key = name, orKey] = parameter?.unionOf ?? [];
  const keysOf = (suffix: string) => ({ key: `${key}${suffix}`, ...(orKey && { orKey: `${orKey}${suffix}` }) });
  switch (parameter?.type) {
    case "date":
    case "number":
    case "quantity":
      return { by: "span", ...keysOf(""), isDescending };
    case "string":
    case "uri":
      return { by: "string", ...keysOf(""), isDescending };
    case "token":
      return { by: "string", ...keysOf(":text"), isDescending };
    default:
      return undefined;
  }
}

/** @throws RefusedInput PARAMETER_UNKNOWN: without them the answer would be another than the one that was asked for */
function needContainers(key: string, value: string): void {
  if (value === (key === "_contained" ? "false" : "container")) return;
  throw new RefusedInput("PARAMETER_UNKNOWN", {
    at: `http.${key}`,
    expected: "_contained=false: resources within others are not found by themselves",
  });
}

function readInclude(key: string, value: string): Include {
  const [type = "", parameter = "", target] = value.split(":");
  if (!/^[A-Z][A-Za-z]+$/.test(type) || (parameter !== "*" && !/^[a-z][\w-]*$/.test(parameter)))
    throw new RefusedInput("FIELD_INVALID", { at: `http.${key}`, expected: "Type:parameter or Type:parameter:Target" });
  return { type, parameter, target, isReverse: key.startsWith("_rev"), iterates: key.includes(":") };
}

function readCount(value: string): number {
  if (!/^\d{1,9}$/.test(value))
    throw new RefusedInput("FIELD_INVALID", { at: "http._count", expected: `a whole number up to ${COUNT_MAX}` });
  return Math.min(Number(value), COUNT_MAX);
}

function oneOf(name: string, value: string, allowed: readonly string[]): string {
  if (!allowed.includes(value))
    throw new RefusedInput("FIELD_INVALID", { at: `http.${name}`, expected: `one of ${allowed.join(", ")}` });
  return value;
}
