import { allOk } from "@medplum/core";
import { type FhirRequest, type FhirRouteHandler, FhirRouter, type HttpMethod } from "@medplum/fhir-router";
import type { Bundle, BundleEntry, OperationOutcome, Resource } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { RecordContext } from "./context.ts";
import { graphqlPlace, readQuestion } from "./graphql/place.ts";
import { happeningIn } from "./happenings/ids.ts";
import { readHappening } from "./happenings/read.ts";
import { operationPlace } from "./operations/operation.ts";
import { answerOperation, isOperation } from "./operations/registry.ts";
import {
  answerTerminology,
  type TerminologyPlace,
  terminologyOperations,
  terminologyPlace,
} from "./operations/terminology.ts";
import { validateOperation, validationPlace } from "./operations/validate.ts";
import { outcomeOf, outcomeOfError, statusOf } from "./outcome.ts";
import { within } from "./reach.ts";
import { redactedResource } from "./redaction.ts";
import { RecordRepository, type Report } from "./repository.ts";
import { textOfAnswer } from "./search/bundle-text.ts";
import { everywherePlace } from "./search/compartment.ts";
import { searchEverywhere } from "./search/everywhere.ts";
import { searchables } from "./search/index.ts";
import { answerSubscription, isOfSubscriptions } from "./subscriptions/rest.ts";
import { TransactionRefused } from "./write/refused.ts";
import { answerObservation, isObservationBatch, observationAddress, writeBatch } from "./write/rest.ts";
import { historyOfWritten } from "./written/read.ts";
import { addressOf, answerWritten, isWrittenBundle, pairsOf as pairsIn, transact } from "./written/rest.ts";

export interface RestRequest {
  readonly method: string;
  /** Behind /fhir, with the query: "Observation?patient=1". */
  readonly url: string;
  /** JSON, or the parameters of a POST search. */
  readonly body: unknown;
  /** The header of a conditional create. */
  readonly ifNoneExist?: string | undefined;
  /** The header of an update that follows on a version. */
  readonly ifMatch?: string | undefined;
  /** The header that says what the answer shall be. */
  readonly prefer?: string | undefined;
  /** The answer is sent as it is: it may be text. */
  readonly asText?: boolean;
}

export interface RestAnswer {
  readonly status: number;
  readonly resource: Resource;
  /** What is sent, where that is known as text; `resource` has then only what headers are made of. */
  readonly text?: string;
  /** Behind the base, of what is new. */
  readonly location?: string;
  /** Of what was written, where the answer is something else. */
  readonly version?: { readonly versionId: string; readonly lastUpdated?: string | undefined };
  /** The headers say everything. */
  readonly isMinimal?: boolean;
  /** Beside those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Rest {
  /** Never rejects: whatever goes wrong is an OperationOutcome. */
  handle(context: RecordContext, request: RestRequest, report: Report): Promise<RestAnswer>;
}

const BATCH_MAX = 100;
const MIXED_MAX = 1_000;

