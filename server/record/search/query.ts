import type { CapabilityStatementRestResourceSearchParam, OperationOutcomeIssue } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { printable } from "@openward/fhir/search";
import { issueOf } from "../outcome.ts";

/** One search parameter of one resource: the table that `metadata` shows and that searches are read by. */
export interface ParameterDefinition {
  readonly name: string;
  readonly type: NonNullable<CapabilityStatementRestResourceSearchParam["type"]>;
  readonly documentation: string;
  /** Without the colon: "exact", "Patient". */
  readonly modifiers?: readonly string[];
}

/** One occurrence of a parameter; occurrences are joined by AND, the values within one by OR. */
export interface ParameterValue {
  readonly value: string;
  readonly modifier: string | null;
  /** How an error names it: "http.date". */
  readonly at: string;
}

export interface Query {
  all(name: string): readonly ParameterValue[];
  readonly count: number;
  readonly sort: string;
  readonly cursor: string | null;
  /** The asker wants to know how many there are. */
  readonly wantsTotal: boolean;
  /** ... and nothing else. */
  readonly totalOnly: boolean;
  /** What was used, for the self and next links. */
  readonly used: readonly (readonly [string, string])[];
  /** What was not used, and why. */
  readonly remarks: readonly OperationOutcomeIssue[];
}

export const COUNT_DEFAULT = 50;
export const COUNT_MAX = 1000;

export interface QueryOptions {
  readonly strict: boolean;
  /** Values of _sort, the default first. */
  readonly sorts: readonly string[];
}

/** Of the answer's form, not of the search; handled where the answer is written. */
const presentation = new Set(["_format", "_pretty"]);

/**
 * Reads the parameters of a search.
 *
 * @throws RefusedInput FIELD_INVALID naming the parameter; PARAMETER_UNKNOWN for what is not known when `strict`, and
 *   always for chains and modifiers: left out, they would widen the search to other patients
 */
export function parseQuery(
  pairs: Iterable<readonly [string, string]>,
  definitions: readonly ParameterDefinition[],
  { strict, sorts }: QueryOptions,
): Query {
  const known = new Map(definitions.map((definition) => [definition.name, definition]));
  const values = new Map<string, ParameterValue[]>();
  const used: [string, string][] = [];
  const remarks: OperationOutcomeIssue[] = [];
  let count = COUNT_DEFAULT;
  let sort = sorts[0] ?? "";
  let cursor: string | null = null;
  let wantsTotal = false;
  let totalOnly = false;

  const leaveOut = (name: string, expected: string) => {
    const facts = { at: `http.${printable(name)}`, expected };
    if (strict) throw new RefusedInput("PARAMETER_UNKNOWN", facts);
    remarks.push(issueOf("PARAMETER_UNKNOWN", facts, "warning"));
  };

  for (const [key, value] of pairs) {
    if (presentation.has(key)) continue;
    if (key === "_count") {
      count = parseCount(value);
      used.push([key, String(count)]);
    } else if (key === "_cursor") {
      cursor = value;
    } else if (key === "_sort") {
      if (sorts.includes(value)) {
        sort = value;
        used.push([key, value]);
      } else leaveOut(key, `one of ${sorts.join(", ")}`);
    } else if (key === "_total") {
      wantsTotal = oneOf(key, value, ["none", "estimate", "accurate"]) !== "none" || totalOnly;
      used.push([key, value]);
    } else if (key === "_summary") {
      if (value === "count") {
        totalOnly = true;
        wantsTotal = true;
        used.push([key, value]);
      } else if (value !== "false") leaveOut(key, "count or false");
    } else {
      const [name, modifier] = splitKey(key);
      const definition = known.get(name);
      if (!definition) {
        leaveOut(key, `one of ${[...known.keys()].join(", ")}`);
        continue;
      }
      const at = `http.${printable(key)}`;
      if (modifier !== null && !definition.modifiers?.includes(modifier)) {
        throw new RefusedInput("PARAMETER_UNKNOWN", { at, expected: `${name} without :${printable(modifier)}` });
      }
      if (value.trim() === "") throw new RefusedInput("FIELD_INVALID", { at, expected: "a value" });
      const list = values.get(name) ?? [];
      list.push({ value, modifier, at });
      values.set(name, list);
      used.push([key, value]);
    }
  }
  if (count === 0) {
    totalOnly = true;
    wantsTotal = true;
  }
  return { all: (name) => values.get(name) ?? [], count, sort, cursor, wantsTotal, totalOnly, used, remarks };
}

/** "subject:Patient" is a modifier; "patient.name" and "_has:..." are chains, which nobody follows here. */
function splitKey(key: string): [name: string, modifier: string | null] {
  if (key.includes(".") || key.startsWith("_has:") || key.startsWith("_include") || key.startsWith("_revinclude")) {
    throw new RefusedInput("PARAMETER_UNKNOWN", {
      at: `http.${printable(key)}`,
      expected: "no chained or including parameters",
    });
  }
  const colon = key.indexOf(":");
  return colon < 0 ? [key, null] : [key.slice(0, colon), key.slice(colon + 1)];
}

function parseCount(value: string): number {
  if (!/^\d{1,9}$/.test(value)) {
    throw new RefusedInput("FIELD_INVALID", { at: "http._count", expected: `a whole number up to ${COUNT_MAX}` });
  }
  return Math.min(Number(value), COUNT_MAX);
}

function oneOf(name: string, value: string, allowed: readonly string[]): string {
  if (!allowed.includes(value)) {
    throw new RefusedInput("FIELD_INVALID", { at: `http.${name}`, expected: `one of ${allowed.join(", ")}` });
  }
  return value;
}
