import { RefusedInput } from "@openward/errors";
import { type Fhir, isObject, type Resource } from "../json/index.ts";

/** A patch makes a new version of a resource, and no other resource of it. @throws RefusedInput PATCH_REFUSED */
export function refuseIdentityChange(before: Resource, after: Fhir, at: string): void {
  const same = isObject(after) && after.resourceType === before.resourceType && after.id === before.id;
  if (!same)
    throw new RefusedInput("PATCH_REFUSED", { format: "patch", at, expected: "resourceType and id as they are" });
}
