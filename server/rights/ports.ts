import type { AmendmentRecord, Organisation, PatientView } from "@openward/model";

/** FHIR resources of one type, made while they are read. */
export interface FhirPart {
  readonly type: string;
  resources(): AsyncIterable<object>;
}

/** The FHIR record of one patient. */
export type FhirOf = (view: PatientView, organisation: Organisation, patientId: string) => readonly FhirPart[];

export interface Transaction {
  rows<T extends object>(sql: string, values?: readonly unknown[]): Promise<T[]>;
  run(sql: string, values?: readonly unknown[]): Promise<number>;
}

/** As the house itself, in one organisation. */
export interface Tables {
  inOrganisation<T>(organisationId: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
}

/** What people said later of what was measured, newest first. */
export interface Amendments {
  ofPatient(view: PatientView, patientId: string): readonly AmendmentRecord[];
}

/** What the patient's apps wrote, as they wrote it. */
export type DocumentsOf = (organisationId: string, records: readonly string[]) => AsyncIterable<object>;

/** A row of the audit log of changes. */
export interface Note {
  readonly organisationId: string;
  readonly at: number;
  readonly by: string;
  readonly action: string;
  readonly patientId?: string | null;
  readonly detail: object;
}

/** In the transaction of the change: there is not one without the other. */
export type WriteIn = (tx: Transaction, note: Note) => Promise<void>;

/** In a transaction of its own. */
export type WriteNote = (note: Note) => Promise<void>;
