import type {
  Bundle,
  CapabilityStatement,
  CapabilityStatementRestResource,
  Observation,
  OperationOutcome,
  Resource,
} from "@medplum/fhirtypes";
import { validate } from "@openward/fhir/validate";
import writtenTypes from "../../server/record/written/types.json" with { type: "json" };
import type { Filled } from "./fill.ts";

/** Asks `/fhir` and holds whatever comes. */
export interface Walk {
  /** Follows everything from `metadata` on. @param only types; left out: all */
  run(filled: Filled, only?: readonly string[]): Promise<void>;
  ask(path: string, more?: Asked): Promise<Answer>;
  /** Everything that was given out and is not as it declares: "GET Observation?x: error Observation.status: ...". */
  readonly faults: readonly string[];
  /** How often each type, and each profile of it, was held. */
  readonly held: ReadonlyMap<string, number>;
  /** One resource of each type and profile. */
  readonly samples: ReadonlyMap<string, Resource>;
  readonly asked: ReadonlySet<string>;
}

export interface Asked {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly resource: Resource | undefined;
}

/** FHIR_WALK=whole: everything that the demonstration has; left out: some of each kind. */
const isWhole = process.env.FHIR_WALK === "whole";
/** Of a search that goes on for ever, as a monitor does, the newest. */
const PAGES_MAX = isWhole ? 3 : 2;
const PAGE = isWhole ? 500 : 250;
/** Of each type, profile and code so many are read, in every version. */
const READ_MAX = isWhole ? 5 : 2;
const BATCH = 90;
/** On a machine that does much else at once. */
const ANSWER_MS_MAX = 200_000;

export function createWalk(base: string, token: string): Walk {
  const faults: string[] = [];
  const held = new Map<string, number>();
  const samples = new Map<string, Resource>();
  const asked = new Set<string>();
  const references = new Set<string>();
  const found = new Map<string, Map<string, Resource>>();

  async function ask(path: string, { method = "GET", body, headers = {} }: Asked = {}): Promise<Answer> {
    const name = `${method} ${path}`;
    asked.add(name);
    const response = await fetch(path.startsWith("http") ? path : `${base}/${path}`, {
      method,
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/fhir+json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new Error(`no answer to ${name} ${JSON.stringify(body ?? "").slice(0, 2_000)}`, { cause });
    });
    const text = await response.text();
    const resource = text === "" ? undefined : (JSON.parse(text) as Resource);
    if (resource) hold(name, resource);
    return { status: response.status, resource };
  }

  /** Every resource by itself, so that nothing is lost among what is said of others; a Bundle also as a whole. */
  function hold(name: string, resource: Resource): void {
    for (const { severity, expression, text } of validate(resource))
      faults.push(`${name}: ${severity} ${expression}: ${text}`);
    for (const one of resourcesIn(resource)) {
      const { resourceType, meta, id } = one;
      const { interpretation = [] } = one as Partial<Observation>;
      const judged = interpretation.map(({ coding }) => `${resourceType} judged ${coding?.[0]?.code}`);
      for (const kind of [resourceType, ...(meta?.profile ?? []).map((url) => `${resourceType} ${url}`), ...judged]) {
        held.set(kind, (held.get(kind) ?? 0) + 1);
        if (!samples.has(kind)) samples.set(kind, one);
      }
      if (id === undefined || resourceType === "OperationOutcome") continue;
      const kind = [resourceType, ...(meta?.profile ?? []), codeOf(one)].join(" ");
      const some = found.get(kind) ?? new Map<string, Resource>();
      if (some.size < READ_MAX) found.set(kind, some.set(id, one));
      for (const reference of referencesIn(one)) references.add(reference);
    }
  }

  async function everyPage(url: string, most = PAGES_MAX): Promise<void> {
    let next: string | undefined = url;
    for (let page = 0; next !== undefined && page < most; page++) {
      const { resource } = await ask(next);
      next = (resource as Bundle | undefined)?.link?.find(({ relation }) => relation === "next")?.url;
    }
  }

  async function inBatches(urls: readonly string[]): Promise<void> {
    for (let i = 0; i < urls.length; i += BATCH) {
      const entry = urls.slice(i, i + BATCH).map((url) => ({ request: { method: "GET", url } }));
      for (const { request } of entry) asked.add(`GET ${request.url}`);
      const { status, resource } = await ask("", {
        method: "POST",
        body: { resourceType: "Bundle", type: "batch", entry },
      });
      const statuses = (resource as Bundle).entry?.map(({ response }) => response?.status) ?? [];
      if (status !== 200 || statuses.length !== entry.length) faults.push(`a batch of ${entry.length}: ${status}`);
      statuses.forEach((one, at) => {
        if (!one || Number(one) >= 500) faults.push(`${entry[at]?.request.url}: ${one}`);
      });
    }
  }

  async function run(filled: Filled, only?: readonly string[]): Promise<void> {
    const { resource } = await ask("metadata");
    await ask("metadata?mode=terminology");
    const [rest] = (resource as CapabilityStatement).rest ?? [];
    const types = (rest?.resource ?? []).filter(({ type }) => !only || only.includes(type as string));
    // Among the newest Observations are those of each kind of device that has just been filled in.
    for (const { type } of types)
      if (type === "Observation") await everyPage(`${type}?_count=500`, 3);
      else await everyPage(`${type}?_count=${PAGE}`);
    // Of each signal and each type of device one, as it was filled in.
    if (!only) await everyPage(`Observation?patient=${filled.patientId}&_count=500&_sort=date`, 3);
    // What sums up stands before the readings of which it comes.
    if (!only) await everyPage("Observation?code=http://loinc.org|107931-8&_include=Observation:has-member");
    await inBatches(types.flatMap((type) => searchesOf(type, filled)));
    if (!only)
      await inBatches([
        ...filled.devices.map((id) => `Device?parent=${id}`),
        ...filled.amendments.map((id) => `Provenance/${id}`),
        ...filled.people.map((id) => `Practitioner/${id}`),
        ...filled.relations.map((id) => `RelatedPerson/${id}`),
      ]);
    const reads = [...found.values()].flatMap((some) => [...some.values()]);
    const known = new Map(
      types.map((one) => [one.type as string, new Set((one.interaction ?? []).map(({ code }) => code))]),
    );
    await inBatches(
      reads.flatMap(({ resourceType, id, meta }) => {
        const place = `${resourceType}/${id}`;
        const may = known.get(resourceType);
        return [
          ...(may?.has("read") ? [place] : []),
          ...(may?.has("history-instance") ? [`${place}/_history`] : []),
          ...(may?.has("vread") && meta?.versionId ? [`${place}/_history/${meta.versionId}`] : []),
        ];
      }),
    );
    for (const [type, may] of known) if (may.has("history-type")) await ask(`${type}/_history?_count=20`);
    for (const { code } of rest?.interaction ?? [])
      if (code === "history-system") await everyPage("_history?_count=100");
      else if (code === "search-system") {
        await everyPage("?_type=Patient,Device,Observation&_count=100");
        await everyPage("?_type=Patient,Device,Consent&_sort=-_lastUpdated&_count=20&_total=accurate");
      }
    for (const url of rest?.compartment ?? []) {
      const type = types.find((one) => url.endsWith(`/${one.type[0]?.toLowerCase()}${one.type.slice(1)}`))?.type;
      const id = type === undefined ? undefined : idOf(type);
      if (id !== undefined) await everyPage(`${type}/${id}/*?_count=100`);
    }
    await inBatches([...references].filter((one) => known.has(one.split("/")[0] ?? "")).slice(0, 500));
    for (const type of types)
      for (const { name } of type.operation ?? []) await operate(type.type as string, name ?? "");
    for (const { name } of rest?.operation ?? []) await ask(`$${name}`);
  }

  const idOf = (type: string) =>
    [...found]
      .find(([kind]) => kind.startsWith(`${type} `) || kind === type)?.[1]
      .keys()
      .next().value;

  /** With a question that it has an answer to where one is known here; an operation without one must at least refuse in FHIR. */
  async function operate(type: string, name: string): Promise<void> {
    const id = idOf(type);
    const sample = id === undefined ? undefined : [...(found.get(type)?.values() ?? [])][0];
    if (name === "validate") {
      await ask(`${type}/$validate`, { method: "POST", body: sample ?? { resourceType: type } });
      if (id !== undefined) await ask(`${type}/${id}/$validate`);
      return;
    }
    for (const query of OPERATIONS[`${type}.${name}`] ?? [""]) await ask(`${type}/$${name}${query}`);
    if (id !== undefined) await ask(`${type}/${id}/$${name}`);
  }

  return { run, ask, faults, held, samples, asked };
}

