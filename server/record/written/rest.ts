import type { Bundle, Resource as Typed } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { type FhirObject, isObject, parseFhir, type Resource } from "@openward/fhir/json";
import { applyFhirPathPatch, applyJsonPatch } from "@openward/fhir/patch";
import { applyView, parseView, type View } from "@openward/fhir/view";
import type { RecordContext } from "../context.ts";
import { redactedResource } from "../redaction.ts";
import type { RestAnswer, RestRequest } from "../rest.ts";
import { planObservation } from "../write/plan.ts";
import { type EntryRequest, writeTransaction } from "./bundle.ts";
import { historyOfWritten, readWritten, readWrittenVersion } from "./read.ts";
import { searchWritten } from "./search.ts";
import { isWrittenType } from "./types.ts";
import {
  type Done,
  onlyMatch,
  type Plan,
  perform,
  planConditionalUpdate,
  planCreate,
  planDelete,
  planPatch,
  planUpdate,
} from "./write.ts";

/** The part of an address behind the base. */
export interface Address {
  readonly type: string;
  readonly id: string | undefined;
  /** Behind "_history"; "": the history itself. */
  readonly version: string | undefined;
  readonly isSearch: boolean;
  readonly query: string;
}

/** "Condition/1/_history/2?x=y"; undefined: not of a type that is kept as it was written. */
export function addressOf(url: string, isKept = isWrittenType): Address | undefined {
  const at = url.indexOf("?");
  const path = (at < 0 ? url : url.slice(0, at)).replace(/\/$/, "");
  const query = at < 0 ? "" : url.slice(at + 1);
  const [type = "", second, third, fourth, ...more] = path.split("/");
  if (!isKept(type) || more.length > 0) return undefined;
  if (second === "_search" && third === undefined)
    return { type, id: undefined, version: undefined, isSearch: true, query };
  if (second === "_history" && third === undefined) return { type, id: undefined, version: "", isSearch: false, query };
  if (second?.startsWith("$") || third?.startsWith("$")) return undefined;
  if (third !== undefined && third !== "_history") return undefined;
  return { type, id: second, version: third === undefined ? undefined : (fourth ?? ""), isSearch: false, query };
}

/** One interaction with resources that are kept as they were written. */
export async function answerWritten(
  context: RecordContext,
  request: RestRequest,
  address: Address,
): Promise<RestAnswer> {
  const { type, id, version, isSearch, query } = address;
  const { method } = request;
  if (method === "GET" || method === "HEAD" || (method === "POST" && isSearch)) {
    const resource =
      version !== undefined
        ? await readHistory(context, address)
        : id === undefined
          ? await searchWritten(context, type, pairsOf(query, isSearch ? request.body : undefined))
          : applyView(await readWritten(context, type, id), viewIn(query));
    // Of what the house makes some is withheld from some; what was written is not for them at all.
    return { status: 200, resource: redactedResource(resource as unknown as Typed, context.view.principal.role) };
  }
  if (version !== undefined || isSearch) throw notSupported("GET");
  return writeOne(context, request, address);
}

/** A write by itself. */
export async function writeOne(context: RecordContext, request: RestRequest, address: Address): Promise<RestAnswer> {
  const entry = entryOf(request, address);
  return answerOf(await perform(context, (attempt) => plan(context, { ...entry, isCareful: attempt > 1 })), request);
}

const viewIn = (query: string): View => {
  const parameters = new URLSearchParams(query);
  return parseView({
    _summary: parameters.get("_summary") ?? undefined,
    _elements: parameters.get("_elements") ?? undefined,
  });
};

async function readHistory(context: RecordContext, { type, id, version, query }: Address): Promise<Resource> {
  if (id !== undefined && version) return readWrittenVersion(context, type, id, version);
  const bundle = await historyOfWritten(context, { type, ...(id !== undefined && { id }) }, new URLSearchParams(query));
  return bundle as unknown as Resource;
}

const entryOf = (request: RestRequest, { type }: Address): EntryRequest => ({
  method: request.method,
  url: request.url,
  body: request.body,
  ifNoneExist: request.ifNoneExist,
  ifMatch: request.ifMatch,
  place: type,
  id: undefined,
});

