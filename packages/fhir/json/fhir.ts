import type { FhirDecimal } from "./decimal.ts";

/** What FHIR's JSON is made of. */
export type Fhir = null | boolean | number | FhirDecimal | string | Fhir[] | FhirObject;

export interface FhirObject {
  [name: string]: Fhir | undefined;
}

export interface Resource extends FhirObject {
  resourceType: string;
}

export const isObject = (value: unknown): value is FhirObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Number);
