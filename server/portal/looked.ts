import type { AccessEntry } from "@openward/api";
import type { Grant } from "@openward/model";
import type { AuditLog, AuditRecord, Grants } from "./ports/index.ts";

/** Of a page of the log. */
interface Asked {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly agent?: string | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Who looked at a patient's data, with the permission that showed it to them. */
export function createLooked({ audit, grants }: { audit: AuditLog; grants: Pick<Grants, "list"> }) {
  /**
   * @param asker who sees these patients by a grant; the organisation, where another right to them was proved at the door
   * @param patientIds the patient first, and the records that were merged into theirs
   */
  return async (
    asker: Parameters<AuditLog["search"]>[0],
    patientIds: readonly [string, ...string[]],
    { agent, ...page }: Asked,
  ): Promise<AccessEntry[]> => {
    const organisationId = typeof asker === "string" ? asker : asker.organisationId;
    const [records, given] = await Promise.all([
      audit.search(asker, { ...page, patientIds, agentId: agent }),
      grants.list(organisationId, { patientId: patientIds[0], ended: true }),
    ]);
    return records.map((record) => ({
      id: record.id,
      at: record.at,
      words: audit.inWords(record),
      by: personOf(record).display,
      byId: personOf(record).id,
      role: personOf(record).role,
      because: becauseOf(record, given),
      entity: record.entity,
      purpose: record.purpose ?? null,
      outcome: record.outcome,
    }));
  };
}

/** An emergency first, for it is what somebody will ask about; then what is for this patient, the ward, everybody. */
const rank = ({ basis, reach }: Grant): number =>
  basis === "break-glass" ? 0 : { patient: 1, ward: 2, organisation: 3 }[reach.kind];

/** Whom it is told of: of an application the person whom it acted for. */
const personOf = ({ who, onBehalfOf }: AuditRecord) => (onBehalfOf?.kind === "person" ? onBehalfOf : who);

const RIGHTS = ["self", "guardian", "subject-right"] as const;

/**
 * What the record says let them see it, with the permission that held when it was done; null where it was refused, or neither
 * is known any more.
 */
function becauseOf(record: AuditRecord, grants: readonly Grant[]): AccessEntry["because"] {
  const { at, outcome } = record;
  if (outcome !== "allowed") return null;
  const said = record.basis?.split(" ");
  const right = RIGHTS.find((one) => said?.includes(one));
  if (right) return { purpose: "family", basis: right, reason: null };
  const who = personOf(record);
  const isTheirs = ({ grantee }: Grant) =>
    grantee.kind === "role" ? grantee.role === who.role && who.kind === "person" : grantee.id === who.id;
  const held = ({ from, to, endedAt }: Grant) =>
    from <= at && at < Math.min(to ?? Number.POSITIVE_INFINITY, endedAt ?? Number.POSITIVE_INFINITY);
  const all = grants.filter((one) => isTheirs(one) && held(one));
  const named = all.filter(({ basis }) => said?.includes(basis));
  const [grant] = (named.length > 0 ? named : all).sort((a, b) => rank(a) - rank(b));
  if (!grant) return null;
  const { purpose, basis, reason } = grant;
  return { purpose, basis, reason: basis === "break-glass" ? reason : null };
}
