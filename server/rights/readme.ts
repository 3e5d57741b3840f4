import type { PatientTable } from "./rows.ts";

/** What the archive says of itself, to whoever opens it without knowing Openward. */
export function readme(facts: {
  readonly organisation: string;
  readonly madeAt: number;
  readonly tables: readonly PatientTable[];
}): string {
  const { organisation, madeAt, tables } = facts;
  return `Everything about one patient, from Openward at ${organisation}, made ${new Date(madeAt).toISOString()}.

This archive is not encrypted. Whoever has it can read it: keep it where only you can.

Each file with the ending .ndjson has one record a line, in JSON. Times that are numbers are milliseconds since
1970-01-01T00:00:00Z.

fhir/Patient.ndjson       who the patient is (HL7 FHIR R4, as all files of this folder)
fhir/Device.ndjson        the devices that measured, or are worn now, and what is in them (parent)
fhir/DeviceMetric.ndjson  what each of them measures
fhir/DeviceUseStatement.ndjson  which of them was on the patient, and when
fhir/Observation.ndjson   every measurement: single values; blood pressure as panels; waveforms in pieces of ten seconds
                          (valueSampledData: value = sample x factor + origin.value, one sample every "period" ms, E: none).
                          A value that somebody corrected is told corrected; what was entered in error has no value.
fhir/Provenance.ndjson    who changed a measurement afterwards, when and why
fhir/AuditEvent.ndjson    who looked at or changed anything about the patient, newest first
amendments.ndjson         the same changes of measurements in Openward's own form, with the values as they were received
nightscout.ndjson         what apps that speak Nightscout wrote, as they wrote it
manifest.json             the last file: what is in each file, and its SHA-256. An archive without it was cut short.

records/ has what Openward keeps beside measurements, a file for each of its tables:
${tables.map(({ name }) => `  records/${name}.ndjson`).join("\n")}

Not in it: what devices sent byte for byte (kept for some days; the measurements in it are here), secrets of sign-ins, and
sums and indexes that are made of the measurements above.
`;
}
