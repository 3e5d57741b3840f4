import type { Bundle } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { RecordContext } from "../context.ts";
import type { AuditRecord } from "../ports.ts";
import { mapAuditEvent } from "../resources/audit-event.ts";
import { isUuid } from "../uuid.ts";
import { searchBundle } from "./bundle.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { instantsOf, parseDates } from "./date.ts";
import { wantedIds } from "./list.ts";
import { type ParameterDefinition, type ParameterValue, parseQuery, type Query } from "./query.ts";
import { idsOfAll } from "./reference.ts";
import { parseTokens } from "./token.ts";

export const auditEventParameters: readonly ParameterDefinition[] = [
  { name: "_id", type: "token", documentation: "One or more ids" },
  { name: "patient", type: "reference", documentation: "Whose data it was", modifiers: ["Patient"] },
  { name: "date", type: "date", documentation: "When it was recorded, with prefixes" },
  { name: "agent", type: "token", documentation: "Who: id of the person, token or device" },
  { name: "action", type: "token", documentation: "C, R, U, D or E" },
  { name: "entity", type: "token", documentation: "What kind of thing, such as Observation or Alarm" },
];

/** @throws RefusedInput NOT_PERMITTED for who may not look into the log of the house */
export function checkMayRead({ view }: RecordContext): void {
  const role: string = view.principal.role;
  if (role !== "administrator" && role !== "privacy-officer")
    throw new RefusedInput("NOT_PERMITTED", { expected: "administrator or privacy-officer" });
}

export async function readAuditEvent(context: RecordContext, id: string) {
  checkMayRead(context);
  if (!isUuid(id)) return undefined;
  const [record] = await context.audit.search(context.organisation.id, { ids: [id], limit: 1 });
  return record && mapAuditEvent(record, context.organisation);
}

export async function searchAuditEvents(
  context: RecordContext,
  pairs: Iterable<readonly [string, string]>,
): Promise<Bundle> {
  checkMayRead(context);
  const query = parseQuery(pairs, auditEventParameters, { strict: context.strict, sorts: ["-date"] });
  const records = await found(context, query);
  const resources = records.slice(0, query.count).map((record) => mapAuditEvent(record, context.organisation));
  const last = resources.at(-1);
  const next = last?.id !== undefined && records.length > resources.length ? encodeCursor([last.id]) : undefined;
  return searchBundle(context, { type: "AuditEvent", query, resources, next, total: undefined });
}

async function found(context: RecordContext, query: Query): Promise<readonly AuditRecord[]> {
  const patientIds = idsOfAll(query.all("patient"), "Patient", context.base);
  const dates = query.all("date").map(parseDates);
  const spans = dates.length === 0 ? undefined : instantsOf(dates, "UTC");
  if (spans && spans.length > 1)
    throw new RefusedInput("FIELD_INVALID", { at: "http.date", expected: "dates that leave one span of time" });
  const agents = codesOf(query.all("agent"));
  if (agents && agents.length > 1)
    throw new RefusedInput("FIELD_INVALID", { at: "http.agent", expected: "one agent at a time" });
  const before = query.cursor === null ? undefined : String(decodeCursor(query.cursor, ["string"])[0]);
  const ids = wantedIds(query);
  const names = [...(patientIds ?? []), ...(ids ?? []), ...(before === undefined ? [] : [before])];
  // What cannot be an id names nothing; an empty list of spans is a date that never was.
  if (names.some((name) => !isUuid(name)) || spans?.length === 0) return [];
  return context.audit.search(context.organisation.id, {
    patientIds: patientIds && [...patientIds],
    ids: ids && [...ids],
    agentId: agents?.[0],
    actions: codesOf(query.all("action")),
    entities: codesOf(query.all("entity")),
    from: finite(spans?.[0]?.from),
    to: finite(spans?.at(-1)?.to),
    before,
    limit: query.count + 1,
  });
}

const finite = (time: number | undefined) =>
  time !== undefined && Number.isFinite(time) ? Math.floor(time) : undefined;

/** Codes that every occurrence names; undefined where there is none. */
function codesOf(occurrences: readonly ParameterValue[]): string[] | undefined {
  let codes: string[] | undefined;
  for (const occurrence of occurrences) {
    const some = parseTokens(occurrence).flatMap(({ code }) => (code === undefined ? [] : [code]));
    codes = codes ? codes.filter((code) => some.includes(code)) : some;
  }
  return codes;
}
