import type { Bundle, BundleEntry, OperationOutcome, Resource as Typed } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { type Fhir, type FhirObject, isObject, printFhir, type Resource } from "@openward/fhir/json";
import type { RecordContext } from "../context.ts";
import { outcomeOfError, statusOf } from "../outcome.ts";
import { keptOf } from "../write/observation.ts";
import { TransactionRefused } from "../write/refused.ts";
import { type Done, doneOf, newId, onlyMatch, type Plan, writeAll } from "./write.ts";

/** One entry's request, as it would stand alone. */
export interface EntryRequest {
  readonly method: string;
  /** "Condition/1", "Condition?identifier=…" */
  readonly url: string;
  readonly body: unknown;
  readonly ifNoneExist: string | undefined;
  readonly ifMatch: string | undefined;
  readonly place: string;
  /** Of what is made. */
  readonly id: string | undefined;
  /** Of an Observation: look whether it is there. */
  readonly isCareful?: boolean;
  /** Ids that others of the transaction will have. */
  readonly claimed?: Set<string>;
}

export type Planner = (context: RecordContext, request: EntryRequest) => Promise<Plan>;

/** R4: deletes first, then creates, then updates, then reads. */
const ORDER = ["DELETE", "POST", "PUT", "PATCH", "GET", "HEAD"];

/**
 * All of it or nothing; where somebody else was faster, looked at once more.
 *
 * @throws TransactionRefused with every fault
 */
export async function writeTransaction(context: RecordContext, bundle: Bundle, plan: Planner): Promise<Bundle> {
  try {
    return await tryTransaction(context, bundle, plan);
  } catch (error) {
    if (!(error instanceof RefusedInput && error.code === "CONFLICT")) throw error;
    return tryTransaction(context, bundle, (within, request) => plan(within, { ...request, isCareful: true }));
  }
}

/**
 * All of it or nothing. Whoever is made gets its id first, so that entries may refer to one another by what they are called in
 * the Bundle; a reference that is a search is answered by what it finds.
 *
 * @throws TransactionRefused with every fault
 */
