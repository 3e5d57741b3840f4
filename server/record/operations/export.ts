import type { OperationOutcome } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { isObject, type Resource } from "@openward/fhir/json";
import { spanOfDate } from "@openward/fhir/search";
import { parseView } from "@openward/fhir/view";
import type { BulkRequest } from "@openward/model";
import { MADE_TYPES } from "../bulk/pieces.ts";
import type { RecordContext } from "../context.ts";
import { within } from "../reach.ts";
import { observationFilter, observationParameters } from "../search/observation-filter.ts";
import { parseQuery } from "../search/query.ts";
import { parseReferences } from "../search/reference.ts";
import { readQuery } from "../written/query.ts";
import { reachOf } from "../written/reach.ts";
import { readWritten } from "../written/read.ts";
import { isWrittenType, writtenTypes } from "../written/types.ts";
import type { Operation, OperationPlace, OperationRequest } from "./operation.ts";
import { pairsOf } from "./operation.ts";

/** The log is for officers, who search it; vocabularies are of no patient. */
const NOT_EXPORTED: ReadonlySet<string> = new Set(["AuditEvent", "CodeSystem", "ValueSet", "ConceptMap"]);
const FORMATS = new Set(["application/fhir+ndjson", "application/ndjson", "ndjson"]);
const PATIENTS_MAX = 10_000;
/** Of one type. */
const FILTERS_MAX = 20;
const ASSOCIATED = new Set(["LatestProvenanceResources", "RelevantProvenanceResources"]);

/** Bulk Data 2: asked for here, made beside everything else, fetched below /fhir/bulk. */
export const exportOperation: Operation = {
  name: "export",
  definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export",
  system: true,
  types: ["Patient"],
  instances: ["Group"],
  async answer(context, place, request) {
    const { bulk, view, organisation, app } = context;
    if (!bulk) throw new RefusedInput("NOT_SUPPORTED", { at: "http.url", expected: "what is made here" });
    const asked = await requestOf(context, place, request);
    const job = await bulk.begin({ principal: view.principal, organisation, ...(app ? { app } : {}) }, asked);
    const resource = BEGUN;
    return { status: 202, resource, headers: { "content-location": `${context.base}/bulk/${job.id}` } };
  },
};

const BEGUN: OperationOutcome = {
  resourceType: "OperationOutcome",
  id: "ok",
  issue: [
    {
      severity: "information",
      code: "informational",
      details: { text: "The export is being made: ask at Content-Location." },
    },
  ],
};

async function requestOf(
  context: RecordContext,
  place: OperationPlace,
  request: OperationRequest,
): Promise<BulkRequest> {
  const pairs = pairsOf(request);
  const values = (name: string) =>
    pairs
      .filter(([key]) => key === name)
      .flatMap(([, value]) => value.split(","))
      .filter(Boolean);
  const one = (name: string) => {
    const found = pairs.filter(([key]) => key === name);
    if (found.length > 1) throw wrong(name, `one ${name}`);
    return found[0]?.[1];
  };
  const unknown = pairs.find(([name]) => !KNOWN.has(name));
  // Lenient is for who says so: what is left out would make it another export.
  if (unknown && !/handling=lenient/.test(request.prefer ?? ""))
    throw new RefusedInput("PARAMETER_UNKNOWN", {
      at: `http.${unknown[0].slice(0, 64)}`,
      expected: [...KNOWN].join(", "),
    });
  const format = one("_outputFormat") ?? "ndjson";
  if (!FORMATS.has(format)) throw wrong("_outputFormat", [...FORMATS].join(", "));
  const sinceText = one("_since");
  const since = sinceText === undefined ? undefined : spanOfDate(sinceText)?.low;
  if (sinceText !== undefined && since === undefined) throw wrong("_since", "an instant");
  const elements = values("_elements");
  if (elements.length > 0) parseView({ _elements: elements.join(",") });
  const associated = values("includeAssociatedData");
  if (associated.some((name) => !ASSOCIATED.has(name)))
    throw wrong("includeAssociatedData", [...ASSOCIATED].join(", "));
  const types = typesOf(context, values("_type"), associated.length > 0);
  const filters = filtersOf(
    context,
    pairs.filter(([name]) => name === "_typeFilter").map(([, value]) => value),
    types,
  );
  const patientIds = await patientsOf(context, place, pairs);
  const level = place.id !== undefined ? "group" : place.type !== undefined ? "patient" : "system";
  const query = request.query.toString();
  const address = [place.type, place.id, "$export"].filter((part) => part !== undefined).join("/");
  return {
    url: `${context.base}/${address}${query === "" ? "" : `?${query}`}`,
    base: context.base,
    level,
    ...(patientIds ? { patientIds } : {}),
    types,
    ...(since === undefined ? {} : { since }),
    ...(elements.length > 0 ? { elements: elements.join(",") } : {}),
    filters,
  };
}

