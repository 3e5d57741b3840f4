import type { Observation } from "@medplum/fhirtypes";
import type { Organisation, Stream } from "@openward/model";
import { readingId } from "../observation-id.ts";
import type { Reading } from "../ports.ts";
import { fhirDeviceId } from "./device-id.ts";
import { metaOf } from "./meta.ts";
import { observationKind } from "./observation-kind.ts";
import { qualityOf } from "./quality.ts";
import { receivedQuantity } from "./quantity.ts";
import { fhirTime } from "./time.ts";

/** The Observation of one reading; vital-signs profile where the signal has one. */
export function mapReading(reading: Reading, organisation: Organisation): Observation {
  const { stream, time, value } = reading;
  const kind = observationKind(stream);
  const receivedAt = fhirTime(reading.receivedAt);
  const { tag, note } = qualityOf(reading.quality);
  return {
    resourceType: "Observation",
    id: readingId(stream.id, time, reading.ordinal),
    meta: metaOf(organisation, { versionId: "1", lastUpdated: receivedAt, profile: kind.profile, tag }),
    status: "final",
    ...(kind.category ? { category: kind.category } : {}),
    code: kind.code,
    subject: { reference: `Patient/${stream.patientId}` },
    effectiveDateTime: fhirTime(time, reading.utcOffsetMinutes),
    issued: receivedAt,
    ...valueElement(value, stream),
    ...(note ? { note } : {}),
    device: { reference: `Device/${fhirDeviceId(stream.deviceId)}` },
  };
}

function valueElement(value: number, stream: Stream): Partial<Observation> {
  const { signal, units } = observationKind(stream);
  if (!Number.isFinite(value)) return { dataAbsentReason: absent("not-a-number") };
  if (signal?.kind === "enumerated" && Number.isInteger(value)) return { valueInteger: value };
  return { valueQuantity: receivedQuantity(value, stream.unit, signal, units) };
}

/** A value that is not there, with the reason. */
export function absent(code: "not-a-number" | "unknown"): { coding: { system: string; code: string }[] } {
  return { coding: [{ system: "http://terminology.hl7.org/CodeSystem/data-absent-reason", code }] };
}
