import { OutsideTrouble, refusalText } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { patientWho, reasonOf } from "./because.ts";
import { type Meaning, meaningOf, UNRECORDED } from "./catalogue.ts";
import type { Recorder } from "./ports.ts";
import type { AuditRecord, Outcome, Who } from "./record.ts";
import { newSeen, type Seen, seenIn } from "./seen.ts";

export interface AuditDoorDeps {
  readonly recorder: Recorder & { readonly state: "ok" | "spooling" | "failed" };
  readonly runtime: Pick<Runtime, "clock" | "ids">;
  readonly report: (error: unknown, doing: string) => void;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Set by the audit's door. */
    audited?: { readonly seen: Seen; isRecorded: boolean };
  }
}

/**
 * Records every request, whatever answers it: the one hook before all routes. The answer waits for its record; what shows a
 * patient's record is withheld while it can only be noted down on this machine. Register it before any route.
 */
export function recordRequests(app: FastifyInstance, deps: AuditDoorDeps): void {
  app.addHook("onRequest", (request, _reply, done) => {
    // Devices come this way for each of their messages: what is not recorded pays for nothing.
    if ((request.routeOptions.url ?? "") in UNRECORDED) return done();
    const seen = newSeen();
    request.audited = { seen, isRecorded: false };
    seenIn(seen, done);
  });
  // A body that is read comes back on another way than it went.
  app.addHook("preValidation", (request, _reply, done) => {
    if (request.audited && request.body !== undefined) seenIn(request.audited.seen, done);
    else done();
  });
  app.addHook("onSend", (request, reply, payload, done) => {
    const { audited } = request;
    if (!audited || audited.isRecorded) return done(null, payload);
    const route = request.routeOptions.url ?? "";
    if (route === "") return done(null, payload);
    // Also where keeping it fails: the refusal that says so is not another access.
    audited.isRecorded = true;
    recordAnswer(deps, { request, reply, payload, seen: audited.seen, route }).then(() => done(null, payload), done);
  });
}

interface Answered {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly payload: unknown;
  readonly seen: Seen;
  readonly route: string;
}

async function recordAnswer({ recorder, runtime, report }: AuditDoorDeps, answered: Answered): Promise<void> {
  const { request, reply, payload, seen, route } = answered;
  const meaning = meaningOf(request.method, route, request.url);
  const text = typeof payload === "string" ? payload : undefined;
  const patients = patientsOf(request, text, seen, reply.statusCode < 400);
  const isShown = reply.statusCode < 400 && patients.length > 0 && isRead(meaning) && !meaning.isOfAlarms;
  const isWithheld = isShown && recorder.state !== "ok";
  const refusal = isWithheld ? "AUDIT_UNAVAILABLE" : reply.statusCode >= 400 ? codeIn(text) : undefined;
  const outcome = outcomeOf(reply.statusCode, isWithheld);
  const { guardianOf, ...reason } = outcome === "allowed" ? reasonOf(patients, seen.becauseOf) : {};
  const record: AuditRecord = {
    id: runtime.ids.uuid(),
    at: runtime.clock.now(),
    organisationId: seen.organisationId,
    who: seen.who ?? NOBODY,
    through: seen.through,
    onBehalfOf: seen.onBehalfOf ?? (guardianOf === undefined ? undefined : patientWho(guardianOf)),
    action: meaning.action,
    code: meaning.code,
    patients,
    entity: meaning.entity,
    entityId: namedId(meaning.entityId ?? entityIdOf(request), reply.statusCode),
    via: `${request.method} ${route}`,
    parameters: parametersOf(request),
    ...reason,
    outcome,
    refusal,
    address: request.ip,
    requestId: request.id,
  };
  let isKept = false;
  try {
    isKept = (await recorder.append(record)) === "recorded";
  } catch (error) {
    report(error, "recording a request");
  }
  // What was done is done, and alarms are answered: only what is shown can be taken back.
  if (isShown && (!isKept || isWithheld)) throw new OutsideTrouble("AUDIT_UNAVAILABLE", true);
}

const NOBODY: Who = { kind: "unknown", id: null, display: "", role: null };

/** Reads and searches; an execution that is no search does something. */
function isRead({ action, code }: Meaning): boolean {
  return action === "R" || code === "fhir.search" || code === "fhir.batch";
}

