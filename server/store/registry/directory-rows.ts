import type { AgeGroup } from "@openward/model";
import { ASSOCIATION_COLUMNS, type AssociationRow, toAssociation } from "./associations.ts";
import type { KnownDevice, KnownPatient } from "./directory-memory.ts";
import type { Transaction } from "./transaction.ts";

/** @param deviceId undefined: all of them */
export async function loadDevices(tx: Transaction, deviceId?: string): Promise<KnownDevice[]> {
  const devices = await tx.rows<{
    id: string;
    organisation_id: string;
    type: string;
    revoked_at: number | null;
  }>(
    `SELECT id, organisation_id, type, revoked_at FROM device ${deviceId === undefined ? "" : "WHERE id = $1"}`,
    deviceId === undefined ? [] : [deviceId],
  );
  const associations = await tx.rows<AssociationRow>(
    `SELECT ${ASSOCIATION_COLUMNS} FROM association ${deviceId === undefined ? "" : "WHERE device_id = $1"} ORDER BY from_at`,
    deviceId === undefined ? [] : [deviceId],
  );
  const credentials = await tx.rows<{
    id: string;
    device_id: string;
    kind: "token" | "certificate";
    hash: Buffer;
    expires_at: number | null;
    authority: "own" | "operator";
    is_revoked: boolean;
  }>(
    `SELECT id, device_id, kind, hash, expires_at, authority, revoked_at IS NOT NULL AS is_revoked FROM device_credential
      WHERE (revoked_at IS NULL OR authority = 'operator') ${deviceId === undefined ? "" : "AND device_id = $1"}`,
    deviceId === undefined ? [] : [deviceId],
  );
  const charges = await tx.rows<{ gateway_id: string; device_id: string }>(
    `SELECT gateway_id, device_id FROM device_charge
      WHERE to_at IS NULL ${deviceId === undefined ? "" : "AND gateway_id = $1"}`,
    deviceId === undefined ? [] : [deviceId],
  );
  const credentialsOf = Map.groupBy(credentials, (row) => row.device_id);
  const chargesOf = Map.groupBy(charges, (row) => row.gateway_id);
  const byDevice = Map.groupBy(associations, (row) => row.device_id);
  return devices.map((row) => ({
    id: row.id,
    organisationId: row.organisation_id,
    type: row.type,
    credentials: (credentialsOf.get(row.id) ?? [])
      .filter((one) => !one.is_revoked)
      .map(({ id, kind, hash, expires_at: expiresAt, authority }) => ({
        id,
        kind,
        // A copy: what the driver gives is a view of the whole packet, and would keep it.
        hash: Uint8Array.from(hash),
        expiresAt,
        isOperators: authority === "operator",
      })),
    refused: new Set(
      (credentialsOf.get(row.id) ?? []).filter((one) => one.is_revoked).map(({ hash }) => hash.toString("hex")),
    ),
    inCharge: new Set((chargesOf.get(row.id) ?? []).map((charge) => charge.device_id)),
    isRevoked: row.revoked_at !== null,
    associations: (byDevice.get(row.id) ?? []).map(toAssociation),
  }));
}

/** @param patientId undefined: all of them; merged ones are left out */
export async function loadPatients(tx: Transaction, patientId?: string): Promise<KnownPatient[]> {
  const rows = await tx.rows<{
    id: string;
    organisation_id: string;
    birth_date: string | null;
    age_group: AgeGroup | null;
    time_zone: string;
    record_numbers: string[];
    updated_at: number;
    stay_id: string | null;
  }>(
    `SELECT p.id, p.organisation_id, p.birth_date, p.age_group, p.time_zone, p.updated_at, s.id AS stay_id,
            CASE WHEN p.is_unknown THEN '{}'::text[]
                 ELSE ARRAY(SELECT n.mrn FROM patient n WHERE n.id = p.id OR n.merged_into = p.id) END AS record_numbers
       FROM patient p LEFT JOIN stay s ON s.patient_id = p.id AND s.to_at IS NULL
      WHERE p.merged_into IS NULL ${patientId === undefined ? "" : "AND p.id = $1"}`,
    patientId === undefined ? [] : [patientId],
  );
  return rows.map((row) => ({
    id: row.id,
    organisationId: row.organisation_id,
    birthDate: row.birth_date,
    ageGroup: row.age_group,
    timeZone: row.time_zone,
    recordNumbers: row.record_numbers,
    isAdmitted: row.stay_id !== null,
    stamp: `${row.updated_at} ${row.stay_id}`,
  }));
}
