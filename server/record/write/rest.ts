import type { Bundle, BundleEntry, Resource as Typed } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { applyView, parseView } from "@openward/fhir/view";
import type { RecordContext } from "../context.ts";
import { outcomeOfError } from "../outcome.ts";
import { within } from "../reach.ts";
import { readVersions } from "../read.ts";
import { redactedResource } from "../redaction.ts";
import type { RestAnswer, RestRequest } from "../rest.ts";
import { historyBundle } from "../search/bundle.ts";
import { type EntryRequest, entryOf, refusedEntry } from "../written/bundle.ts";
import { historyOfWritten, readWrittenVersion } from "../written/read.ts";
import { type Address, addressOf, answerOf, writeOne } from "../written/rest.ts";
import { doneOf, newId, type Plan, writeAll } from "../written/write.ts";
import { fillInAll, fillInOne, type InForm, inForm } from "./forms.ts";
import { planObservation } from "./plan.ts";
import { reachOfTexts } from "./reach.ts";
import { readObservation, TYPE, textOf } from "./texts.ts";

/** The address of Observations; undefined: another type, or an operation. */
export const observationAddress = (url: string): Address | undefined => addressOf(url, (type) => type === TYPE);

/** Reads, versions and writes of Observations; searches are the router's. undefined: nothing of that. */
export async function answerObservation(
  context: RecordContext,
  request: RestRequest,
  address: Address,
): Promise<RestAnswer | undefined> {
  const { id, version, isSearch, query } = address;
  const { method } = request;
  if (method === "GET" && id !== undefined) {
    const reached = within(context, TYPE, "r", id);
    const parameters = new URLSearchParams(query);
    const { role } = context.view.principal;
    const told = (resource: unknown): RestAnswer => ({
      status: 200,
      resource: redactedResource(resource as Typed, role),
    });
    if (version !== undefined) return told(await readHistory(reached, id, version, parameters));
    const view = parseView({
      _summary: parameters.get("_summary") ?? undefined,
      _elements: parameters.get("_elements") ?? undefined,
    });
    return told(applyView(await readObservation(reached, id), view));
  }
  if (method === "GET" && version === "" && context.written)
    return { status: 200, resource: await historyOfWritten(context, { type: TYPE }, new URLSearchParams(query)) };
  if (method === "GET" || isSearch) return undefined;
  const isNew = method === "POST" && id === undefined && request.ifNoneExist === undefined;
  const filled = isNew ? await fillInOne(context, request.body) : undefined;
  const answer = filled ? answerOf(filled, request) : await writeOne(context, request, address);
  return { ...answer, resource: redactedResource(answer.resource, context.view.principal.role) };
}

/** Of what was written as it was written; of all else as it was measured and amended. */
async function readHistory(context: RecordContext, id: string, version: string, parameters: URLSearchParams) {
  const reach = context.written && reachOfTexts(context, "r");
  const isText = reach && reach.conditions.length === 0 && (await textOf(context, reach, id)) !== undefined;
  if (isText && version === "") return historyOfWritten(context, { type: TYPE, id }, parameters);
  if (isText) return readWrittenVersion(context, TYPE, id, version);
  const versions = await readVersions(context, TYPE, id);
  if (version === "") return historyBundle(context, versions);
  const found = versions.find(({ meta }) => meta?.versionId === version);
  if (!found) throw new RefusedInput("NOT_FOUND");
  return found;
}

const ENTRIES_MAX = 1_000;

