import type { Provenance, Reference } from "@medplum/fhirtypes";
import type { Amendment, AmendmentRecord, Organisation, PatientView } from "@openward/model";
import { readingId } from "../observation-id.ts";
import { fhirDeviceId } from "./device-id.ts";
import { metaOf } from "./meta.ts";
import { fhirTime } from "./time.ts";

const AMENDMENT_SYSTEM = "urn:openward:amendment";
const OPERATION_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-DataOperation";

/** HL7's word for what was done to the record, beside our own. */
const operation: Readonly<Record<Amendment["kind"], string>> = {
  "entered-in-error": "NULLIFY",
  corrected: "UPDATE",
  "re-attributed": "UPDATE",
  withdrawn: "REACTIVATE",
};

/** Who amended what was measured, when and why. A patient whom the asker may not see is not named. */
export function mapProvenance(
  { amendment, withdrawnBy }: AmendmentRecord,
  view: PatientView,
  organisation: Organisation,
): Provenance {
  const { id, kind, deviceId, streamId, from, to, reading, toPatientId, patientId, at, by, byDisplay, reason } =
    amendment;
  const reference = (text: string): Reference => ({ reference: text });
  const target: Reference[] = [];
  if (streamId !== null && reading) target.push(reference(`Observation/${readingId(streamId, from, reading.ordinal)}`));
  else if (streamId !== null) target.push(reference(`DeviceMetric/${streamId}`));
  else target.push(reference(`Device/${fhirDeviceId(deviceId)}`));
  if (toPatientId !== null && view.has(toPatientId)) target.push(reference(`Patient/${toPatientId}`));
  const entity: NonNullable<Provenance["entity"]> = [];
  if (toPatientId !== null && view.has(patientId))
    entity.push({ role: "source", what: { reference: `Patient/${patientId}` } });
  if (amendment.withdraws !== null)
    entity.push({ role: "revision", what: { reference: `Provenance/${amendment.withdraws}` } });
  return {
    resourceType: "Provenance",
    id,
    meta: metaOf(organisation, {
      versionId: withdrawnBy ? "2" : "1",
      lastUpdated: fhirTime(withdrawnBy?.at ?? at),
      ...(withdrawnBy ? { tag: [{ system: AMENDMENT_SYSTEM, code: "withdrawn" }] } : {}),
    }),
    target: target as Provenance["target"],
    occurredPeriod: { start: fhirTime(from), end: fhirTime(reading ? from : to) },
    recorded: fhirTime(at),
    reason: [{ text: reason }],
    activity: {
      coding: [
        { system: OPERATION_SYSTEM, code: operation[kind] },
        { system: AMENDMENT_SYSTEM, code: kind },
      ],
    },
    agent: [
      {
        type: {
          coding: [{ system: "http://terminology.hl7.org/CodeSystem/provenance-participant-type", code: "author" }],
        },
        who: { identifier: { system: "urn:openward:principal", value: by }, display: byDisplay },
      },
    ],
    ...(entity.length > 0 ? { entity } : {}),
  };
}
