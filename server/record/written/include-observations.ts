import type { OperationOutcomeIssue } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { Resource } from "@openward/fhir/json";
import type { RecordContext } from "../context.ts";
import { within } from "../reach.ts";
import { searchObservations } from "../search/observation.ts";

/** A patient has more Observations than a page can hold: of each resource the newest, and of all together so many. */
const OF_ALL_MAX = 1_000;
const OF_EACH_MAX = 200;
const OF_EACH_MIN = 10;
/** Addresses of what was left out that are named one by one. */
const NAMED_MAX = 10;

/** Observations that refer to something, the newest of each. */
export interface ReferringObservations {
  readonly resources: readonly Resource[];
  /** Says of which there are more, and where. */
  readonly remarks: readonly OperationOutcomeIssue[];
}

/**
 * What `_revinclude=Observation:...` brings: readings of devices and what others wrote, as a search for each of them by itself would.
 *
 * @param names of the resources that are referred to: "Patient/1"
 * @throws RefusedInput SEARCH_TOO_COSTLY where so many are referred to that next to nothing could be told of each; NOT_PERMITTED
 */
export async function observationsOf(
  context: RecordContext,
  names: readonly string[],
  parameters: readonly string[],
): Promise<ReferringObservations> {
  const each = Math.min(OF_EACH_MAX, Math.floor(OF_ALL_MAX / (names.length * parameters.length)));
  if (each < OF_EACH_MIN)
    throw new RefusedInput("SEARCH_TOO_COSTLY", {
      at: "http._revinclude",
      expected: `a _count of at most ${Math.floor(OF_ALL_MAX / OF_EACH_MIN / parameters.length)}, or Observation by itself`,
    });
  const reached = { ...within(context, "Observation", "s"), strict: true };
  const resources: Resource[] = [];
  const more: string[] = [];
  for (const name of names) {
    for (const parameter of parameters) {
      const bundle = await searchObservations(reached, [
        [parameter, name],
        ["_sort", "-date"],
        ["_count", String(each)],
      ]);
      for (const { resource, search } of bundle.entry ?? [])
        if (resource && search?.mode === "match") resources.push(resource as unknown as Resource);
      if (bundle.link?.some(({ relation }) => relation === "next"))
        more.push(`${context.base}/Observation?${parameter}=${name}&_sort=-date`);
    }
  }
  return { resources, remarks: more.length === 0 ? [] : [leftOut(each, more)] };
}

function leftOut(each: number, more: readonly string[]): OperationOutcomeIssue {
  const rest = more.length - NAMED_MAX;
  return {
    severity: "warning",
    code: "incomplete",
    details: { text: `Of each resource the newest ${each} Observations are here; there are more of ${more.length}.` },
    diagnostics: [...more.slice(0, NAMED_MAX), ...(rest > 0 ? [`and ${rest} more`] : [])].join(" "),
    expression: ["http._revinclude"],
  };
}