/** Does a batch do nothing but write new Observations? */
export function isObservationBatch(body: unknown): body is Bundle {
  const { resourceType, type, entry } = (body ?? {}) as Partial<Bundle>;
  if (resourceType !== "Bundle" || type !== "batch" || !Array.isArray(entry) || entry.length === 0) return false;
  if (entry.length > ENTRIES_MAX) return false;
  return entry.every((one: BundleEntry | null) => {
    const { method, url } = one?.request ?? {};
    return method === "POST" && url?.replace(/^\//, "") === TYPE;
  });
}

/** Each is looked at by itself, and those that are good are written together: a commit for all in place of one for each. */
export async function writeBatch(context: RecordContext, bundle: Bundle): Promise<RestAnswer> {
  const requests = (bundle.entry ?? []).map(
    (entry, i): EntryRequest => ({
      method: "POST",
      url: TYPE,
      body: entry.resource,
      ifNoneExist: entry.request?.ifNoneExist,
      ifMatch: undefined,
      place: `Bundle.entry[${i}].resource`,
      id: newId(context),
    }),
  );
  // What is written by its form is written, whatever becomes of the others.
  const filled = new Map<number, BundleEntry>();
  let entry: BundleEntry[];
  try {
    entry = await writeTogether(context, requests, filled, false);
  } catch (error) {
    // Somebody wrote one of them meanwhile: it is looked at anew.
    if (!(error instanceof RefusedInput && error.code === "CONFLICT")) throw error;
    entry = await writeTogether(context, requests, filled, true);
  }
  const answer: Bundle = { resourceType: "Bundle", type: "batch-response", entry };
  return { status: 200, resource: redactedResource(answer, context.view.principal.role) };
}

/** An entry is a fraction of a millisecond: where others wait, a turn for each would be most of the time. */
const PIECE_MS = 2;

function turnsOf({ clock, turn }: RecordContext): () => Promise<void> | undefined {
  let began = Number.NEGATIVE_INFINITY;
  return () => {
    if (clock.monotonic() - began < PIECE_MS) return undefined;
    return turn().then(() => {
      began = clock.monotonic();
    });
  };
}

async function writeTogether(
  context: RecordContext,
  requests: readonly EntryRequest[],
  filled: Map<number, BundleEntry>,
  isCareful: boolean,
): Promise<BundleEntry[]> {
  const address = observationAddress(TYPE) as Address; // it is one
  const claimed = new Set<string>();
  const names = new Map<string, number>();
  const answers: (BundleEntry | undefined)[] = [];
  const plans: (Plan | undefined)[] = [];
  const turn = turnsOf(context);
  const inForms: { readonly i: number; readonly one: InForm }[] = [];
  for (const [i, request] of requests.entries()) {
    if (filled.has(i)) continue;
    await turn();
    const one = isCareful || request.ifNoneExist !== undefined ? undefined : await inForm(context, request.body);
    if (one && !claimed.has(one.filling.id)) {
      claimed.add(one.filling.id);
      inForms.push({ i, one });
      continue;
    }
    try {
      // What has the same name is there when its turn comes; here none is there yet.
      const twin = request.ifNoneExist === undefined ? undefined : names.get(request.ifNoneExist);
      if (twin !== undefined)
        throw new RefusedInput("CONFLICT", { at: request.place, expected: `another name than entry ${twin}` });
      if (request.ifNoneExist !== undefined) names.set(request.ifNoneExist, i);
      plans[i] = await planObservation(context, { ...request, isCareful, claimed }, address);
    } catch (error) {
      const outcome = outcomeOfError(error);
      if (!outcome) throw error;
      answers[i] = refusedEntry(outcome);
    }
  }
  const done = await fillInAll(
    context,
    inForms.map(({ one }) => one),
  );
  for (const [n, { i }] of inForms.entries()) {
    const one = done[n];
    if (one) filled.set(i, entryOf(one));
  }
  // Something is there under its name: like those that somebody wrote meanwhile, it is looked at anew.
  if (inForms.some(({ i }) => !filled.has(i)))
    throw new RefusedInput("CONFLICT", { at: TYPE, expected: "ids that are not there yet" });
  const changing = plans.flatMap((plan, i) => (plan?.kind === "change" ? [{ plan, i }] : []));
  const stored =
    changing.length > 0
      ? await writeAll(
          context,
          changing.map(({ plan }) => plan.change),
        )
      : [];
  for (const [n, { plan, i }] of changing.entries()) {
    const one = stored[n];
    if (!one) throw new Error("every change that was written has a version");
    answers[i] = entryOf(doneOf(one, plan.status, plan.remarks));
  }
  return requests.map((_, i) => {
    const plan = plans[i];
    const answer = filled.get(i) ?? (plan?.kind === "there" ? entryOf(plan.done) : answers[i]);
    if (!answer) throw new Error("every entry of a batch is answered");
    return answer;
  });
}
