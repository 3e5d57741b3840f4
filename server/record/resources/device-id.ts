import { createHash } from "node:crypto";

/** A FHIR id has no underscore; one of our device ids may. */
const FHIR_ID = /^[A-Za-z0-9.-]{1,64}$/;
const HASHED = /^x-[0-9a-f]{40}$/;

/** The id of Device/{id}: the device's own where FHIR allows it, else a hash of it. */
export function fhirDeviceId(deviceId: string): string {
  if (FHIR_ID.test(deviceId) && !HASHED.test(deviceId)) return deviceId;
  return `x-${createHash("sha256").update(deviceId).digest("hex").slice(0, 40)}`;
}

/** Cannot be turned back: the device must be looked for. */
export function isHashedDeviceId(fhirId: string): boolean {
  return HASHED.test(fhirId);
}
