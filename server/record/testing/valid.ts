import assert from "node:assert/strict";
import { validate } from "@openward/fhir/validate";

/**
 * What is given out holds what R4 and the profiles that it declares ask, and nothing in it is unknown to the validator:
 * what could not be checked fails too.
 */
export function assertValid(resource: unknown): void {
  const { resourceType, id } = resource as { resourceType?: string; id?: string };
  assert.deepEqual(issuesOf(resource), [], `${resourceType}/${id}`);
}

/** "error Observation.status: ..." */
export function issuesOf(resource: unknown): string[] {
  return validate(resource).map(({ severity, expression, text }) => `${severity} ${expression}: ${text}`);
}