/** One write, alone or of a Bundle. */
async function plan(context: RecordContext, request: EntryRequest): Promise<Plan> {
  const observation = addressOf(request.url, (type) => type === "Observation");
  if (observation) return planObservation(context, request, observation);
  const address = addressOf(request.url);
  if (!address || address.isSearch || address.version !== undefined)
    throw new RefusedInput("NOT_SUPPORTED", {
      at: `${request.place}`,
      expected: "a type that is kept as it was written",
    });
  const { type, id, query } = address;
  const { method, body, ifMatch, ifNoneExist, place } = request;
  if (method === "POST" && id === undefined)
    return planCreate(context, type, body, { ifNoneExist, place, ...(request.id !== undefined && { id: request.id }) });
  const named = id === undefined ? undefined : { type, id, ifMatch };
  if (method === "PUT" && named) return planUpdate(context, named, body, { place });
  if (method === "PUT")
    return planConditionalUpdate(context, type, query, body, {
      place,
      ifMatch,
      ...(request.id !== undefined && { id: request.id }),
    });
  if (method === "PATCH") {
    const found = named ?? (await needMatch(context, type, query, ifMatch));
    return planPatch(context, found, (resource) => patched(resource, body, place), place);
  }
  if (method === "DELETE") {
    if (named) return planDelete(context, named);
    const found = await onlyMatch(context, type, query, "http.url", "d");
    if (found) return planDelete(context, { type, id: found.id, ifMatch });
    throw new RefusedInput("NOT_FOUND");
  }
  throw notSupported("GET, POST, PUT, PATCH, DELETE");
}

async function needMatch(context: RecordContext, type: string, query: string, ifMatch: string | undefined) {
  const found = await onlyMatch(context, type, query, "http.url", "u");
  if (!found) throw new RefusedInput("NOT_FOUND");
  return { type, id: found.id, ifMatch };
}

/** JSON Patch is an array; FHIRPath Patch a Parameters; in a Bundle JSON Patch is a Binary (R4, http.html#patch). */
export function patched(resource: Resource, body: unknown, place: string): Resource {
  if (Array.isArray(body)) return applyJsonPatch(resource, body);
  if (isObject(body) && body.resourceType === "Parameters") return applyFhirPathPatch(resource, body);
  if (isObject(body) && body.resourceType === "Binary" && typeof body.data === "string")
    return applyJsonPatch(resource, parseFhir(Buffer.from(body.data, "base64").toString("utf8")));
  throw new RefusedInput("BODY_SHAPE", {
    at: place,
    expected: "a JSON Patch (an array), or a FHIRPath Patch (Parameters)",
  });
}

export function answerOf(done: Done, { prefer }: Pick<RestRequest, "prefer">): RestAnswer {
  const { status, resource, type, id, version, updatedAt, remarks = [] } = done;
  const version1 = { versionId: version, ...(updatedAt !== undefined && { lastUpdated: updatedAt }) };
  const location = `${type}/${id}/_history/${version}`;
  const text = status === 204 ? "Deleted." : "Written.";
  const told = {
    resourceType: "OperationOutcome",
    id: "ok",
    issue: [{ severity: "information", code: "informational", details: { text } }, ...remarks],
  } as unknown as FhirObject;
  const wanted = /(?:^|[,;\s])return=(minimal|OperationOutcome)\b/.exec(prefer ?? "")?.[1];
  const body = resource === undefined || wanted === "OperationOutcome" ? told : resource;
  return {
    status: status === 204 ? 200 : status,
    resource: body as unknown as Typed,
    ...(status === 201 || type === "Observation" ? { location } : {}),
    version: version1,
    isMinimal: wanted === "minimal",
  };
}

const isKept = (type: string): boolean => isWrittenType(type) || type === "Observation";

/** Does a Bundle write resources of these types, and nothing else? */
export function isWrittenBundle(body: unknown): body is Bundle {
  const { resourceType, type, entry } = (body ?? {}) as { resourceType?: unknown; type?: unknown; entry?: unknown };
  if (resourceType !== "Bundle" || type !== "transaction" || !Array.isArray(entry) || entry.length === 0) return false;
  return entry.every((one: { request?: { url?: unknown } } | null) => {
    const url = one?.request?.url;
    return typeof url === "string" && isKept(url.replace(/^\//, "").split(/[/?]/, 1)[0] ?? "");
  });
}

export const transact = (context: RecordContext, bundle: Bundle): Promise<Bundle> =>
  writeTransaction(context, bundle, plan);

/** Names and values as they stand in the address, and in a form. */
export function* pairsOf(query: string, form: unknown): Generator<readonly [string, string]> {
  yield* new URLSearchParams(query);
  for (const [name, value] of Object.entries((form ?? {}) as Readonly<Record<string, unknown>>))
    for (const one of Array.isArray(value) ? value : [value]) yield [name, String(one)];
}

const notSupported = (expected: string) => new RefusedInput("NOT_SUPPORTED", { at: "http.method", expected });
