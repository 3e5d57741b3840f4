import type { AgeGroup, Patient, Sex, Stay } from "@openward/model";
import type { Asker } from "./asker.ts";

export interface PatientRecord {
  readonly patient: Patient;
  readonly stay: (Stay & { readonly wardName: string }) | null;
}

export interface NewPatient {
  readonly name: string;
  readonly birthDate: string | null;
  readonly sex: Sex;
  readonly mrn: string;
  readonly isUnknown: boolean;
  readonly timeZone: string;
  readonly ageGroup: AgeGroup | null;
}

export interface Place {
  readonly wardId: string;
  readonly bed: string;
  /** Somebody has said that more than one patient lies in this bed; else an occupied one is refused (BED_OCCUPIED). */
  readonly shareBed?: boolean;
}

export interface Patients {
  list(asker: Asker, options: { all: boolean; q?: string }): Promise<PatientRecord[]>;
  find(asker: Asker, patientId: string): Promise<PatientRecord | undefined>;
  similar(asker: Asker, name: string, birthDate?: string | null): Promise<PatientRecord[]>;
  /** With a place the patient is admitted as well: both are done, or neither. */
  create(organisationId: string, patient: NewPatient, by: string, place?: Place): Promise<Patient>;
  change(organisationId: string, patientId: string, change: Partial<NewPatient>, by: string): Promise<Patient>;
  admit(organisationId: string, patientId: string, place: Place, by: string): Promise<PatientRecord>;
  transfer(organisationId: string, patientId: string, place: Place, by: string): Promise<PatientRecord>;
  discharge(organisationId: string, patientId: string, by: string): Promise<PatientRecord>;
  merge(organisationId: string, patientId: string, into: string, by: string): Promise<PatientRecord>;
}
