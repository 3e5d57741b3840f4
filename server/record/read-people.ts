import type { Practitioner, RelatedPerson } from "@medplum/fhirtypes";
import { isOfTheWard, type Role, withheldFrom } from "@openward/model";
import type { RecordContext } from "./context.ts";
import { mapPractitioner } from "./resources/practitioner.ts";
import { mapRelatedPerson } from "./resources/related-person.ts";
import { isUuid } from "./uuid.ts";

const worksHere = (role: Role): boolean => role !== "patient" && role !== "family";

/** Colleagues are told to colleagues; whoever else asks finds only themselves. */
export async function readPractitioner(
  { people, view, organisation }: RecordContext,
  id: string,
): Promise<Practitioner | undefined> {
  const { principal } = view;
  const isColleague =
    principal.role !== "patient" && principal.role !== "family" && !withheldFrom(principal.role).has("staff");
  if (!isUuid(id) || !(isColleague || principal.id === id)) return undefined;
  const person = await people.findIn(principal, id);
  return person && worksHere(person.role) ? mapPractitioner(person, organisation) : undefined;
}

/** Who is not told who the patient is, is not told who stands beside them either. */
export async function readRelatedPerson(
  { people, relations, view, organisation, clock }: RecordContext,
  id: string,
): Promise<RelatedPerson | undefined> {
  const { principal } = view;
  const relation = isUuid(id) ? await relations.find(principal, id) : undefined;
  if (!relation || relation.relation === "self" || !view.has(relation.patientId)) return undefined;
  const isWithThem = isOfTheWard(principal.role) && !withheldFrom(principal.role).has("name");
  if (!isWithThem && principal.id !== relation.personId) return undefined;
  const person = await people.findIn(principal, relation.personId);
  return person && mapRelatedPerson(relation, person, organisation, clock.now());
}
