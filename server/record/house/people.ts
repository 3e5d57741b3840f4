import type { Practitioner, RelatedPerson } from "@medplum/fhirtypes";
import { isOfTheWard, type PatientRelation, type Principal, type Role, withheldFrom } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { mapPractitioner } from "../resources/practitioner.ts";
import { mapRelatedPerson } from "../resources/related-person.ts";
import { isUuid } from "../uuid.ts";
import { patientsIn } from "./asked.ts";
import type { HouseKind } from "./house.ts";

const worksHere = (role: Role): boolean => role !== "patient" && role !== "family";

/** Colleagues are told to colleagues; whoever else asks finds only themselves. */
const isColleague = ({ role }: Principal): boolean =>
  role !== "patient" && role !== "family" && !withheldFrom(role).has("staff");

export async function readPractitioner(
  { people, view, organisation }: RecordContext,
  id: string,
): Promise<Practitioner | undefined> {
  const { principal } = view;
  if (!isUuid(id) || !(isColleague(principal) || principal.id === id)) return undefined;
  const person = await people.findIn(principal, id);
  return person && worksHere(person.role) ? mapPractitioner(person, organisation) : undefined;
}

export const housePractitioners: HouseKind = {
  documentation:
    "Who works here and signs in, for those who work here; to an application also whom it acts for. A Practitioner that is written cannot sign in.",
  async list({ people, view, organisation }) {
    const { principal } = view;
    const all = await people.list(organisation.id);
    return all
      .filter(({ id, role }) => worksHere(role) && (isColleague(principal) || principal.id === id))
      .map((person) => mapPractitioner(person, organisation));
  },
};

/** Who is not told who the patient is, is not told who stands beside them either. */
function mayKnow({ view }: RecordContext, { relation, patientId, personId }: PatientRelation): boolean {
  const { principal } = view;
  if (relation === "self" || !view.has(patientId)) return false;
  const isWithThem = isOfTheWard(principal.role) && !withheldFrom(principal.role).has("name");
  return isWithThem || principal.id === personId;
}

export async function readRelatedPerson(context: RecordContext, id: string): Promise<RelatedPerson | undefined> {
  const { people, relations, view, organisation, clock } = context;
  const { principal } = view;
  const relation = isUuid(id) ? await relations.find(principal, id) : undefined;
  if (!relation || !mayKnow(context, relation)) return undefined;
  const person = await people.findIn(principal, relation.personId);
  return person && mapRelatedPerson(relation, person, organisation, clock.now());
}

export const houseRelatedPersons: HouseKind = {
  documentation:
    "Family or guardian of one patient, for those who work with that patient; to an application also whom it acts for. One that is written gives nobody access.",
  async list(context, { conditions }) {
    const { people, relations, view, organisation, clock } = context;
    const records = patientsIn(conditions, ["patient"], view).flatMap((id) => view.recordsOf(id));
    const known = (await relations.ofPatients(view.principal, records)).filter((one) => mayKnow(context, one));
    const found: RelatedPerson[] = [];
    for (const relation of known) {
      const person = await people.findIn(view.principal, relation.personId);
      if (person) found.push(mapRelatedPerson(relation, person, organisation, clock.now()));
    }
    return found;
  },
};