async function tryTransaction(outside: RecordContext, bundle: Bundle, plan: Planner): Promise<Bundle> {
  const made = new Set<string>();
  const context = withNewcomers(outside, made);
  const entries = (bundle.entry ?? []).map((entry, i) => requestOf(entry, i, context));
  const names = new Map<string, string>();
  const faults: OperationOutcome[] = [];
  const note = (error: unknown) => {
    const outcome = outcomeOfError(error);
    if (!outcome) throw error;
    faults.push(outcome);
  };
  const claimed = new Set<string>();
  // What an Observation is called is told by whose it is: all others have their names first.
  const inOrder = [...entries.entries()].sort(([i, a], [j, b]) => +isMeasured(a) - +isMeasured(b) || i - j);
  const early = new Map<number, { readonly plan: Plan; readonly body: Fhir | undefined }>();
  for (const [i, { request, fullUrl }] of inOrder) {
    const type = request.url.split(/[/?]/, 1)[0] ?? "";
    try {
      if (isMeasured({ request })) {
        await context.turn();
        const body = await withNames(context, request.body as Fhir, names, request.place);
        const planned = await plan(context, { ...request, body, claimed });
        early.set(i, { plan: planned, body });
        const { id } = planned.kind === "change" ? planned.change : planned.done;
        if (fullUrl !== undefined) addName(names, fullUrl, `${type}/${id}`, i);
        continue;
      }
      if (fullUrl === undefined && type !== "Patient") continue;
      const named =
        request.method === "POST" ? await targetOfPost(context, type, request) : request.url.split("?", 1)[0];
      // Whom this makes others may be about.
      if (named !== undefined && named === `Patient/${request.id}` && mayNameNew(context)) made.add(String(request.id));
      if (fullUrl === undefined) continue;
      if (named?.includes("/")) addName(names, fullUrl, named, i);
    } catch (error) {
      note(error);
    }
  }
  const plans: (Plan | undefined)[] = [];
  const order = entries.map((_, i) => i).sort((a, b) => rank(entries[a]) - rank(entries[b]) || a - b);
  const touched = new Map<string, number>();
  for (const i of order) {
    await context.turn();
    const { request } = entries[i] as Entry;
    const before = early.get(i);
    if (!before && isMeasured({ request })) continue;
    try {
      const body = await withNames(context, request.body as Fhir, names, request.place);
      const planned = before
        ? renamed(context, before.plan, before.body, body)
        : await plan(context, { ...request, body });
      const name = planned.kind === "change" ? `${planned.change.type}/${planned.change.id}` : undefined;
      if (name !== undefined) {
        if (touched.has(name))
          throw new RefusedInput("CONFLICT", { at: request.place, expected: "each resource once" });
        touched.set(name, i);
      }
      plans[i] = planned;
    } catch (error) {
      note(error);
    }
  }
  if (faults.length > 0) throw new TransactionRefused(faults);
  const changing = order.filter((i) => plans[i]?.kind === "change");
  const nth = new Map(changing.map((i, n) => [i, n]));
  const changes = changing.flatMap((i) => {
    const planned = plans[i];
    return planned?.kind === "change" ? [planned.change] : [];
  });
  const written = changes.length > 0 ? await writeAll(context, changes) : [];
  const entry = entries.map((_, i): BundleEntry => {
    const planned = plans[i];
    if (planned?.kind === "there") return entryOf(planned.done);
    const stored = written[nth.get(i) ?? -1];
    if (!planned || !stored) throw new Error("every entry of a transaction was planned and written");
    return entryOf(doneOf(stored, planned.status, planned.remarks));
  });
  return { resourceType: "Bundle", type: "transaction-response", entry };
}

/** Of whom an application that is opened for one patient makes nobody is asked: its scopes are about that one. */
const mayNameNew = ({ app }: RecordContext): boolean =>
  !app?.scopes.some(({ compartment }) => compartment === "patient");

/**
 * Who makes a patient writes of them in the same transaction, and sees them later where a grant says so. Until then the house puts
 * the writer's device on them.
 */
function withNewcomers(outside: RecordContext, made: ReadonlySet<string>): RecordContext {
  const { intake, view } = outside;
  if (!intake) return { ...outside, made };
  const ensureDevice: typeof intake.ensureDevice = (wanted) =>
    intake.ensureDevice(
      made.has(wanted.patientId) && !view.has(wanted.patientId) ? { ...wanted, by: `FHIR ${wanted.by}` } : wanted,
    );
  return { ...outside, made, intake: { ...intake, ensureDevice } };
}

/** A new Observation. */
const isMeasured = ({ request: { method, url } }: Pick<Entry, "request">): boolean =>
  method === "POST" && url === "Observation";

/** @throws RefusedInput CONFLICT */
function addName(names: Map<string, string>, fullUrl: string, name: string, i: number): void {
  if (names.has(fullUrl)) throw new RefusedInput("CONFLICT", { at: `Bundle.entry[${i}].fullUrl`, expected: "another" });
  names.set(fullUrl, name);
}

/** The same, with the names that others got behind it. */
function renamed(context: RecordContext, planned: Plan, before: Fhir | undefined, body: Fhir | undefined): Plan {
  if (planned.kind !== "change" || !isObject(body) || printFhir(before ?? null) === printFhir(body)) return planned;
  return { ...planned, change: { ...planned.change, ...keptOf(context, body as Resource) } };
}

interface Entry {
  readonly request: EntryRequest;
  readonly fullUrl: string | undefined;
}

const rank = (entry: Entry | undefined): number => ORDER.indexOf(entry?.request.method ?? "GET");

