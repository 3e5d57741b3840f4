import { allOk } from "@medplum/core";
import { type FhirRequest, type FhirRouteHandler, FhirRouter, type HttpMethod } from "@medplum/fhir-router";
import type { Bundle, OperationOutcome, Resource } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { RecordContext } from "./context.ts";
import { outcomeOf, outcomeOfError, statusOf } from "./outcome.ts";
import { redactedResource } from "./redaction.ts";
import { RecordRepository, type Report } from "./repository.ts";
import { searchables } from "./search/index.ts";
import { createWriting, isWriting, TransactionRefused } from "./write/create.ts";

export interface RestRequest {
  readonly method: string;
  /** Behind /fhir, with the query: "Observation?patient=1". */
  readonly url: string;
  /** JSON, or the parameters of a POST search. */
  readonly body: unknown;
  /** The header of a conditional create. */
  readonly ifNoneExist?: string | undefined;
}

export interface RestAnswer {
  readonly status: number;
  readonly resource: Resource;
  /** Behind the base, of what is new. */
  readonly location?: string;
}

export interface Rest {
  /** Never rejects: whatever goes wrong is an OperationOutcome. */
  handle(context: RecordContext, request: RestRequest, report: Report): Promise<RestAnswer>;
}

const BATCH_MAX = 100;

/** The REST interface over Medplum's router. This module loads Medplum: import it with the first request only. */
export function createRest(): Rest {
  const router = new FhirRouter();
  for (const type of Object.keys(searchables)) {
    // A route with the type spelt out wins over the router's own, whose parser knows no strict handling.
    router.add("GET", type, search(type), "search-type");
    router.add("POST", `${type}/_search`, search(type), "search-type");
  }

  return {
    async handle(context, request, report) {
      try {
        const method = request.method === "HEAD" ? "GET" : request.method;
        const path = request.url.split("?", 1)[0] ?? "";
        const isBatch = method === "POST" && path === "";
        const isSearch = method === "POST" && /^[A-Za-z]+\/_search$/.test(path);
        if (path === "" && !isBatch) throw new RefusedInput("NOT_SUPPORTED", { expected: "a resource type" });
        if (method === "POST" && path === "Observation") return await create(context, request);
        if (isBatch && isWriting(request.body)) return await writeAll(context, request.body);
        if (method !== "GET" && !isBatch && !isSearch) {
          throw new RefusedInput("NOT_SUPPORTED", {
            at: "http.method",
            expected: "GET, POST {type}/_search, POST Observation, a batch or a transaction",
          });
        }
        if (isBatch) checkBatch(request.body);
        const repository = new RecordRepository(context, report);
        const [outcome, resource] = await router.handleRequest(fhirRequest(method as HttpMethod, request), repository);
        if (isBatch && resource?.resourceType === "Bundle") restoreStatuses(resource);
        const { role } = context.view.principal;
        return { status: statusOf(outcome), resource: resource ? redactedResource(resource, role) : named(outcome) };
      } catch (error) {
        if (error instanceof TransactionRefused) return answerOf(error.outcome);
        const outcome = outcomeOfError(error);
        if (!outcome) report(error);
        return answerOf(outcome ?? outcomeOf("INTERNAL_ERROR"));
      }
    },
  };
}

async function create(context: RecordContext, { body, ifNoneExist }: RestRequest): Promise<RestAnswer> {
  const { observation, isNew } = await createWriting(context, intakeOf(context)).create(body, ifNoneExist);
  const { role } = context.view.principal;
  const resource = redactedResource(observation, role);
  const location = `Observation/${observation.id}/_history/${observation.meta?.versionId}`;
  return { status: isNew ? 201 : 200, resource, location };
}

async function writeAll(context: RecordContext, bundle: Bundle): Promise<RestAnswer> {
  const answered = await createWriting(context, intakeOf(context)).bundle(bundle);
  return { status: 200, resource: redactedResource(answered, context.view.principal.role) };
}

function intakeOf({ intake }: RecordContext) {
  if (!intake) throw new RefusedInput("NOT_SUPPORTED", { at: "http.method", expected: "GET" });
  return intake;
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
