import type { Condition } from "@openward/fhir/store";
import type { PatientView } from "@openward/model";
import { patientsOfView } from "../search/list.ts";

/** Ids that every `_id` names; undefined: none was named. */
export function idsIn(conditions: readonly Condition[]): readonly string[] | undefined {
  let ids: ReadonlySet<string> | undefined;
  for (const one of conditions) {
    if (one.kind !== "ids") continue;
    const named = new Set(one.ids);
    ids = ids ? ids.intersection(named) : named;
  }
  return ids && [...ids];
}

/**
 * What a parameter that must hold names: "action" of `action=R,U` is R and U.
 *
 * @returns undefined where nothing narrows the search to some of them
 */
export function valuesIn(conditions: readonly Condition[], code: string): readonly string[] | undefined {
  const head = `${code}\t`;
  for (const one of conditions) {
    if (one.kind !== "terms" || one.anyOf.length === 0 || !one.anyOf.every((term) => term.startsWith(head))) continue;
    return one.anyOf.map((term) => term.slice(head.length));
  }
  return undefined;
}

/** Patients whom a search is narrowed to, of the view; else all of it. @throws RefusedInput SEARCH_TOO_COSTLY */
export function patientsIn(
  conditions: readonly Condition[],
  codes: readonly string[],
  view: PatientView,
): readonly string[] {
  for (const code of codes) {
    const named = valuesIn(conditions, code);
    if (named) return [...new Set(named.map((one) => one.replace(/^(Patient)?\//, "")))].filter((id) => view.has(id));
  }
  return patientsOfView(view, `http.${codes[0] ?? "_id"}`);
}
