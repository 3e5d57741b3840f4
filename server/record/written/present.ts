import { type FhirObject, isObject, parseResource, type Resource } from "@openward/fhir/json";
import type { StoredResource } from "@openward/fhir/store";
import { fhirTime } from "../resources/time.ts";

/** A stored version as it is answered: id and version are ours, all else as it was written. */
export function resourceOf({ id, version, updatedAt, content }: StoredResource): Resource {
  if (content === null) throw new Error("what was deleted has nothing to be shown");
  const { resourceType, meta, ...rest } = parseResource(content);
  const given = isObject(meta) ? meta : {};
  const told: FhirObject = { versionId: String(version), lastUpdated: fhirTime(updatedAt), ...given };
  return { resourceType, id, meta: told, ...rest };
}

/** What is kept of what was sent: without what is ours to say. */
export function contentOf(resource: Resource): Resource {
  const { id: _id, meta, ...rest } = resource;
  if (!isObject(meta)) return rest as Resource;
  const { versionId: _version, lastUpdated: _updated, ...kept } = meta;
  const { resourceType, ...others } = rest as Resource;
  return Object.keys(kept).length > 0 ? { resourceType, meta: kept, ...others } : (rest as Resource);
}
