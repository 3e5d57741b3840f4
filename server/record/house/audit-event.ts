import type { AuditEvent } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { SortKey } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";
import type { AuditRecord } from "../ports.ts";
import { mapAuditEvent } from "../resources/audit-event.ts";
import { isUuid } from "../uuid.ts";
import { idsIn, valuesIn } from "./asked.ts";
import type { HouseAsked, HouseKind } from "./house.ts";

/** What is filtered after it was read: more is a search that must be narrowed. */
const SCANNED_MAX = 5_000;
const AT_ONCE = 500;

const NEWEST_FIRST: readonly SortKey[] = [
  { by: "span", key: "date", isDescending: true },
  { by: "id", isDescending: true },
];

export const houseAuditEvents: HouseKind = {
  documentation:
    "Who looked at what and did what, in IHE's Basic Audit Log Patterns; for administrators and privacy officers. An AuditEvent that is written is told to those and to integrations, is no part of the log of the house, and is tagged so.",
  sort: NEWEST_FIRST,
  termsOf: (resource) => {
    const { agent = [], entity = [] } = resource as AuditEvent;
    // Who, where they have no resource; and what kind of thing it was.
    const who = agent.flatMap(({ who: one }) => one?.identifier?.value ?? []).map((id) => `agent\t${id}`);
    const what = entity.flatMap(
      ({ what: one, description }) => /^[A-Za-z]+/.exec(one?.reference ?? one?.display ?? description ?? "")?.[0] ?? [],
    );
    return [...who, ...what.map((type) => `entity\t${type}`)];
  },
  async list(context, asked) {
    checkMayRead(context);
    return (await recordsOf(context, asked)).map((record) => mapAuditEvent(record, context.organisation));
  },
};

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

/**
 * The log goes by time: from where the page begins it is read backwards, narrowed by what it has indexes for, until there is
 * a page of what is wanted; whether each is wanted is asked again by who asked.
 */
async function recordsOf(context: RecordContext, asked: HouseAsked): Promise<readonly AuditRecord[]> {
  const { conditions, sort, after, limit } = asked;
  const { organisation, audit } = context;
  const ids = idsIn(conditions)?.filter(isUuid);
  const patientIds = named(conditions, "patient");
  const agents = named(conditions, "agent");
  const entities = named(conditions, "entity")?.filter((one) => /^[A-Za-z]+$/.test(one));
  const wanted = named(conditions, "action");
  // What was looked for is a read in the log, and an execution in FHIR.
  const actions = wanted?.includes("E") ? [...new Set([...wanted, "R"])] : wanted;
  if (patientIds?.some((id) => !isUuid(id)) || ids?.length === 0) return [];
  const isByTime = sort[0]?.by === "span" && sort[0].key === "date" && sort[0].isDescending;
  const start = isByTime ? after?.[0] : undefined;
  const { from, to } = spanIn(conditions);
  const end = Math.min(
    to ?? Number.POSITIVE_INFINITY,
    start === undefined ? Number.POSITIVE_INFINITY : Number(start) + 1,
  );
  const isExact = isByTime && isNarrowedByLog(asked);
  const size = isExact && after === undefined ? limit : AT_ONCE;
  const found: AuditRecord[] = [];
  for (let before: string | undefined; ; ) {
    const page = await audit.search(organisation.id, {
      patientIds,
      ids,
      agentId: agents?.length === 1 ? agents[0] : undefined,
      actions: actions?.length ? actions : undefined,
      entities: entities?.length ? entities : undefined,
      from,
      to: Number.isFinite(end) ? end : undefined,
      before,
      limit: size,
    });
    found.push(...page);
    if (page.length < size) return found;
    // What the log itself narrows is found, but for those of the instant at which the page before ended.
    if (isExact && (after === undefined || found.length >= limit + AT_ONCE)) return found;
    if (found.length >= SCANNED_MAX)
      throw new RefusedInput("SEARCH_TOO_COSTLY", {
        at: "http.date",
        expected: "a patient, an agent or a shorter span of time",
      });
    before = page.at(-1)?.id;
  }
}

function named(conditions: HouseAsked["conditions"], code: string): string[] | undefined {
  const values = valuesIn(conditions, code);
  return values && [...new Set(values.map((one) => one.replace(/^.*[|/]/, "")))];
}

const OF_THE_LOG = ["patient", "agent"];

function isNarrowedByLog({ conditions }: HouseAsked): boolean {
  return conditions.every(
    (one) =>
      one.kind === "ids" ||
      (one.kind === "terms" && one.anyOf.every((term) => OF_THE_LOG.includes(term.split("\t", 1)[0] ?? ""))) ||
      (one.kind === "spans" && one.anyOf.length === 1 && one.anyOf.every(({ key, isNot }) => key === "date" && !isNot)),
  );
}

/** What a condition on the date leaves at most. */
function spanIn(conditions: HouseAsked["conditions"]): { from?: number; to?: number } {
  let from = Number.NEGATIVE_INFINITY;
  let to = Number.POSITIVE_INFINITY;
  for (const one of conditions) {
    if (one.kind !== "spans" || one.anyOf.length !== 1) continue;
    const [test] = one.anyOf;
    if (test?.key !== "date" || test.isNot) continue;
    from = Math.max(from, test.lowFrom ?? from, test.highFrom ?? from, test.lowAbove ?? from, test.highAbove ?? from);
    // The log wants the first instant that is too late.
    to = Math.min(to, test.highBelow ?? to, test.lowBelow ?? to, (test.highTo ?? to) + 1, (test.lowTo ?? to) + 1);
  }
  return {
    ...(Number.isFinite(from) && { from: Math.floor(from) }),
    ...(Number.isFinite(to) && { to: Math.ceil(to) }),
  };
}
