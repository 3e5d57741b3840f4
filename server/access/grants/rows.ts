import type { Basis, Grant, Grantee, GrantReach, Purpose } from "@openward/model";

export interface GrantRow {
  readonly id: string;
  readonly organisation_id: string;
  readonly grantee_kind: Grantee["kind"];
  readonly grantee_id: string | null;
  readonly grantee_role: string | null;
  readonly patient_id: string | null;
  readonly ward_id: string | null;
  readonly after_stay_ms: number;
  readonly purpose: Purpose;
  readonly basis: Basis;
  readonly from_at: number;
  readonly to_at: number | null;
  readonly reason: string | null;
  readonly created_at: number;
  readonly created_by: string;
  readonly ended_at: number | null;
  readonly ended_by: string | null;
  readonly end_reason: string | null;
  readonly categories: readonly string[] | null;
}

export function toGrant(row: GrantRow): Grant {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    grantee: granteeOf(row),
    reach: reachOf(row),
    purpose: row.purpose,
    basis: row.basis,
    from: row.from_at,
    to: row.to_at,
    reason: row.reason,
    createdAt: row.created_at,
    createdBy: row.created_by,
    endedAt: row.ended_at,
    endedBy: row.ended_by,
    endReason: row.end_reason,
    categories: row.categories,
  };
}

function granteeOf({ grantee_kind: kind, grantee_id: id, grantee_role: role }: GrantRow): Grantee {
  return kind === "role" ? { kind, role: role ?? "" } : { kind, id: id ?? "" };
}

function reachOf({ patient_id: patientId, ward_id: wardId, after_stay_ms: afterStayMs }: GrantRow): GrantReach {
  if (patientId !== null) return { kind: "patient", patientId };
  return wardId !== null ? { kind: "ward", wardId, afterStayMs } : { kind: "organisation" };
}

/** The columns of a grant, in the order of the values. */
export const GRANT_COLUMNS = `id, organisation_id, grantee_kind, grantee_id, grantee_role, patient_id, ward_id, after_stay_ms,
  purpose, basis, from_at, to_at, reason, created_at, created_by`;

export function grantValues({ grantee, reach, ...grant }: Grant): unknown[] {
  return [
    grant.id,
    grant.organisationId,
    grantee.kind,
    grantee.kind === "role" ? null : grantee.id,
    grantee.kind === "role" ? grantee.role : null,
    reach.kind === "patient" ? reach.patientId : null,
    reach.kind === "ward" ? reach.wardId : null,
    reach.kind === "ward" ? reach.afterStayMs : 0,
    grant.purpose,
    grant.basis,
    grant.from,
    grant.to,
    grant.reason,
    grant.createdAt,
    grant.createdBy,
  ];
}
