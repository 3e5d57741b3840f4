import { type FhirObject, isObject, parseResource, type Resource } from "@openward/fhir/json";
import type { StoredResource } from "@openward/fhir/store";
import { fhirTime } from "../resources/time.ts";

/** What is only kept is told apart from what rules here, and from the log of the house. */
const KEPT: Readonly<Record<string, FhirObject>> = Object.fromEntries(
  [
    ["Consent", "Kept as another system wrote it: it rules nothing here"],
    ["AuditEvent", "Kept as another system wrote it: no part of the log of this house"],
  ].map(([type, display]) => [type, { system: "urn:openward:kept", code: "as-written", display }]),
);

/** A stored version as it is answered: id and version are ours, all else as it was written. */
export function resourceOf(stored: StoredResource): Resource {
  if (stored.content === null) throw new Error("what was deleted has nothing to be shown");
  return toldOf(stored, parseResource(stored.content));
}

/** @param content as `contentOf` leaves it */
export function toldOf(
  { type, id, version, updatedAt }: Omit<StoredResource, "content" | "patientIds">,
  content: Resource,
): Resource {
  const { resourceType, meta, ...rest } = content;
  const given = isObject(meta) ? meta : {};
  const kept = KEPT[type];
  const told: FhirObject = {
    versionId: String(version),
    lastUpdated: fhirTime(updatedAt),
    ...given,
    ...(kept && { tag: [...tagsOf(given), kept] }),
  };
  return { resourceType, id, meta: told, ...rest };
}

const tagsOf = ({ tag }: FhirObject) => (Array.isArray(tag) ? tag : []);

/** What is kept of what was sent: without what is ours to say. */
export function contentOf(resource: Resource): Resource {
  const { id: _id, meta, ...rest } = resource;
  if (!isObject(meta)) return rest as Resource;
  const { versionId: _version, lastUpdated: _updated, ...kept } = meta;
  const { resourceType, ...others } = rest as Resource;
  const shown = KEPT[resourceType] ? withoutOurs(kept) : kept;
  return Object.keys(shown).length > 0 ? { resourceType, meta: shown, ...others } : (rest as Resource);
}

function withoutOurs(meta: FhirObject): FhirObject {
  const { tag: _, ...rest } = meta;
  const tag = tagsOf(meta).filter((one) => !(isObject(one) && one.system === "urn:openward:kept"));
  return tag.length > 0 ? { ...rest, tag } : rest;
}
