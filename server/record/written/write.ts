import type { OperationOutcomeIssue } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { isObject, printFhir, type Resource } from "@openward/fhir/json";
import type { Method, StoredResource } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";
import { type ObservationChange as Change, writeMeasured } from "../write/take.ts";
import { checkResource, resourceIn } from "./check.ts";
import { contentOf, resourceOf } from "./present.ts";
import { readQuery } from "./query.ts";
import { type Interaction, reachOf } from "./reach.ts";
import { newest } from "./read.ts";
import { findWritten, resourcesOf } from "./search.ts";

/** What became of a write. */
export interface Done {
  readonly status: 200 | 201 | 204;
  /** undefined: it was deleted. */
  readonly resource: Resource | undefined;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly updatedAt: number;
  /** Nothing is wrong, and this is worth knowing. */
  readonly remarks?: readonly OperationOutcomeIssue[] | undefined;
}

/** What is about to be done, looked at and found good; or what was there already. */
export type Plan =
  | { readonly kind: "change"; readonly change: Change; readonly status: 200 | 201 | 204; readonly remarks?: Remarks }
  | { readonly kind: "there"; readonly stored: StoredResource; readonly status: 200 | 204; readonly remarks?: Remarks };

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
  if (there) return { kind: "there", stored: there, status: 200 };
  const resource = resourceIn(body, place);
  const { patientIds, findable } = checkResource(context, reach, resource, type, place);
  const content = printFhir(contentOf(resource));
  return { kind: "change", status: 201, change: { type, id, after: 0, method: "POST", content, patientIds, findable } };
}

/** @throws RefusedInput NOT_SUPPORTED where nothing is kept */
export function newId({ written }: RecordContext): string {
  if (!written) throw new RefusedInput("NOT_SUPPORTED", { at: "http.method", expected: "GET" });
  return written.ids.uuid();
}

/** @throws RefusedInput NOT_FOUND: a resource gets its id here, and none is made by an update */
export async function planUpdate(
  context: RecordContext,
  { type, id, ifMatch }: Named,
  body: unknown,
  { place = type, method = "PUT" }: { place?: string; method?: Method } = {},
): Promise<Plan> {
  const reach = reachOf(context, type, "u");
  const before = await newest(context, type, id, "u");
  needVersion(before, ifMatch);
  const resource = resourceIn(body, place);
  if (resource.id !== id)
    throw new RefusedInput("FIELD_INVALID", { at: `${place}.id`, expected: "the id of the address" });
  needWhole(resource, place);
  const { patientIds, findable } = checkResource(context, reach, resource, type, place);
  const content = printFhir(contentOf(resource));
  const status = before.content === null ? 201 : 200;
  // What is the same is no new version.
  if (content === before.content) return { kind: "there", stored: before, status: 200 };
  return { kind: "change", status, change: { type, id, after: before.version, method, content, patientIds, findable } };
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
  const before = await newest(context, named.type, named.id, "u");
  if (before.content === null) throw new RefusedInput("GONE");
  needVersion(before, named.ifMatch);
  const { version, ...rest } = { version: before.version, ...named };
  return planUpdate(context, { ...rest, ifMatch: `W/"${version}"` }, patch(resourceOf(before)), {
    place,
    method: "PATCH",
  });
}

export async function planDelete(context: RecordContext, { type, id, ifMatch }: Named): Promise<Plan> {
  const before = await newest(context, type, id, "d");
  needVersion(before, ifMatch);
  if (before.content === null) return { kind: "there", stored: before, status: 204 };
  const { version: after, patientIds } = before;
  const change = { type, id, after, method: "DELETE", content: null, patientIds, findable: NOTHING } as const;
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
): Promise<StoredResource | undefined> {
  reachOf(context, type, interaction);
  const pairs = [...new URLSearchParams(search.replace(/^[^?]*\?/, ""))];
  // With nothing asked, everything would match.
  if (pairs.length === 0) throw new RefusedInput("FIELD_INVALID", { at, expected: "search parameters" });
  const query = readQuery({ ...context, strict: true }, type, pairs);
  const { found } = await findWritten(context, type, { ...query, cursor: null }, 2);
  if (found.length > 1) throw new RefusedInput("SEVERAL_MATCH", { at });
  return found[0];
}

/** @throws RefusedInput VERSION_DIFFERS */
export function needVersion({ version }: StoredResource, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === "*") return;
  const wanted = /^(?:W\/)?"(\d+)"$/.exec(ifMatch.trim())?.[1];
  if (wanted !== String(version))
    throw new RefusedInput("VERSION_DIFFERS", { at: "http.If-Match", expected: 'W/"{version}" of the newest version' });
}

/** One write by itself; looked at anew where somebody else was faster. */
export async function perform(context: RecordContext, plan: (attempt: number) => Promise<Plan>): Promise<Done> {
  for (let i = 1; ; i++) {
    const planned = await plan(i);
    if (planned.kind === "there") return doneOf(planned.stored, planned.status, planned.remarks);
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
  return { status, type, id, version, updatedAt, resource, remarks };
}