/** The REST interface over Medplum's router. This module loads Medplum: import it with the first request only. */
export function createRest(): Rest {
  const router = new FhirRouter();
  for (const type of Object.keys(searchables)) {
    // A route with the type spelt out wins over the router's own, whose parser knows no strict handling.
    router.add("GET", type, search(type), "search-type");
    router.add("POST", `${type}/_search`, search(type), "search-type");
    // Asked alone they are answered below; these are for entries of a batch.
    for (const operation of Object.keys(terminologyOperations[type] ?? {}))
      router.add("GET", `${type}/$${operation}`, terminology({ type, id: undefined, operation }), "operation");
  }

  const rest: Rest = {
    async handle(context, request, report) {
      try {
        const method = request.method === "HEAD" ? "GET" : request.method;
        const path = request.url.split("?", 1)[0] ?? "";
        const told = isOfSubscriptions(path) ? await answerSubscription(context, { ...request, method }) : undefined;
        if (told) return told;
        const happening = method === "GET" ? await happeningAt(context, path) : undefined;
        if (happening) return { status: 200, resource: happening };
        const everywhere = everywherePlace(request.url);
        if (everywhere && (method === "GET" || (method === "POST" && everywhere.isForm))) {
          const pairs = [...pairsIn(everywhere.query, everywhere.isForm ? request.body : undefined)];
          return { status: 200, resource: await searchEverywhere(context, everywhere, pairs) };
        }
        const address = context.written ? addressOf(request.url) : undefined;
        if (address) return await answerWritten(context, { ...request, method }, address);
        if (context.written && method === "GET" && path === "_history") return await historyOfAll(context, request.url);
        const isBatch = method === "POST" && path === "";
        if (isBatch && context.written && isWrittenBundle(request.body)) {
          return { status: 200, resource: await transact(context, request.body) };
        }
        const observation = observationAddress(request.url);
        const answered = observation && (await answerObservation(context, { ...request, method }, observation));
        if (answered) return answered;
        if (isBatch && isObservationBatch(request.body)) return await writeBatch(context, request.body);
        if (isBatch && context.written && isMixedBatch(request.body))
          return await batch(request.body, (one) => rest.handle(context, one, report));
        const isSearch = method === "POST" && /^[A-Za-z]+\/_search$/.test(path);
        const asked = operationPlace(path);
        if (isOperation(asked)) {
          const query = new URLSearchParams(request.url.split("?")[1] ?? "");
          return await answerOperation(context, asked, { method, query, body: request.body, prefer: request.prefer });
        }
        const vocabulary = terminologyPlace(path);
        if (vocabulary && (method === "GET" || method === "POST")) {
          const query = new URLSearchParams(request.url.split("?")[1] ?? "");
          return { status: 200, resource: answerTerminology(context, vocabulary, query, request.body) };
        }
        const graph = context.graphql && graphqlPlace(path);
        if (graph && (method === "GET" || method === "POST")) return await answerGraph(rest, context, request, report);
        const place = validationPlace(path);
        if (place && (method === "GET" || method === "POST")) {
          const query = new URLSearchParams(request.url.split("?")[1] ?? "");
          return { status: 200, resource: await validateOperation(context, place, query, request.body) };
        }
        if (path === "" && !isBatch) throw new RefusedInput("NOT_SUPPORTED", { expected: "a resource type" });
        if (method !== "GET" && !isBatch && !isSearch) {
          throw new RefusedInput("NOT_SUPPORTED", {
            at: "http.method",
            expected: "GET, POST {type}/_search, a batch or a transaction",
          });
        }
        if (isBatch) checkBatch(request.body);
        const repository = new RecordRepository(context, report, { asText: request.asText === true && !isBatch });
        const [outcome, resource] = await router.handleRequest(fhirRequest(method as HttpMethod, request), repository);
        if (isBatch && resource?.resourceType === "Bundle") restoreStatuses(resource);
        const { role } = context.view.principal;
        const text = resource && textOfAnswer(resource);
        if (resource && text !== undefined) return { status: statusOf(outcome), resource, text };
        return { status: statusOf(outcome), resource: resource ? redactedResource(resource, role) : named(outcome) };
      } catch (error) {
        if (error instanceof TransactionRefused) return answerOf(error.outcome);
        const outcome = outcomeOfError(error);
        if (!outcome) report(error);
        return answerOf(outcome ?? outcomeOf("INTERNAL_ERROR"));
      }
    },
  };
  return rest;
}

/** Whatever a query reads is read as if it had been asked for alone, and what it does not know is refused. */
async function answerGraph(
  rest: Rest,
  context: RecordContext,
  { url, body }: RestRequest,
  report: Report,
): Promise<RestAnswer> {
  const [path = "", query] = url.split("?");
  const { instance } = graphqlPlace(path) ?? {};
  const question = readQuestion(new URLSearchParams(query), body, instance);
  const strict = { ...context, strict: true };
  const read = (of: string) => rest.handle(strict, { method: "GET", url: of, body: undefined }, report);
  if (instance) {
    const found = await read(`${instance.type}/${instance.id}`);
    if (found.status >= 400) return found;
  }
  const answered = await context.graphql?.ask(question, async (of) => {
    const { status, resource } = await read(of);
    return { status, text: JSON.stringify(resource) };
  });
  return { status: 200, resource: answered as Resource }; // JSON of another kind, which is sent as such
}

