import type { OperationOutcomeIssue } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { isObject, printFhir, type Resource } from "@openward/fhir/json";
import type { Method, PatientAct, StoredResource } from "@openward/fhir/store";
import type { Patient } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { fhirTime } from "../resources/time.ts";
import { type ObservationChange as Change, writeMeasured } from "../write/take.ts";
import { checkResource, resourceIn } from "./check.ts";
import { type FoundOne, resourcesOf } from "./find.ts";
import { actOfCreate, actOfUpdate, findablePatient, houseOf, stoodBefore, textOfHouse } from "./patient.ts";
import { factsOf } from "./patient-facts.ts";
import { contentOf, resourceOf } from "./present.ts";
import { readQuery } from "./query.ts";
import { type Interaction, isReached, reachOf } from "./reach.ts";
import { made, newestIfAny } from "./read.ts";
import { findAll } from "./search.ts";

/** What became of a write. */
export interface Done {
  readonly status: 200 | 201 | 204;
  /** undefined: it was deleted. */
  readonly resource: Resource | undefined;
  readonly type: string;
  readonly id: string;
  readonly version: string;
  /** A FHIR instant; undefined where nobody knows. */
  readonly updatedAt: string | undefined;
  /** Nothing is wrong, and this is worth knowing. */
  readonly remarks?: Remarks | undefined;
}

/** What is about to be done, looked at and found good; or what was there already. */
export type Plan =
  | { readonly kind: "change"; readonly change: Change; readonly status: 200 | 201 | 204; readonly remarks?: Remarks }
  | { readonly kind: "there"; readonly done: Done };

type Remarks = readonly OperationOutcomeIssue[];

const NOTHING = { terms: [], strings: [], spans: [], words: "" };

/** Somebody wrote meanwhile, and nobody said at which version it must be: it is looked at anew. */
const TRIES = 3;

export interface Named {
  readonly type: string;
  readonly id: string;
  /** `If-Match`: W/"3". */
  readonly ifMatch?: string | undefined;
}

/** @param id which it will have; in a transaction others refer to it before it is there */
export async function planCreate(
  context: RecordContext,
  type: string,
  body: unknown,
  { ifNoneExist, place = type, id = newId(context) }: { ifNoneExist?: string | undefined; place?: string; id?: string },
): Promise<Plan> {
  const reach = reachOf(context, type, "c");
  const there =
    ifNoneExist === undefined ? undefined : await onlyMatch(context, type, ifNoneExist, "http.If-None-Exist", "c");
  if (there) return { kind: "there", done: doneOfFound(type, there) };
  const resource = resourceIn(body, place);
  const isPatient = type === "Patient";
  if (isPatient && reach.onlyPatients) throw notOfPatients("Patient.c for a person or a program");
  const checked = checkResource(
    context,
    reach,
    resource,
    type,
    place,
    isPatient ? { id, house: undefined } : undefined,
  );
  const content = printFhir(contentOf(resource));
  const patient = isPatient ? { patient: actOfCreate(context, resource, id, place) } : {};
  return {
    kind: "change",
    status: 201,
    change: { type, id, after: 0, method: "POST", content, ...checked, ...patient },
  };
}

/** An application of a patient's has one record: it makes none, and none goes by it. */
const notOfPatients = (expected: string) =>
  new RefusedInput("NOT_PERMITTED", { at: "http.Authorization", expected: `a scope with ${expected}` });

/** @throws RefusedInput NOT_SUPPORTED where nothing is kept */
export function newId({ written }: RecordContext): string {
  if (!written) throw new RefusedInput("NOT_SUPPORTED", { at: "http.method", expected: "GET" });
  return written.ids.uuid();
}

/** What stands there now: as it was written, or of a patient whom nobody wrote as the house tells it. */
interface Standing {
  readonly stored: StoredResource | undefined;
  /** undefined: it was deleted. */
  readonly resource: Resource | undefined;
  readonly version: string;
  /** Of a Patient. */
  readonly house: Patient | undefined;
}