const KNOWN = new Set([
  "_outputFormat",
  "_since",
  "_type",
  "_typeFilter",
  "_elements",
  "includeAssociatedData",
  "patient",
  "_format",
]);

/** @throws RefusedInput NOT_PERMITTED for a type that is named and outside an application's scopes */
function typesOf(context: RecordContext, named: readonly string[], withProvenance: boolean): string[] {
  const all = [
    ...MADE_TYPES,
    ...(context.written ? writtenTypes.filter((type) => !MADE_TYPES.has(type) && !NOT_EXPORTED.has(type)) : []),
  ];
  const unknown = named.find((type) => !all.includes(type));
  if (unknown !== undefined)
    throw wrong("_type", "types that are exported: see metadata; not AuditEvent and vocabularies");
  const wanted = named.length > 0 ? new Set([...named, ...(withProvenance ? ["Provenance"] : [])]) : undefined;
  const types = all.filter((type) => !wanted || wanted.has(type));
  const allowed = types.filter((type) => {
    try {
      if (isWrittenType(type) && !MADE_TYPES.has(type)) reachOf(context, type, "s");
      else within(context, type, "s");
      return true;
    } catch (error) {
      if (wanted || !(error instanceof RefusedInput && error.code === "NOT_PERMITTED")) throw error;
      return false;
    }
  });
  if (allowed.length === 0)
    throw new RefusedInput("NOT_PERMITTED", {
      at: "http.Authorization",
      expected: "a scope with a type that is exported",
    });
  return allowed;
}

/** Each is read here, so that whoever asks learns at once what is wrong with it. */
function filtersOf(
  context: RecordContext,
  texts: readonly string[],
  types: readonly string[],
): Record<string, string[]> {
  const filters: Record<string, string[]> = {};
  for (const text of texts.flatMap((value) => value.split(/,(?=[A-Z][A-Za-z]+\?)/))) {
    const [, type = "", query = ""] = /^([A-Z][A-Za-z]+)\?(.+)$/.exec(text) ?? [];
    if (!types.includes(type)) throw wrong("_typeFilter", "Type?search of a type that is exported");
    const pairs = new URLSearchParams(query);
    if (type === "Observation")
      observationFilter(parseQuery(pairs, observationParameters, { strict: true, sorts: [] }), context.base);
    else if (isWrittenType(type) && !MADE_TYPES.has(type)) {
      if (readQuery({ ...context, strict: true }, type, pairs).linked.length > 0)
        throw wrong("_typeFilter", "parameters of the type itself, no chains");
    } else throw wrong("_typeFilter", "Observation, or a type that is kept as it was written");
    const mine = filters[type] ?? [];
    if (mine.length >= FILTERS_MAX) throw wrong("_typeFilter", `at most ${FILTERS_MAX} for ${type}`);
    filters[type] = [...mine, query];
  }
  return filters;
}

async function patientsOf(
  context: RecordContext,
  { type, id }: OperationPlace,
  pairs: readonly (readonly [string, string])[],
): Promise<string[] | undefined> {
  const named = pairs
    .filter(([name]) => name === "patient")
    .flatMap(([, value]) => parseReferences({ value, modifier: null, at: "http.patient" }, "Patient", context.base));
  if (named.length > PATIENTS_MAX) throw wrong("patient", `at most ${PATIENTS_MAX}`);
  if (named.length > 0 && type === undefined) throw wrong("patient", "Patient/$export or Group/{id}/$export");
  const members = id === undefined ? undefined : membersOf(await readWritten(context, "Group", id));
  const { view, app } = context;
  // Who was opened for one patient exports that one.
  const own =
    app?.patientId && app.scopes.every(({ compartment }) => compartment === "patient") ? [app.patientId] : undefined;
  const wanted = named.length > 0 ? named : (members ?? own);
  // The same for who is not there and for who is not seen: nothing of them.
  return wanted?.filter((one) => view.has(one) && (!members || members.includes(one)));
}

function membersOf(group: Resource): string[] {
  const members = Array.isArray(group.member) ? group.member : [];
  return members.flatMap((member: unknown) => {
    if (!isObject(member) || member.inactive === true || !isObject(member.entity)) return [];
    const [, id] = /(?:^|\/)Patient\/([A-Za-z0-9.-]{1,64})$/.exec(String(member.entity.reference ?? "")) ?? [];
    return id === undefined ? [] : [id];
  });
}

const wrong = (name: string, expected: string) => new RefusedInput("FIELD_INVALID", { at: `http.${name}`, expected });
