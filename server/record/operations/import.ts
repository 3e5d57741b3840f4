import type { OperationOutcome, ParametersParameter } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { ImportRequest } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { reachOf } from "../written/reach.ts";
import { isWrittenType } from "../written/types.ts";
import type { Operation, OperationRequest } from "./operation.ts";

const FORMATS = ["application/fhir+ndjson", "application/ndjson", "ndjson"];
const INPUTS_MAX = 10_000;
const URL_MAX = 4_096;

/**
 * Files of resources, fetched and written beside everything else; the outcome below /fhir/import.
 *
 * @source github.com/smart-on-fhir/bulk-import, import-manifest.md; the same as Parameters
 */
export const importOperation: Operation = {
  name: "import",
  definition: "urn:openward:operation-definition:import",
  system: true,
  isChange: true,
  async answer(context, _place, { body, prefer }) {
    const { imports, view, organisation, app } = context;
    if (!imports) throw new RefusedInput("NOT_SUPPORTED", { at: "http.url", expected: "what is brought in here" });
    needImporter(context);
    if (!/(?:^|[,;\s])respond-async\b/.test(prefer ?? ""))
      throw new RefusedInput("FIELD_INVALID", { at: "http.Prefer", expected: "respond-async" });
    const request = requestOf(context, body);
    for (const type of new Set(request.inputs.map((one) => one.type))) needType(context, type);
    for (const [i, { url }] of request.inputs.entries()) checkUrl(context, url, `input[${i}].url`);
    const job = await imports.begin({ principal: view.principal, organisation, ...(app ? { app } : {}) }, request);
    return { status: 202, resource: BEGUN, headers: { "content-location": `${context.base}/import/${job.id}` } };
  },
};

const BEGUN: OperationOutcome = {
  resourceType: "OperationOutcome",
  id: "ok",
  issue: [
    {
      severity: "information",
      code: "informational",
      details: { text: "The files are being fetched and written: ask at Content-Location." },
    },
  ],
};

/** Whoever fills a house writes of everybody in it: a program of the house, and nobody's application for a person. */
function needImporter({ view, app }: RecordContext): void {
  const { role, kind } = view.principal;
  const isOfHouse = app ? app.patientId === null && app.scopes.every((one) => one.compartment === "system") : true;
  if (role === "integration" && kind === "token" && isOfHouse) return;
  throw new RefusedInput("NOT_PERMITTED", {
    at: "http.Authorization",
    expected: "an integration's token, or an application that acts for nobody, with system/Type.cu",
  });
}

/** @throws RefusedInput NOT_PERMITTED, FIELD_INVALID */
function needType(context: RecordContext, type: string): void {
  if (type !== "Observation" && !isWrittenType(type))
    throw new RefusedInput("FIELD_INVALID", {
      at: "input.type",
      expected: "a type that is written here: see metadata",
    });
  reachOf(context, type, "c");
  reachOf(context, type, "u");
}

function checkUrl({ imports }: RecordContext, url: string, at: string): void {
  try {
    imports?.downloads.check(url);
  } catch (error) {
    if (error instanceof RefusedInput) throw new RefusedInput(error.code, { ...error.facts, at });
    throw error;
  }
}

interface Manifest {
  readonly inputFormat?: unknown;
  readonly inputSource?: unknown;
  readonly storageDetail?: unknown;
  readonly input?: unknown;
  readonly [name: string]: unknown;
}

const KNOWN = new Set(["inputFormat", "inputSource", "storageDetail", "input"]);

/** @throws RefusedInput with the place in the manifest */
function requestOf({ base }: RecordContext, body: OperationRequest["body"]): ImportRequest {
  const manifest = manifestOf(body);
  const unknown = Object.keys(manifest).find((name) => !KNOWN.has(name));
  // What is left out could have meant another import.
  if (unknown !== undefined)
    throw new RefusedInput("PARAMETER_UNKNOWN", { at: unknown.slice(0, 64), expected: [...KNOWN].join(", ") });
  const { inputFormat, inputSource, storageDetail = { type: "https" }, input } = manifest;
  if (!FORMATS.includes(String(inputFormat))) throw wrong("inputFormat", FORMATS.join(", "));
  if (typeof inputSource !== "string" || !/^[a-z][a-z0-9+.-]*:\S{1,500}$/i.test(inputSource))
    throw wrong("inputSource", "an absolute uri that names where the resources come from, always the same");
  if (inputSource.replace(/\/+$/, "") === base)
    throw wrong("inputSource", "another system: what is here already is changed by PUT");
  checkStorage(storageDetail);
  if (!Array.isArray(input) || input.length === 0 || input.length > INPUTS_MAX)
    throw wrong("input", `1 to ${INPUTS_MAX} files`);
  const inputs = input.map((one: unknown, i) => {
    const { type, url } = (one ?? {}) as { type?: unknown; url?: unknown };
    if (typeof type !== "string") throw wrong(`input[${i}].type`, "a type of FHIR");
    if (typeof url !== "string" || url.length > URL_MAX)
      throw wrong(`input[${i}].url`, `an address of at most ${URL_MAX} characters`);
    return { type, url };
  });
  return { url: `${base}/$import`, base, source: inputSource, inputs };
}

function checkStorage(detail: unknown): void {
  const { type, contentEncoding = [] } = (detail ?? {}) as { type?: unknown; contentEncoding?: unknown };
  if (type !== "https") throw wrong("storageDetail.type", "https: buckets give out addresses that are signed");
  const encodings = Array.isArray(contentEncoding) ? contentEncoding : [contentEncoding];
  if (encodings.some((one) => one !== "gzip" && one !== "identity"))
    throw wrong("storageDetail.contentEncoding", "gzip, identity");
}

/** JSON of the draft, or the same as Parameters. */
function manifestOf(body: unknown): Manifest {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new RefusedInput("BODY_SHAPE", { at: "http.body", expected: "a manifest, or Parameters" });
  const { resourceType, parameter = [] } = body as { resourceType?: unknown; parameter?: unknown };
  if (resourceType === undefined) return body as Manifest;
  if (resourceType !== "Parameters" || !Array.isArray(parameter))
    throw new RefusedInput("BODY_SHAPE", { at: "resourceType", expected: "a manifest, or Parameters" });
  const manifest: Record<string, unknown> = {};
  const input: unknown[] = [];
  for (const [i, one] of (parameter as (ParametersParameter | null)[]).entries()) {
    const at = `Parameters.parameter[${i}]`;
    if (typeof one?.name !== "string") throw wrong(`${at}.name`, "a name");
    const value = Array.isArray(one.part) ? partsOf(one.part) : primitiveOf(one);
    if (one.name === "input") input.push(value);
    else if (one.name in manifest) throw wrong(at, `one ${one.name.slice(0, 64)}`);
    else manifest[one.name] = value;
  }
  return { ...manifest, ...(input.length > 0 ? { input } : {}) };
}

function partsOf(parts: readonly ParametersParameter[]): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const part of parts) {
    const { name = "" } = part ?? {};
    const value = primitiveOf(part);
    // Of contentEncoding there may be several.
    all[name] = name === "contentEncoding" ? [...((all[name] as unknown[] | undefined) ?? []), value] : value;
  }
  return all;
}

const primitiveOf = (one: ParametersParameter | null): unknown =>
  Object.entries(one ?? {}).find(([key]) => /^value[A-Z]/.test(key))?.[1];

const wrong = (at: string, expected: string) => new RefusedInput("FIELD_INVALID", { at, expected });
