import type { Annotation, Observation } from "@medplum/fhirtypes";
import type { Organisation, ReadingVersion, Stream } from "@openward/model";
import { readingId } from "../observation-id.ts";
import type { LimitsAt, Reading } from "../ports.ts";
import { fhirDeviceId } from "./device-id.ts";
import { judgedBy } from "./interpretation.ts";
import { metaOf } from "./meta.ts";
import { observationKind } from "./observation-kind.ts";
import { qualityOf } from "./quality.ts";
import { receivedQuantity } from "./quantity.ts";
import { fhirTime } from "./time.ts";

/** The Observation of one reading; vital-signs profile where the signal has one. */
export function mapReading(reading: Reading, organisation: Organisation, limitsAt?: LimitsAt): Observation {
  const { stream, time, value } = reading;
  const kind = observationKind(stream);
  const { amended } = reading;
  const issued = fhirTime(amended?.at ?? reading.receivedAt);
  const { tag, note = [] } = qualityOf(reading.quality);
  const notes = [...note, ...saidNotes(reading), ...noteOf(amended)];
  const isError = amended?.status === "entered-in-error";
  const shown: Partial<Observation> = isError ? { dataAbsentReason: absent("error") } : valueElement(value, stream);
  return {
    resourceType: "Observation",
    id: readingId(stream.id, time, reading.ordinal),
    meta: metaOf(organisation, {
      versionId: String(amended?.version ?? 1),
      lastUpdated: issued,
      profile: kind.profile,
      tag,
    }),
    ...saidElement(reading),
    status: amended?.status ?? "final",
    ...(kind.category ? { category: kind.category } : {}),
    code: kind.code,
    subject: { reference: `Patient/${stream.patientId}` },
    effectiveDateTime: fhirTime(time, reading.utcOffsetMinutes),
    issued,
    ...shown,
    ...judgedBy(limitsAt, reading, shown.valueQuantity),
    ...(notes.length > 0 ? { note: notes } : {}),
    device: { reference: `Device/${fhirDeviceId(stream.deviceId)}` },
  };
}

/** Of an Observation whose time was corrected: what the device said. */
export const DEVICE_TIME = "urn:openward:device-time";

/** Where it is known; what it may have been is in the notes. */
function saidElement({ said = [] }: Reading): Partial<Observation> {
  const [only] = said;
  if (!only || said.length > 1) return {};
  return { extension: [{ url: DEVICE_TIME, valueDateTime: fhirTime(only.deviceTime) }] };
}

export function saidNotes({ said = [] }: Pick<Reading, "said">): Annotation[] {
  return said.map(({ deviceTime, kind }) => ({
    text: `${said.length > 1 ? "Perhaps" : "The time was corrected:"} the device said ${fhirTime(deviceTime)} (clock: ${kind ?? "off"}).`,
  }));
}

/** Who amended it, when and why. */
export function noteOf(amended: ReadingVersion | undefined): Annotation[] {
  const amendment = amended?.amendment;
  if (!amendment) return [];
  return [{ authorString: amendment.byDisplay, time: fhirTime(amendment.at), text: amendment.reason }];
}

function valueElement(value: number, stream: Stream): Partial<Observation> {
  const { signal, units, unitText } = observationKind(stream);
  if (!Number.isFinite(value)) return { dataAbsentReason: absent("not-a-number") };
  if (signal?.kind === "enumerated" && Number.isInteger(value)) return { valueInteger: value };
  const quantity = receivedQuantity(value, stream.unit, signal, units);
  return { valueQuantity: unitText === undefined ? quantity : { ...quantity, unit: unitText } };
}

/** A value that is not there, with the reason. */
export function absent(code: "not-a-number" | "unknown" | "error"): { coding: { system: string; code: string }[] } {
  return { coding: [{ system: "http://terminology.hl7.org/CodeSystem/data-absent-reason", code }] };
}