const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  "CodeSystem.lookup": ["?system=http://loinc.org&code=8867-4"],
  "CodeSystem.validate-code": ["?url=http://unitsofmeasure.org&code=mm[Hg]", "?url=http://loinc.org&code=x"],
  "CodeSystem.subsumes": ["?system=http://terminology.hl7.org/CodeSystem/v3-RoleCode&codeA=PRN&codeB=MTH"],
  "ValueSet.expand": [
    "?url=http://hl7.org/fhir/ValueSet/observation-vitalsignresult",
    "?url=urn:openward:value-set:signals&filter=heart",
  ],
  "ValueSet.validate-code": ["?url=http://hl7.org/fhir/ValueSet/observation-status&code=final"],
  "ConceptMap.translate": ["?system=urn:openward:signal&code=heart-rate&targetsystem=http://loinc.org"],
};

/** A value of each kind of parameter that it can be asked with, whatever it finds. */
const VALUES: Readonly<Record<string, string>> = {
  token: "x",
  date: "2026",
  reference: "Patient/x",
  quantity: "5",
  number: "5",
  string: "a",
  uri: "urn:x",
  composite: "x$5",
  special: "_id eq x",
};

/** Of what is kept as it was written one code answers all: of each type one parameter of each kind is enough, unless everything is asked for. */
function searchesOf({ type, searchParam = [] }: CapabilityStatementRestResource, { patientId }: Filled): string[] {
  const isEach = isWhole || !writtenTypes.includes(type as string);
  const some = isEach ? searchParam : [...new Map(searchParam.map((one) => [one.type, one])).values()];
  // What only the Observation tells is asked of each of a patient's.
  const whose = type === "Observation" && !isWhole ? `&patient=${patientId}` : "";
  return some.map(({ name, type: kind }) => {
    const value = encodeURIComponent(VALUES[kind ?? ""] ?? "x");
    return `${type}?${name}=${value}${/^(patient|subject)$/.test(name ?? "") ? "" : whose}&_count=5`;
  });
}

const codeOf = (resource: Resource): string =>
  (resource as { code?: { coding?: { code?: string }[] } }).code?.coding?.[0]?.code ?? "";

/** The resource, and those within it. */
function* resourcesIn(resource: Resource): Generator<Resource> {
  yield resource;
  if (resource.resourceType !== "Bundle") return;
  for (const { resource: one, response } of resource.entry ?? []) {
    if (one) yield* resourcesIn(one);
    if (response?.outcome) yield response.outcome as OperationOutcome;
  }
}

function* referencesIn(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, one] of Object.entries(value)) {
    if (key === "reference" && typeof one === "string" && /^[A-Z]\w+\/[^/]+$/.test(one)) yield one;
    else yield* referencesIn(one);
  }
}
