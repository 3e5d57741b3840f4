/** What others commit: a patient, or where one lies. */
export interface Changes {
  onPatient(listener: (organisationId: string) => void): void;
}

/** The screens that are open. */
export interface Screens {
  /** What a tile says of the patient has changed: they get it anew. */
  patientChanged(patientId: string, organisationId: string): void;
}
