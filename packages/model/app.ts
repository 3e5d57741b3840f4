/** One scope of SMART App Launch 2.2: "patient/Observation.rs?category=vital-signs". */
export interface ResourceScope {
  readonly compartment: "patient" | "user" | "system";
  /** A FHIR resource type, or "*" for every one. */
  readonly type: string;
  /** Of "cruds", in that order. */
  readonly interactions: string;
  /** What a resource must match besides, as search parameters. */
  readonly query: readonly (readonly [name: string, value: string])[];
}

/** What an application may do with its token, on top of what the person whom it acts for may. */
export interface AppAccess {
  readonly clientId: string;
  /** As people read it. */
  readonly name: string;
  readonly scopes: readonly ResourceScope[];
  /** The patient whom scopes of "patient/" are about. */
  readonly patientId: string | null;
  /** The resource that the person is, "Practitioner/…", where it was told that; it may read this one whatever its scopes are. */
  readonly fhirUser: string | null;
  /** Names under which its end is announced: the token, its grant, its application. */
  readonly endsWith: readonly string[];
}