/** Each entry by itself, as if it had come alone. */
async function batch(bundle: Bundle, handle: (request: RestRequest) => Promise<RestAnswer>): Promise<RestAnswer> {
  const entry: BundleEntry[] = [];
  for (const one of bundle.entry ?? []) {
    const { method = "", url = "", ifNoneExist, ifMatch } = one.request ?? {};
    const isNested = url === "" || url === "/";
    const { status, resource, location, version } = isNested
      ? answerOf(outcomeOf("NOT_SUPPORTED", { at: "Bundle.entry.request.url", expected: "a resource type" }))
      : await handle({ method, url: url.replace(/^\//, ""), body: one.resource, ifNoneExist, ifMatch });
    const { versionId, lastUpdated } = version ?? resource.meta ?? {};
    const isOutcome = resource.resourceType === "OperationOutcome";
    entry.push({
      ...(isOutcome ? {} : { resource }),
      response: {
        status: String(status),
        ...(location === undefined ? {} : { location }),
        ...(versionId === undefined ? {} : { etag: `W/"${versionId}"` }),
        ...(lastUpdated === undefined ? {} : { lastModified: lastUpdated }),
        ...(isOutcome ? { outcome: resource } : {}),
      },
    });
  }
  return { status: 200, resource: { resourceType: "Bundle", type: "batch-response", entry } };
}

/** Does a batch ask for anything that is kept as it was written, or for an operation, or write anything? */
function isMixedBatch(body: unknown): body is Bundle {
  const { resourceType, type, entry } = (body ?? {}) as Partial<Bundle>;
  if (resourceType !== "Bundle" || type !== "batch" || !Array.isArray(entry)) return false;
  const isOther = ({ request }: BundleEntry) => {
    const url = (request?.url ?? "").replace(/^\//, "");
    if (
      addressOf(url) !== undefined ||
      everywherePlace(url) !== undefined ||
      isOperation(operationPlace(url.split("?", 1)[0] ?? ""))
    )
      return true;
    return !/^(GET|HEAD)?$/.test(request?.method ?? "");
  };
  if (!entry.some((one: BundleEntry | null) => isOther(one ?? {}))) return false;
  if (entry.length > MIXED_MAX)
    throw new RefusedInput("BODY_TOO_LARGE", { at: "Bundle.entry", expected: `at most ${MIXED_MAX} entries` });
  return true;
}

async function historyOfAll(context: RecordContext, url: string): Promise<RestAnswer> {
  const parameters = new URLSearchParams(url.split("?")[1] ?? "");
  return { status: 200, resource: await historyOfWritten(context, { type: undefined }, parameters) };
}

/** An alarm, an event or a stay: read under types that others write, by ids that only those have. */
async function happeningAt(context: RecordContext, path: string): Promise<Resource | undefined> {
  const name = happeningIn(path);
  if (!name) return undefined;
  const resource = await readHappening(within(context, name.type, "r", path.split("/")[1]), name);
  if (!resource) throw new RefusedInput("NOT_FOUND");
  return resource;
}

export function answerOf(outcome: OperationOutcome): RestAnswer {
  return { status: statusOf(outcome), resource: outcome };
}

function search(type: string): FhirRouteHandler {
  return async (request, repository) => {
    const pairs = [...pairsOf(request.query), ...(request.method === "POST" ? pairsOf(request.body) : [])];
    return [allOk, await (repository as RecordRepository).searchPairs(type, pairs)]; // no other is ever handed in
  };
}

function terminology(place: TerminologyPlace): FhirRouteHandler {
  return async ({ query }, repository) => [
    allOk,
    await (repository as RecordRepository).terminology(place, new URLSearchParams(pairsOf(query))), // no other is ever handed in
  ];
}

function pairsOf(parameters: unknown): [string, string][] {
  if (typeof parameters !== "object" || parameters === null) return [];
  return Object.entries(parameters).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, String(one)]),
  );
}

function fhirRequest(method: HttpMethod, { url, body }: RestRequest): FhirRequest {
  return { method, url, pathname: "", params: {}, query: {}, body };
}

/** Reads and searches only; one write refuses the whole, so that nobody takes half of it for done. */
function checkBatch(body: unknown): asserts body is Bundle {
  const bundle = body as Partial<Bundle> | null;
  if (typeof bundle !== "object" || bundle?.resourceType !== "Bundle") {
    throw new RefusedInput("BODY_SHAPE", { at: "Bundle.resourceType", expected: "a Bundle of type batch" });
  }
  if (Array.isArray(bundle.entry) && bundle.entry.length > MIXED_MAX)
    throw new RefusedInput("BODY_TOO_LARGE", { at: "Bundle.entry", expected: `1 to ${MIXED_MAX} entries` });
  if (bundle.type !== "batch") throw new RefusedInput("NOT_SUPPORTED", { at: "Bundle.type", expected: "batch" });
  const entries: unknown = bundle.entry;
  if (!Array.isArray(entries) || entries.length === 0 || entries.length > BATCH_MAX) {
    throw new RefusedInput("BODY_SHAPE", { at: "Bundle.entry", expected: `1 to ${BATCH_MAX} entries` });
  }
  entries.forEach((entry, i) => {
    const at = `Bundle.entry[${i}].request`;
    const method: unknown = entry?.request?.method;
    const url: unknown = entry?.request?.url;
    if (method !== "GET") throw new RefusedInput("NOT_SUPPORTED", { at: `${at}.method`, expected: "GET" });
    if (typeof url !== "string" || !/^\/?[A-Za-z]/.test(url)) {
      throw new RefusedInput("FIELD_INVALID", { at: `${at}.url`, expected: "an address relative to the base" });
    }
  });
}

/** The router tells statuses by its own outcomes; ours have codes. */
function restoreStatuses(bundle: Bundle): void {
  for (const { response } of bundle.entry ?? []) {
    const outcome = response?.outcome;
    if (response && outcome?.resourceType === "OperationOutcome") {
      const status = statusOf(outcome);
      response.status = String(status);
      response.outcome = status < 400 ? outcome : named(outcome);
    }
  }
}

/** The router's own refusals, with a code of ours. */
function named(outcome: OperationOutcome): OperationOutcome {
  const hasCode = outcome.issue[0]?.details?.coding?.[0]?.code !== undefined;
  if (hasCode || outcome.id === "ok") return outcome;
  if (outcome.id === "not-found") return outcomeOf("NOT_FOUND");
  return outcomeOf("BODY_SHAPE");
}
