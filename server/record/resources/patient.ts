import type { Patient as FhirPatient, HumanName } from "@medplum/fhirtypes";
import type { Organisation, Patient } from "@openward/model";
import { metaOf } from "./meta.ts";
import { fhirTime } from "./time.ts";

/** Record numbers are unique within their organisation. */
export function mrnSystem(organisationId: string): string {
  return `urn:openward:mrn:${organisationId}`;
}

/** @param merged records that were merged into this one */
export function mapPatient(patient: Patient, organisation: Organisation, merged: readonly string[] = []): FhirPatient {
  return {
    resourceType: "Patient",
    id: patient.id,
    meta: metaOf(organisation, { versionId: String(patient.updatedAt), lastUpdated: fhirTime(patient.updatedAt) }),
    identifier: [
      {
        use: "usual",
        type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0203", code: "MR" }] },
        system: mrnSystem(patient.organisationId),
        value: patient.mrn,
      },
    ],
    active: patient.mergedInto === null,
    name: [nameOf(patient)],
    gender: patient.sex,
    ...(patient.birthDate === null ? {} : { birthDate: patient.birthDate }),
    managingOrganization: { display: organisation.name },
    ...linksOf(patient, merged),
  };
}

function linksOf({ mergedInto }: Patient, merged: readonly string[]): Pick<FhirPatient, "link"> {
  const to = (id: string, type: "replaced-by" | "replaces") => ({ other: { reference: `Patient/${id}` }, type });
  const link = mergedInto === null ? merged.map((id) => to(id, "replaces")) : [to(mergedInto, "replaced-by")];
  return link.length === 0 ? {} : { link };
}

/** "Hansen, Kari Anne" is family and given; a name without a comma is not guessed at. */
export function nameOf(patient: Pick<Patient, "name" | "isUnknown">): HumanName {
  const text = patient.name.trim();
  const comma = text.indexOf(",");
  const use = patient.isUnknown ? "temp" : "usual";
  if (patient.isUnknown || comma <= 0) return { use, text };
  const given = text
    .slice(comma + 1)
    .trim()
    .split(/\s+/)
    .filter(Boolean);
  return { use, text, family: text.slice(0, comma).trim(), ...(given.length === 0 ? {} : { given }) };
}