/** @throws RefusedInput NOT_FOUND; NOT_SUPPORTED for what the house makes, and nobody else */
async function standing(context: RecordContext, { type, id }: Named, interaction: "u" | "d"): Promise<Standing> {
  const stored = await newestIfAny(context, type, id, interaction);
  if (stored) {
    const isThere = stored.content !== null;
    return {
      stored,
      resource: isThere ? resourceOf(stored) : undefined,
      version: String(stored.version),
      house: type === "Patient" && isThere ? await houseOf(context, id) : undefined,
    };
  }
  // Of whom something is kept back, or from whom it is, what was written is not read: it is not written over either.
  if (type !== "Patient" || !isReached(context.view, reachOf(context, type, interaction), [id])) {
    const { resource } = await made(context, type, id);
    if (!resource) throw new RefusedInput("NOT_FOUND");
    throw new RefusedInput("NOT_SUPPORTED", {
      at: "http.url",
      expected: "a resource that was written by FHIR: this one is made here, and changed in the portals",
    });
  }
  const house = await houseOf(context, id);
  return { stored: undefined, resource: textOfHouse(context, house), version: String(house.updatedAt), house };
}

/** @throws RefusedInput NOT_FOUND: a resource gets its id here, and none is made by an update */
export async function planUpdate(
  context: RecordContext,
  named: Named,
  body: unknown,
  { place = named.type, method = "PUT" }: { place?: string; method?: Method } = {},
): Promise<Plan> {
  const { type, id } = named;
  const reach = reachOf(context, type, "u");
  const before = await standing(context, named, "u");
  needVersion(before, named.ifMatch);
  const resource = resourceIn(body, place);
  if (resource.id !== id)
    throw new RefusedInput("FIELD_INVALID", { at: `${place}.id`, expected: "the id of the address" });
  needWhole(resource, place);
  const isPatient = type === "Patient";
  const checked = checkResource(
    context,
    reach,
    resource,
    type,
    place,
    isPatient ? { id, house: before.house } : undefined,
  );
  const content = printFhir(contentOf(resource));
  const status = before.resource === undefined ? 201 : 200;
  // What is the same is no new version.
  if (before.resource && content === printFhir(contentOf(before.resource)))
    return { kind: "there", done: doneOfStanding(named, before) };
  const after = before.stored?.version ?? 0;
  const patient = isPatient ? patientAct(context, before, resource, { isOwn: !!reach.onlyPatients, place }) : undefined;
  // The number that the house has from now on is one by which they are found.
  const findable =
    before.house && patient && "change" in patient && patient.change.mrn !== undefined
      ? findablePatient(resource, context.base, { ...before.house, mrn: patient.change.mrn })
      : checked.findable;
  const stood = before.house && !before.stored ? { stoodBefore: stoodBefore(context, before.house) } : {};
  return {
    kind: "change",
    status,
    change: { type, id, after, method, content, ...checked, findable, ...(patient && { patient }), ...stood },
  };
}

function patientAct(
  context: RecordContext,
  before: Standing,
  after: Resource,
  options: { readonly isOwn: boolean; readonly place: string },
): PatientAct {
  const { house, resource } = before;
  if (house && resource) return actOfUpdate(context, { before: resource, after }, house, options);
  const { organisation, clock } = context;
  const { number, ...facts } = factsOf(after, organisation.id, clock.now(), options.place);
  return { kind: "restore", change: { ...facts, ...(number?.isOurs && { mrn: number.value }) } };
}

/** What was read in part would lose the rest. @throws RefusedInput FIELD_INVALID */
export function needWhole({ meta }: Resource, place: string): void {
  const tags = isObject(meta) && Array.isArray(meta.tag) ? meta.tag : [];
  if (tags.some((tag) => isObject(tag) && tag.code === "SUBSETTED"))
    throw new RefusedInput("FIELD_INVALID", {
      at: `${place}.meta.tag`,
      expected: "the whole resource: this is a part of one",
    });
}

/** @param patch gives the resource as it shall be */
export async function planPatch(
  context: RecordContext,
  named: Named,
  patch: (resource: Resource) => Resource,
  place = named.type,
): Promise<Plan> {
  const before = await standing(context, named, "u");
  if (!before.resource) throw new RefusedInput("GONE");
  needVersion(before, named.ifMatch);
  const seen = { ...named, ifMatch: `W/"${before.version}"` };
  return planUpdate(context, seen, patch(before.resource), { place, method: "PATCH" });
}

export async function planDelete(context: RecordContext, named: Named): Promise<Plan> {
  const { type, id } = named;
  const reach = reachOf(context, type, "d");
  if (type === "Patient" && reach.onlyPatients) throw notOfPatients("Patient.d for a person or a program");
  const before = await standing(context, named, "d");
  needVersion(before, named.ifMatch);
  if (!before.resource) return { kind: "there", done: { ...doneOfStanding(named, before), status: 204 } };
  const { stored, house } = before;
  const change: Change = {
    type,
    id,
    after: stored?.version ?? 0,
    method: "DELETE",
    content: null,
    patientIds: stored?.patientIds ?? [id],
    findable: NOTHING,
    ...(house && { patient: { kind: "withdraw" } }),
    ...(house && !stored && { stoodBefore: stoodBefore(context, house) }),
  };
  return { kind: "change", status: 204, change };
}

