import type { Consent, ConsentActor, ConsentPurpose } from "@openward/model";

export interface ConsentRow {
  readonly id: string;
  readonly version: number;
  readonly organisation_id: string;
  readonly patient_id: string;
  readonly status: Consent["status"];
  readonly decision: Consent["decision"];
  readonly categories: readonly string[];
  readonly purpose: ConsentPurpose | null;
  readonly actors: readonly ConsentActor[];
  readonly from_at: number;
  readonly to_at: number | null;
  readonly is_silent: boolean;
  readonly said_at: number;
  readonly said_by: string;
  readonly said_as: Consent["saidAs"];
  readonly note: string | null;
}

export const CONSENT_COLUMNS = `id, version, organisation_id, patient_id, status, decision, categories, purpose, actors, from_at,
  to_at, is_silent, said_at, said_by, said_as, note`;

/** In the order of the columns. */
export const consentValues = (consent: Consent): unknown[] => [
  consent.id,
  consent.version,
  consent.organisationId,
  consent.patientId,
  consent.status,
  consent.decision,
  consent.categories,
  consent.purpose,
  JSON.stringify(consent.actors),
  consent.from,
  consent.to,
  consent.isSilent,
  consent.saidAt,
  consent.saidBy,
  consent.saidAs,
  consent.note,
];

export const toConsent = (row: ConsentRow): Consent => ({
  id: row.id,
  version: row.version,
  organisationId: row.organisation_id,
  patientId: row.patient_id,
  status: row.status,
  decision: row.decision,
  categories: row.categories,
  purpose: row.purpose,
  actors: row.actors,
  from: row.from_at,
  to: row.to_at,
  isSilent: row.is_silent,
  saidAt: row.said_at,
  saidBy: row.said_by,
  saidAs: row.said_as,
  note: row.note,
});