function outcomeOf(status: number, isWithheld: boolean): Outcome {
  if (status >= 500) return "failed";
  return status >= 400 || isWithheld ? "refused" : "allowed";
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Those who passed the view and stand in the question or in the answer: a search looks at many to find a few. Where the answer
 * is no text, all who passed. Of a refusal, whom it was about.
 */
function patientsOf(
  { url, params, routeOptions }: FastifyRequest,
  text: string | undefined,
  seen: Seen,
  isOk: boolean,
) {
  const patients = new Set<string>();
  const { id, patientId } = params as { id?: string; patientId?: string };
  const isOfPatient = routeOptions.url?.includes("/patients/:id");
  if (isOfPatient && id !== undefined && UUID.test(id)) patients.add(id);
  const isOfOwn = routeOptions.url?.startsWith("/api/me/patients/:patientId");
  if (isOfOwn && patientId !== undefined && UUID.test(patientId)) patients.add(patientId);
  const named = /^\/fhir\/Patient\/([0-9a-f-]{36})/.exec(url)?.[1];
  if (named !== undefined && UUID.test(named)) patients.add(named);
  if (!isOk) return [...patients];
  // A key of Nightscout's is for one patient, whom its answers do not name.
  // Nor need those of GraphQL, whose fields the asker chooses: everybody who was looked at is noted.
  if (/^\/(api\/v\d|calendar)\//.test(url) || /^\/fhir\/[^?]*\$graphql(\?|$)/.test(url))
    return [...patients, ...seen.patients].sort();
  if (text === undefined && patients.size === 0) return [...seen.patients].sort();
  if (text === undefined) for (const passed of seen.patients) patients.add(passed);
  else if (seen.patients.size > 0) {
    addNamed(url, seen.patients, patients);
    addNamed(text, seen.patients, patients);
  }
  return [...patients].sort();
}

const DASH = 0x2d;

/**
 * Adds those of `known` whose ids stand in a text. A page of a search has 100 kB: an expression over all of it took longer than
 * finding what is on it, so only what stands around hyphens at the distances of a UUID's is looked at.
 */
export function addNamed(text: string, known: ReadonlySet<string>, named: Set<string>): void {
  for (let at = text.indexOf("-", 8); at >= 0; at = text.indexOf("-", at + 1)) {
    if (text.charCodeAt(at + 5) !== DASH || text.charCodeAt(at + 10) !== DASH || text.charCodeAt(at + 15) !== DASH)
      continue;
    const id = text.slice(at - 8, at + 28);
    if (known.has(id)) named.add(id);
  }
}

const ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** The last thing that the path names; a secret in it names nothing. */
function entityIdOf({ params }: FastifyRequest): string | undefined {
  const last = Object.entries(params as Record<string, string>)
    .filter(([name]) => name !== "*" && name !== "token")
    .at(-1)?.[1];
  return last !== undefined && ID.test(last) ? last : undefined;
}

/** What our own ids look like: of rows, of alarms, of Observations. */
const OURS = new RegExp(`${UUID.source}|^[rpw]?[0-9a-f]{32}[0-9a-z]*$`);

/** What names nothing here may be whatever somebody typed, a patient's name too. */
const namedId = (id: string | undefined, status: number) =>
  id !== undefined && (status === 400 || status === 404) && !OURS.test(id) ? undefined : id;

const PARAMETER = /^[A-Za-z_][A-Za-z0-9_.:-]{0,60}$/;

/** Their names: what was searched for may be a patient's. */
function parametersOf({ query, body, url }: FastifyRequest): string[] | undefined {
  const isSearch = /\/_search(\?|$)/.test(url);
  const all = [query, isSearch ? body : undefined].flatMap((one) =>
    typeof one === "object" && one !== null ? Object.keys(one) : [],
  );
  const names = [...new Set(all)].filter((name) => PARAMETER.test(name)).sort();
  return names.length > 0 ? names.slice(0, 40) : undefined;
}

/** Problem details and OperationOutcome both carry our code. */
function codeIn(text: string | undefined): string | undefined {
  if (text === undefined || text.length > 100_000) return undefined;
  const code = /"code":"([A-Z][A-Z_]+)"/.exec(text)?.[1];
  return code !== undefined && code in refusalText ? code : undefined;
}