function requestOf(entry: BundleEntry, i: number, context: RecordContext): Entry {
  const at = `Bundle.entry[${i}]`;
  const { method, url, ifNoneExist, ifMatch } = entry?.request ?? {};
  if (typeof method !== "string" || !ORDER.includes(method))
    throw new RefusedInput("FIELD_INVALID", {
      at: `${at}.request.method`,
      expected: "GET, HEAD, POST, PUT, PATCH or DELETE",
    });
  const local = typeof url === "string" ? url.replace(`${context.base}/`, "").replace(/^\//, "") : "";
  if (!/^[A-Z]/.test(local))
    throw new RefusedInput("FIELD_INVALID", { at: `${at}.request.url`, expected: "an address relative to the base" });
  return {
    fullUrl: entry.fullUrl,
    request: {
      method,
      url: local,
      body: entry.resource,
      ifNoneExist,
      ifMatch,
      place: `${at}.resource`,
      id: method === "POST" || (method === "PUT" && local.includes("?")) ? newId(context) : undefined,
    },
  };
}

/** What a create will be called; of a conditional one perhaps what is there. */
async function targetOfPost(
  context: RecordContext,
  type: string,
  { ifNoneExist, id, place }: EntryRequest,
): Promise<string> {
  const at = place.replace(/\.resource$/, ".request.ifNoneExist");
  const there = ifNoneExist === undefined ? undefined : await onlyMatch(context, type, ifNoneExist, at, "c");
  return `${type}/${there?.id ?? id}`;
}

/** A copy in which others are called by the names that they have here. */
async function withNames(
  context: RecordContext,
  value: Fhir | undefined,
  names: ReadonlyMap<string, string>,
  place: string,
): Promise<Fhir | undefined> {
  if (typeof value === "string") return names.get(value) ?? value;
  if (Array.isArray(value)) {
    const copy: Fhir[] = [];
    for (const one of value) copy.push((await withNames(context, one, names, place)) as Fhir);
    return copy;
  }
  if (!isObject(value)) return value;
  const copy: FhirObject = {};
  for (const [name, one] of Object.entries(value)) {
    const isSearch = name === "reference" && typeof one === "string" && /^[A-Z][A-Za-z]+\?/.test(one);
    copy[name] = isSearch ? await found(context, one, place) : await withNames(context, one, names, place);
  }
  return copy;
}

/** "Organization?identifier=…" must find one. */
async function found(context: RecordContext, reference: string, place: string): Promise<string> {
  const type = reference.split("?", 1)[0] ?? "";
  const match = await matchOnce(context, type, reference, place);
  if (!match) throw new RefusedInput("FIELD_INVALID", { at: place, expected: "references by searches that find one" });
  return `${type}/${match.id}`;
}

const looked = new WeakMap<RecordContext, Map<string, ReturnType<typeof onlyMatch>>>();

/** Hundreds of entries name the same practitioner: within one transaction the answer is the same. */
function matchOnce(context: RecordContext, type: string, reference: string, place: string) {
  const known = looked.get(context) ?? new Map<string, ReturnType<typeof onlyMatch>>();
  looked.set(context, known);
  const match = known.get(reference) ?? onlyMatch(context, type, reference, place, "r");
  known.set(reference, match);
  return match;
}

export function entryOf({ status, resource, type, id, version, updatedAt, remarks = [] }: Done): BundleEntry {
  return {
    ...(resource && { resource: resource as unknown as Typed }),
    response: {
      status: String(status),
      ...(status === 204 ? {} : { location: `${type}/${id}/_history/${version}` }),
      etag: `W/"${version}"`,
      ...(updatedAt === undefined ? {} : { lastModified: updatedAt }),
      ...(remarks.length > 0 && { outcome: { resourceType: "OperationOutcome", issue: [...remarks] } }),
    },
  };
}

export const refusedEntry = (outcome: OperationOutcome): BundleEntry => ({
  response: { status: String(statusOf(outcome)), outcome },
});
