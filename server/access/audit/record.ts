export type Action = "C" | "R" | "U" | "D" | "E";
export type Outcome = "allowed" | "refused" | "failed";

/** A person, or what acted in nobody's name. */
export interface Who {
  readonly kind: "person" | "token" | "kiosk" | "device" | "application" | "system" | "unknown" | "patient";
  /** null: whoever it was did not say, or what they said was not true. */
  readonly id: string | null;
  /** As colleagues know them; of a patient never. */
  readonly display: string;
  readonly role: string | null;
}

/**
 * One access or one change. It says whose data and what kind of thing, by internal ids: never a value, never free text of
 * a patient, never a name that was searched for.
 */
export interface AuditRecord {
  readonly id: string;
  readonly at: number;
  readonly organisationId: string | null;
  readonly who: Who;
  /** The person for whom an application acted; the patient for whom a guardian did. */
  readonly onBehalfOf?: Who | undefined;
  /** The screen on a wall at which they showed who they are. */
  readonly through?: Who | undefined;
  /** FHIR's: create, read, update, delete, execute. */
  readonly action: Action;
  /** Our own name of it: "api.trend", "fhir.search", "live.open", "ingest.session", "patient.admit". */
  readonly code: string;
  readonly patients: readonly string[];
  /** What kind of thing, such as "Observation" or "Alarm". */
  readonly entity: string;
  readonly entityId?: string | undefined;
  /** "GET /api/patients/:id", "mqtt", or of which command. */
  readonly via: string;
  /** Names of the parameters that were searched with. */
  readonly parameters?: readonly string[] | undefined;
  /** HL7's ActReason, where it was one for all patients of the record. */
  readonly purpose?: string | undefined;
  /** What let them be seen, where that is known: bases of grants, "self", "guardian", "subject-right"; separated by spaces. */
  readonly basis?: string | undefined;
  readonly outcome: Outcome;
  /** Code of packages/errors, where it was not allowed. */
  readonly refusal?: string | undefined;
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
  /** The record that began what this one ends: a live view, a device's session. */
  readonly opened?: string | undefined;
  /** How many there were, where one record stands for many refusals of one source, and from when to when. */
  readonly crowd?: { readonly count: number; readonly first: number; readonly last: number } | undefined;
  /** The row of audit_event that a change wrote in its own transaction. */
  readonly change?: { readonly position: number; readonly digest: string } | undefined;
}

/** The text that is hashed and kept: canonical, without what is not known. */
export function encodeRecord(record: AuditRecord): string {
  return membersOf(record);
}

/** As `canonical` writes it, in one pass: a record of a ward names two hundred patients, and its answer waits. */
function membersOf(value: object): string {
  let text = "";
  for (const name of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[name];
    if (member === undefined || member === null || (Array.isArray(member) && member.length === 0)) continue;
    const isPlain = typeof member !== "object" || Array.isArray(member);
    text += `${text === "" ? "" : ","}"${name}":${isPlain ? JSON.stringify(member) : membersOf(member)}`;
  }
  return `{${text}}`;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Would the database take it? Who is answered first, and refused by the database then, would be in no log. */
export function mayBeKept({ id, at, organisationId, patients, who, onBehalfOf, code, entity }: AuditRecord): boolean {
  const texts = [who.id, onBehalfOf?.id, code, entity];
  return (
    UUID.test(id) &&
    Number.isSafeInteger(at) &&
    (organisationId === null || UUID.test(organisationId)) &&
    patients.every((patient) => patient.length === 36) &&
    !texts.some((text) => text?.includes("\0"))
  );
}

/** @param body what encodeRecord made */
export function decodeRecord(body: string): AuditRecord {
  const parsed = JSON.parse(body) as Partial<AuditRecord>;
  return {
    organisationId: null,
    patients: [],
    ...parsed,
    who: { id: null, role: null, ...parsed.who },
  } as AuditRecord; // what encodeRecord leaves out is there again
}
