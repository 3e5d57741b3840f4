import type { Resource as Typed } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { parseFhir, type Resource } from "@openward/fhir/json";
import type { Resources, StoodBefore, StoredResource } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";
import { parseObservationId } from "../observation-id.ts";
import { findObservation } from "../sources/find.ts";
import { contentOf, resourceOf } from "../written/present.ts";
import { isReached } from "../written/reach.ts";
import { type ObservationReach, reachOfTexts } from "./reach.ts";

export const TYPE = "Observation";

/** @throws RefusedInput NOT_SUPPORTED where nothing is kept */
export function textsOf({ written }: RecordContext): Resources {
  if (!written) throw new RefusedInput("NOT_SUPPORTED", { at: "http.method", expected: "GET" });
  return written.resources;
}

/** The newest version of what somebody wrote, deleted or not; undefined: nobody did, or it is not for who asks. */
export async function textOf(
  context: RecordContext,
  reach: ObservationReach,
  id: string,
): Promise<StoredResource | undefined> {
  const stored = await textsOf(context).read(context.view.principal, TYPE, id);
  return stored && isReached(context.view, reach.whose, stored.patientIds) ? stored : undefined;
}

/** What an Observation was that is written over: as the house makes it. */
export interface Standing {
  readonly stored: StoredResource;
  /** Nobody has written it yet. */
  readonly stood: StoodBefore | undefined;
}

/** @throws RefusedInput NOT_FOUND, the same for what is not there and what is not seen */
export async function standingOf(context: RecordContext, reach: ObservationReach, id: string): Promise<Standing> {
  const stored = await textOf(context, reach, id);
  if (stored) return { stored, stood: undefined };
  const made = (await findObservation(context, id))?.map();
  if (!made) throw new RefusedInput("NOT_FOUND");
  return standingOfMade(context, made);
}

/** Of an Observation that the house makes: as if it had been written so. */
export function standingOfMade({ clock }: Pick<RecordContext, "clock">, made: Typed): Standing {
  const { id = "", meta } = made;
  const version = Number.parseInt(meta?.versionId ?? "1", 10) || 1;
  const updatedAt = meta?.lastUpdated === undefined ? clock.now() : Date.parse(meta.lastUpdated);
  const content = JSON.stringify(contentOf(parseFhir(JSON.stringify(made)) as Resource));
  const reference = (made as { subject?: { reference?: string } }).subject?.reference ?? "";
  const patientIds = reference.startsWith("Patient/") ? [reference.slice("Patient/".length)] : [];
  return {
    stored: { type: TYPE, id, version, updatedAt, content, patientIds },
    stood: { content, updatedAt, version },
  };
}

/**
 * An Observation by its id: as somebody wrote it, where who asks may read that; else as the house makes it.
 *
 * @throws RefusedInput NOT_FOUND, GONE
 */
export async function readObservation(context: RecordContext, id: string): Promise<Resource> {
  const reach = context.written && reachOfTexts(context, "r");
  const stored = reach && mayHaveText(context, id) ? await textOf(context, reach, id) : undefined;
  if (stored?.content === null) throw new RefusedInput("GONE");
  if (stored) return resourceOf(stored);
  const made = (await findObservation(context, id))?.map();
  if (!made) throw new RefusedInput("NOT_FOUND");
  return made as unknown as Resource;
}

/** From memory: of most readings nobody has written, and nothing is to be looked up. */
function mayHaveText({ written }: RecordContext, id: string): boolean {
  const name = parseObservationId(id);
  if (name?.kind === "reading") return !written?.overlays.isBare(name.streamId);
  return name?.kind !== "panel" || !written?.overlays.hasNone(name.patientId);
}
