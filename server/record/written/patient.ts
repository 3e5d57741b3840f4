import { RefusedInput } from "@openward/errors";
import { parseResource, printFhir, type Resource } from "@openward/fhir/json";
import { findableOf, patientsOf, tokenTerms } from "@openward/fhir/search";
import type { Change, PatientAct } from "@openward/fhir/store";
import type { Patient } from "@openward/model";
import { toBaseUnits } from "@openward/signals/units";
import type { RecordContext } from "../context.ts";
import { mapPatient, mrnSystem } from "../resources/patient.ts";
import { definitions } from "./definitions.ts";
import { changeOf, factsOf, type HouseChange, type Told, withHouse } from "./patient-facts.ts";
import { contentOf } from "./present.ts";

const ours = (organisationId: string, number: string): string[] =>
  tokenTerms("identifier", { system: mrnSystem(organisationId), code: number });

/** Who is new to the registry. @throws RefusedInput FIELD_INVALID */
export function actOfCreate(context: RecordContext, resource: Resource, id: string, place: string): PatientAct {
  const { organisation, clock } = context;
  const { number, ...patient } = factsOf(resource, organisation.id, clock.now(), place);
  // A number of another system may be somebody else's here; one of our own is a person's, and then it is refused.
  const made = `F-${id.slice(0, 8).toUpperCase()}${id.slice(-4).toUpperCase()}`;
  const numbers = number === undefined ? [made] : number.isOurs ? [number.value] : [number.value, made];
  return { kind: "create", patient, numbers, termsOf: (one) => ours(organisation.id, one) };
}

/** As the house has them now. @throws RefusedInput NOT_FOUND */
export async function houseOf({ patients, view }: RecordContext, id: string): Promise<Patient> {
  const record = view.has(id) ? await patients.find(view.principal, id) : undefined;
  if (!record) throw new RefusedInput("NOT_FOUND");
  return record.patient;
}

/** How the house tells of them, for who was never written. */
export function textOfHouse({ organisation, view }: RecordContext, patient: Patient): Resource {
  const merged = view.recordsOf(patient.id).slice(1);
  return mapPatient(patient, organisation, merged) as unknown as Resource;
}

/**
 * What an update changes in the registry.
 *
 * @param before what stood there: as it was written, or as the house tells it
 * @throws RefusedInput FIELD_INVALID; NOT_PERMITTED where a patient's own application would change who they are
 */
export function actOfUpdate(
  context: RecordContext,
  texts: { readonly before: Resource; readonly after: Resource },
  house: Patient,
  { isOwn, place }: { readonly isOwn: boolean; readonly place: string },
): PatientAct {
  const { organisation, clock } = context;
  const told = (resource: Resource): Told => factsOf(resource, organisation.id, clock.now(), place);
  const change = changeOf(
    toldBefore(() => told(texts.before), told(texts.after)),
    told(texts.after),
    house,
  );
  const { timeZone: _, ...identity } = change;
  // The ward tells two patients apart by these.
  if (isOwn && Object.keys(identity).length > 0)
    throw new RefusedInput("NOT_PERMITTED", {
      at: place,
      expected: "the name, birth date, sex and record number that the ward has: who somebody is, is said there",
    });
  return { kind: "change", change };
}

/** A text that could not be written today says nothing that could be changed. */
function toldBefore(tell: () => Told, otherwise: Told): Told {
  try {
    return tell();
  } catch {
    return otherwise;
  }
}

/** By what a Patient is found: by what stands in it, and by the number of the house. */
export function findablePatient(
  resource: Resource,
  base: string,
  house: Pick<Patient, "organisationId" | "mrn"> | undefined,
) {
  const { table } = definitions();
  const findable = findableOf(resource, table.of("Patient").values(), { base, toCanonical: toBaseUnits });
  if (!house) return findable;
  return { ...findable, terms: [...new Set([...findable.terms, ...ours(house.organisationId, house.mrn)])] };
}

/** They themselves, and whom they name. */
function patientsOfPatient(resource: Resource, id: string, base: string): string[] {
  const { table, compartment } = definitions();
  return [...new Set([id, ...patientsOf(resource, { table, compartment, base })])];
}

/**
 * What the house changed, put into what was written.
 *
 * @param base where this server is; undefined: it says so already
 */
export async function textAfter(content: string, change: HouseChange, base: string) {
  const before = parseResource(content);
  const resource = withHouse(before, change);
  if (resource === before) return undefined;
  const { after } = change;
  return {
    content: printFhir(resource),
    patientIds: patientsOfPatient(resource, after.id, base),
    findable: findablePatient(resource, base, after),
  };
}

/** What stands as version 1 of a patient whom the house made, once something is written of them. */
export const stoodBefore = (context: RecordContext, house: Patient): NonNullable<Change["stoodBefore"]> => ({
  content: printFhir(contentOf(textOfHouse(context, house))),
  updatedAt: house.updatedAt,
});
