import type { Practitioner } from "@medplum/fhirtypes";
import type { Organisation, Person } from "@openward/model";
import { contentVersion, metaOf } from "./meta.ts";
import { nameOf } from "./patient.ts";

/** Whoever signs in or acts by a token: ids of our own. */
export const PRINCIPAL_SYSTEM = "urn:openward:principal";
const ROLE_SYSTEM = "urn:openward:role";

/** Somebody who works here, as the people of the organisation have them: how to reach them is no part of it. */
export function mapPractitioner({ id, display, role, disabledAt }: Person, organisation: Organisation): Practitioner {
  const told = {
    identifier: [{ system: PRINCIPAL_SYSTEM, value: id }],
    active: disabledAt === null,
    name: [nameOf({ name: display, isUnknown: false })],
    // R4 has the role in PractitionerRole; here it is one of a person.
    extension: [{ url: ROLE_SYSTEM, valueCode: role }],
  };
  return {
    resourceType: "Practitioner",
    id,
    meta: metaOf(organisation, { versionId: contentVersion(told) }),
    ...told,
  };
}
