import type { Bundle, Resource } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { PatientView } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { searchBundle } from "./bundle.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { Query } from "./query.ts";

/** Without a patient named, every patient of the view is asked; in a larger house that is too much. */
const PATIENTS_MAX = 1000;

/** @throws RefusedInput SEARCH_TOO_COSTLY */
export function patientsOfView(view: PatientView, advice: string): readonly string[] {
  const ids = view.patientIds();
  if (ids.length > PATIENTS_MAX) throw new RefusedInput("SEARCH_TOO_COSTLY", { at: advice, expected: "a patient" });
  return ids;
}

/** Ids of `_id` parameters, AND between occurrences; undefined where there is none. */
export function wantedIds(query: Query): ReadonlySet<string> | undefined {
  let wanted: Set<string> | undefined;
  for (const { value, at } of query.all("_id")) {
    const ids = value.split(",").map((id) => id.trim());
    if (ids.length > 1000 || ids.some((id) => id === "")) {
      throw new RefusedInput("FIELD_INVALID", { at, expected: "at most 1000 ids, separated by commas" });
    }
    wanted = new Set(wanted ? ids.filter((id) => wanted?.has(id)) : ids);
  }
  return wanted;
}

/** A page, in order of id, of resources that are all at hand. */
export function pageOfList(context: RecordContext, type: string, query: Query, found: readonly Resource[]): Bundle {
  const sorted = [...found].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  if (query.totalOnly) {
    return searchBundle(context, { type, query, resources: [], next: undefined, total: sorted.length });
  }
  const after = query.cursor === null ? undefined : String(decodeCursor(query.cursor, ["string"])[0]);
  const rest = after === undefined ? sorted : sorted.filter((resource) => idOf(resource) > after);
  const resources = rest.slice(0, query.count);
  const last = resources.at(-1);
  const next = last && rest.length > resources.length ? encodeCursor([idOf(last)]) : undefined;
  return searchBundle(context, { type, query, resources, next, total: sorted.length });
}

function idOf(resource: Resource): string {
  return resource.id ?? "";
}