/** Update of what a search finds: one is updated, none is made, several are refused. */
export async function planConditionalUpdate(
  context: RecordContext,
  type: string,
  search: string,
  body: unknown,
  options: { ifMatch?: string | undefined; place?: string; id?: string } = {},
): Promise<Plan> {
  const { place = type, ifMatch, id } = options;
  const there = await onlyMatch(context, type, search, "http.url", "u");
  const resource = resourceIn(body, place);
  if (!there) {
    if (resource.id !== undefined)
      throw new RefusedInput("FIELD_INVALID", { at: `${place}.id`, expected: "none: what is made gets its id here" });
    return planCreate(context, type, body, { place, ...(id !== undefined && { id }) });
  }
  if (resource.id !== undefined && resource.id !== there.id)
    throw new RefusedInput("FIELD_INVALID", { at: `${place}.id`, expected: "none, or the id of what is found" });
  return planUpdate(context, { type, id: there.id, ifMatch }, { ...resource, id: there.id }, { place });
}

/**
 * The one that a search finds.
 *
 * @param interaction what will be done with it: who may not do it is told nothing of what there is
 * @throws RefusedInput SEVERAL_MATCH, NOT_PERMITTED
 */
export async function onlyMatch(
  context: RecordContext,
  type: string,
  search: string,
  at: string,
  interaction: Interaction,
): Promise<FoundOne | undefined> {
  reachOf(context, type, interaction);
  const pairs = [...new URLSearchParams(search.replace(/^[^?]*\?/, ""))];
  // With nothing asked, everything would match.
  if (pairs.length === 0) throw new RefusedInput("FIELD_INVALID", { at, expected: "search parameters" });
  const query = readQuery({ ...context, strict: true }, type, pairs);
  const found = await findAll(context, type, { ...query, cursor: null }, 2);
  if (found.length > 1) throw new RefusedInput("SEVERAL_MATCH", { at });
  return found[0];
}

/** @throws RefusedInput VERSION_DIFFERS */
export function needVersion({ version }: { readonly version: string | number }, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === "*") return;
  const wanted = /^(?:W\/)?"([^"]+)"$/.exec(ifMatch.trim())?.[1];
  if (wanted !== String(version))
    throw new RefusedInput("VERSION_DIFFERS", { at: "http.If-Match", expected: 'W/"{version}" of the newest version' });
}

/** One write by itself; looked at anew where somebody else was faster. */
export async function perform(context: RecordContext, plan: (attempt: number) => Promise<Plan>): Promise<Done> {
  for (let i = 1; ; i++) {
    const planned = await plan(i);
    if (planned.kind === "there") return planned.done;
    try {
      const [stored] = await writeAll(context, [planned.change]);
      if (!stored) throw new Error("a change that was written has a version");
      return doneOf(stored, planned.status, planned.remarks);
    } catch (error) {
      const isLost = error instanceof RefusedInput && error.code === "CONFLICT";
      if (!isLost || i === TRIES) throw error;
    }
  }
}

export function writeAll(context: RecordContext, changes: readonly Change[]): Promise<readonly StoredResource[]> {
  const { view, app } = context;
  const by = app?.clientId ?? view.principal.id;
  return writeMeasured(context, changes, (beside) => resourcesOf(context).write(view.principal, changes, by, beside));
}

export function doneOf(stored: StoredResource, status: 200 | 201 | 204, remarks?: Remarks): Done {
  const { type, id, version, updatedAt, content } = stored;
  const resource = content === null ? undefined : resourceOf(stored);
  return { status, type, id, version: String(version), updatedAt: fhirTime(updatedAt), resource, remarks };
}

function doneOfFound(type: string, { id, stored, resource }: FoundOne): Done {
  return stored ? doneOf(stored, 200) : doneOfMade({ type, id }, resource());
}

const doneOfStanding = (named: Named, { stored, resource }: Standing): Done =>
  stored ? doneOf(stored, 200) : doneOfMade(named, resource);

/** Of what the house makes. */
function doneOfMade({ type, id }: Named, resource: Resource | undefined): Done {
  const { versionId = "", lastUpdated } = (resource?.meta ?? {}) as { versionId?: string; lastUpdated?: string };
  return { status: 200, type, id, version: versionId, updatedAt: lastUpdated, resource };
}
