import { RefusedInput } from "@openward/errors";
import type { StoredResource } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";
import { parseObservationId } from "../observation-id.ts";
import type { EntryRequest } from "../written/bundle.ts";
import { resourceIn } from "../written/check.ts";
import { resourceOf } from "../written/present.ts";
import { type Address, patched } from "../written/rest.ts";
import { doneOf, needVersion, needWhole, newId, type Plan } from "../written/write.ts";
import { onlyObservation } from "./match.ts";
import { planCreate, planDelete, planUpdate } from "./observation.ts";
import { needObservationWriter, observationReach } from "./reach.ts";
import { type Standing, standingOf, TYPE } from "./texts.ts";

/** One write of an Observation, alone or of a Bundle. */
export async function planObservation(context: RecordContext, request: EntryRequest, address: Address): Promise<Plan> {
  const { id, query, isSearch, version } = address;
  const { method, body, ifMatch, place } = request;
  if (isSearch || version !== undefined) throw notSupported("GET");
  if (method === "POST" && id === undefined) return create(context, request);
  if (method === "PUT" && id === undefined) return updateMatch(context, request, query);
  if (method === "PUT" && id !== undefined) {
    const standing = await standingFor(context, id, "u", ifMatch);
    return update(context, standing, body, place, "PUT");
  }
  if (method === "PATCH") {
    const found = id ?? (await needMatch(context, query, "u")).id;
    const standing = await standingFor(context, found, "u", ifMatch);
    if (standing.stored.content === null) throw new RefusedInput("GONE");
    return update(context, standing, patched(resourceOf(standing.stored), body, place), place, "PATCH");
  }
  if (method === "DELETE") {
    const found = id ?? (await needMatch(context, query, "d")).id;
    const { stored, stood } = await standingFor(context, found, "d", ifMatch);
    // What a device measured is not undone by who did not write it.
    if (stood)
      throw new RefusedInput("NOT_SUPPORTED", {
        at: "http.method",
        expected: "GET, PUT or PATCH: it was measured and not written; status entered-in-error says that it was wrong",
      });
    return planDelete(context, stored);
  }
  throw notSupported("GET, POST, PUT, PATCH, DELETE");
}

async function create(context: RecordContext, request: EntryRequest): Promise<Plan> {
  const { body, ifNoneExist, place, isCareful = false, claimed } = request;
  needObservationWriter(context, "c");
  const at = place === TYPE ? "http.If-None-Exist" : place.replace(/\.resource$/, ".request.ifNoneExist");
  const there = ifNoneExist === undefined ? undefined : await onlyObservation(context, ifNoneExist, at, "c");
  if (there) return { kind: "there", done: doneOf(there, 200) };
  const id = request.id ?? newId(context);
  return planCreate(context, body, { place, id, isCareful, ...(claimed && { claimed }) });
}

/** Update of what a search finds: one is updated, where there is none one is made, several are refused. */
async function updateMatch(context: RecordContext, request: EntryRequest, query: string): Promise<Plan> {
  const { body, place, ifMatch } = request;
  needObservationWriter(context, "u");
  const there = await onlyObservation(context, query, "http.url", "u");
  const resource = resourceIn(body, place);
  if (!there) {
    if (resource.id !== undefined)
      throw new RefusedInput("FIELD_INVALID", { at: `${place}.id`, expected: "none: what is made gets its id here" });
    return create(context, request);
  }
  if (resource.id !== undefined && resource.id !== there.id)
    throw new RefusedInput("FIELD_INVALID", { at: `${place}.id`, expected: "none, or the id of what is found" });
  const standing = await standingFor(context, there.id, "u", ifMatch);
  return update(context, standing, { ...resource, id: there.id }, place, "PUT");
}

async function standingFor(
  context: RecordContext,
  id: string,
  interaction: "u" | "d",
  ifMatch: string | undefined,
): Promise<Standing> {
  needObservationWriter(context, interaction);
  const standing = await standingOf(context, observationReach(context, interaction), id);
  needVersion(standing.stored, ifMatch);
  return standing;
}

/** No text stands in the place of these. */
const MADE: Readonly<Record<string, string>> = {
  waveform: "it is a piece of what a device sampled",
  clock: "it is what a device's clock showed",
  glucose: "it is what the readings of a sensor come to",
};

async function update(
  context: RecordContext,
  { stored, stood }: Standing,
  body: unknown,
  place: string,
  method: "PUT" | "PATCH",
): Promise<Plan> {
  const resource = resourceIn(body, place);
  if (resource.id !== stored.id)
    throw new RefusedInput("FIELD_INVALID", { at: `${place}.id`, expected: "the id of the address" });
  needWhole(resource, place);
  const made = stood && MADE[parseObservationId(stored.id)?.kind ?? ""];
  if (made) throw new RefusedInput("NOT_SUPPORTED", { at: "http.method", expected: `GET: ${made}, and not written` });
  const plan = await planUpdate(context, stored, resource, { place, method });
  if (!stood || plan.kind !== "change") return plan;
  return { ...plan, change: { ...plan.change, after: 0, stoodBefore: stood } };
}

async function needMatch(context: RecordContext, query: string, interaction: "u" | "d"): Promise<StoredResource> {
  needObservationWriter(context, interaction);
  const found = await onlyObservation(context, query, "http.url", interaction);
  if (!found) throw new RefusedInput("NOT_FOUND");
  return found;
}

const notSupported = (expected: string) => new RefusedInput("NOT_SUPPORTED", { at: "http.method", expected });
