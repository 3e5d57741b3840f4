import type { AgeGroup, Sex } from "@openward/model";
import type { PatientRecord } from "./ports.ts";
import type { Transaction } from "./transaction.ts";

/** A patient with the stay that runs, as the database has them. */
export interface PatientRow {
  readonly id: string;
  readonly organisation_id: string;
  readonly name: string;
  readonly name_key: string;
  readonly birth_date: string | null;
  readonly sex: Sex;
  readonly mrn: string;
  readonly is_unknown: boolean;
  readonly time_zone: string;
  readonly age_group: AgeGroup | null;
  readonly merged_into: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly stay_id: string | null;
  readonly ward_id: string | null;
  readonly ward_name: string | null;
  readonly bed: string | null;
  readonly stay_from: number | null;
}

/**
 * @param condition SQL over p (patient), s (the stay that runs) and w (its ward)
 * @param order SQL of another order than that of a list, and how many
 */
export function readPatients(
  tx: Transaction,
  condition: string,
  values: readonly unknown[],
  order = "w.name NULLS LAST, s.bed, p.name, p.id",
): Promise<PatientRow[]> {
  return tx.rows<PatientRow>(
    `SELECT p.id, p.organisation_id, p.name, p.name_key, p.birth_date, p.sex, p.mrn, p.is_unknown, p.time_zone, p.age_group,
            p.merged_into, p.created_at, p.updated_at,
            s.id AS stay_id, s.ward_id, w.name AS ward_name, s.bed, s.from_at AS stay_from
       FROM patient p
       LEFT JOIN stay s ON s.patient_id = p.id AND s.to_at IS NULL
       LEFT JOIN ward w ON w.id = s.ward_id
      WHERE ${condition}
      ORDER BY ${order}`,
    values,
  );
}

export function toRecord(row: PatientRow): PatientRecord {
  const { id, organisation_id: organisationId } = row;
  return {
    patient: {
      id,
      organisationId,
      name: row.name,
      birthDate: row.birth_date,
      sex: row.sex,
      mrn: row.mrn,
      isUnknown: row.is_unknown,
      timeZone: row.time_zone,
      ageGroup: row.age_group,
      mergedInto: row.merged_into,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    },
    stay:
      row.stay_id && row.ward_id && row.bed && row.stay_from !== null
        ? {
            id: row.stay_id,
            organisationId,
            patientId: id,
            wardId: row.ward_id,
            wardName: row.ward_name ?? "",
            bed: row.bed,
            from: row.stay_from,
            to: null,
          }
        : null,
  };
}
