import { RefusedInput } from "@openward/errors";
import { compartmentTypes, parametersIn, typesIn } from "@openward/fhir/search";
import type { Condition } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";
import { ofAllRecords } from "../written/records.ts";

/** What belongs to one resource: "Patient/1". */
export interface Compartment {
  readonly type: string;
  readonly id: string;
}

/** Where more than one type is searched, or what belongs to one resource. */
export interface EverywherePlace {
  /** undefined: everything. */
  readonly compartment: Compartment | undefined;
  /** undefined: of every type. */
  readonly type: string | undefined;
  /** Behind the base, without "_search": "", "Patient/1/*", "Patient/1/Condition". */
  readonly path: string;
  /** The parameters may stand in a form. */
  readonly isForm: boolean;
  readonly query: string;
}

const IN_COMPARTMENT = new RegExp(
  `^(${compartmentTypes.join("|")})/([A-Za-z0-9.-]{1,64})(?:/(\\*|%2A|[A-Z][A-Za-z]{1,63}))?(/_search)?$`,
);

/** "?_type=Patient,Condition", "_search", "Patient/1/*", "Patient/1/Condition"; undefined: another interaction. */
export function everywherePlace(url: string): EverywherePlace | undefined {
  const at = url.indexOf("?");
  const path = (at < 0 ? url : url.slice(0, at)).replace(/^\//, "").replace(/\/$/, "");
  const query = at < 0 ? "" : url.slice(at + 1);
  if (path === "_search" || (path === "" && query !== ""))
    return { compartment: undefined, type: undefined, path: "", isForm: path !== "", query };
  const [whole, owner = "", id = "", named, form] = IN_COMPARTMENT.exec(path) ?? [];
  // "Patient/1" alone is a read.
  if (whole === undefined || (named === undefined && form === undefined)) return undefined;
  const type = named === undefined || named === "*" || named === "%2A" ? undefined : named;
  return {
    compartment: { type: owner, id },
    type,
    path: `${owner}/${id}/${type ?? "*"}`,
    isForm: form !== undefined,
    query,
  };
}

/** What a search within a compartment asks besides, of each type by its own parameters. */
export interface CompartmentCondition {
  readonly condition: Condition;
  /** What device readings are narrowed by, as a search for Observations says it; undefined: none is in it. */
  readonly readings: readonly [string, string] | undefined;
}

/** A compartment in which one type is searched, and how that stands behind the base. */
export interface PlaceInside {
  readonly inside: CompartmentCondition;
  readonly path: string;
}

/** @returns undefined where nothing of this type is in it */
export function compartmentCondition(
  { view }: Pick<RecordContext, "view">,
  { type: owner, id }: Compartment,
  type: string,
): CompartmentCondition | undefined {
  const names = parametersIn(owner, type);
  if (names.length === 0) return undefined;
  const terms = names.flatMap((name) => (name === "{def}" ? [] : [`${name}\t${owner}/${id}`]));
  const of: Condition[] = [];
  if (terms.length > 0) of.push(ofAllRecords(view, { kind: "terms", anyOf: terms }));
  if (names.includes("{def}")) of.push({ kind: "ids", ids: [id] });
  const [only] = of;
  const condition: Condition = of.length === 1 && only ? only : { kind: "any", of };
  // A reading is of its patient and its device, and of nothing else.
  const readings = { Patient: "patient", Device: "device" }[owner];
  return { condition, readings: readings === undefined ? undefined : [readings, `${owner}/${id}`] };
}

/** @throws RefusedInput FIELD_INVALID where a type that is named is never in the compartment */
export function needTypesIn({ type: owner }: Compartment, types: readonly string[]): void {
  const never = types.find((type) => parametersIn(owner, type).length === 0);
  if (never !== undefined)
    throw new RefusedInput("FIELD_INVALID", {
      at: "http.url",
      expected: `one of ${typesIn(owner).join(", ")}: ${never} is never of a ${owner}`,
    });
}
