import type { OAuthDeps } from "./ports.ts";

/**
 * The resource of /fhir that a person is (SMART App Launch, `fhirUser`): Patient for who signs in as one, RelatedPerson for
 * family and guardians, Practitioner for everybody who works here.
 *
 * @param patientId whom the application was given; of several patients it says which one the person is beside
 * @returns undefined for one who stands beside no patient whom they may see, or not beside this one
 */
export async function fhirUserOf(
  { access, people, relations, runtime }: Pick<OAuthDeps, "access" | "people" | "relations" | "runtime">,
  personId: string,
  patientId: string | null,
): Promise<string | undefined> {
  const person = await people.find(personId);
  if (!person) return undefined;
  const { organisationId, role } = person;
  if (role !== "patient" && role !== "family") return `Practitioner/${personId}`;
  const { relations: all } = await relations.ofPerson(organisationId, personId);
  const view = await access.viewOf({ ...person, kind: "person" });
  const now = runtime.clock.now();
  // The one that has stood longest comes first: the same at each sign-in, while it stands.
  const running = all
    .toReversed()
    .filter(({ patientId: id, from, to }) => from <= now && (to === null || now < to) && view.has(id));
  if (role === "patient") {
    const self = running.find(({ relation }) => relation === "self");
    return self && `Patient/${self.patientId}`;
  }
  const kin = running.find(
    ({ relation, patientId: id }) =>
      relation !== "self" && (patientId === null || view.recordsOf(id).includes(patientId)),
  );
  return kin && `RelatedPerson/${kin.id}`;
}
