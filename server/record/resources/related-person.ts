import type { RelatedPerson } from "@medplum/fhirtypes";
import type { Organisation, PatientRelation, Person } from "@openward/model";
import { contentVersion, metaOf } from "./meta.ts";
import { nameOf } from "./patient.ts";
import { PRINCIPAL_SYSTEM } from "./practitioner.ts";
import { fhirTime } from "./time.ts";

const RELATIONSHIPS = {
  family: { code: "FAMMEMB", display: "family member" },
  guardian: { code: "GUARD", display: "guardian" },
} as const;

/** A person beside one patient; beside another they are another resource. Why they stand there is not told. */
export function mapRelatedPerson(
  { id, patientId, relation, from, to }: PatientRelation,
  person: Person,
  organisation: Organisation,
  now: number,
): RelatedPerson {
  const told = {
    identifier: [{ system: PRINCIPAL_SYSTEM, value: person.id }],
    active: person.disabledAt === null && from <= now && (to === null || now < to),
    patient: { reference: `Patient/${patientId}` },
    ...(relation === "self"
      ? {}
      : {
          relationship: [
            { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-RoleCode", ...RELATIONSHIPS[relation] }] },
          ],
        }),
    name: [nameOf({ name: person.display, isUnknown: false })],
    period: { start: fhirTime(from), ...(to === null ? {} : { end: fhirTime(to) }) },
  };
  return {
    resourceType: "RelatedPerson",
    id,
    meta: metaOf(organisation, { versionId: contentVersion(told) }),
    ...told,
  };
}
