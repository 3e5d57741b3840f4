import type { DeviceUseStatement } from "@medplum/fhirtypes";
import type { Association, Organisation } from "@openward/model";
import { fhirDeviceId } from "./device-id.ts";
import { metaOf } from "./meta.ts";
import { fhirTime } from "./time.ts";

export const ASSOCIATION_SYSTEM = "urn:openward:association";

/** A device was, or is, on a patient. */
export function mapUse(
  { id, deviceId, patientId, from, to }: Association,
  organisation: Organisation,
): DeviceUseStatement {
  const changedAt = to ?? from;
  return {
    resourceType: "DeviceUseStatement",
    id,
    meta: metaOf(organisation, { versionId: `${from}-${to ?? "runs"}`, lastUpdated: fhirTime(changedAt) }),
    identifier: [{ system: ASSOCIATION_SYSTEM, value: id }],
    status: to === null ? "active" : "completed",
    subject: { reference: `Patient/${patientId}` },
    timingPeriod: { start: fhirTime(from), ...(to === null ? {} : { end: fhirTime(to) }) },
    device: { reference: `Device/${fhirDeviceId(deviceId)}` },
  };
}
