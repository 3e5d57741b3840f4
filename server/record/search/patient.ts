import type { Bundle } from "@medplum/fhirtypes";
import type { Patient } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { mapPatient, mrnSystem, nameOf } from "../resources/patient.ts";
import { type DateValue, parseDates, periodMatches } from "./date.ts";
import { pageOfList, wantedIds } from "./list.ts";
import { type ParameterDefinition, parseQuery } from "./query.ts";
import { matchesString } from "./string.ts";
import { matchesIdentifier, matchesTokens, parseTokens } from "./token.ts";

const ofName = ["exact", "contains"];

export const patientParameters: readonly ParameterDefinition[] = [
  { name: "_id", type: "token", documentation: "One or more ids" },
  { name: "identifier", type: "token", documentation: "Record number, or urn:openward:mrn:{organisation}|number" },
  { name: "name", type: "string", documentation: "Beginning of any part of the name", modifiers: ofName },
  { name: "family", type: "string", documentation: "Beginning of the family name", modifiers: ofName },
  { name: "given", type: "string", documentation: "Beginning of a given name", modifiers: ofName },
  { name: "birthdate", type: "date", documentation: "Date of birth, with prefixes" },
  { name: "gender", type: "token", documentation: "male, female, other or unknown" },
];

const GENDER_SYSTEM = "http://hl7.org/fhir/administrative-gender";

export async function searchPatients(
  context: RecordContext,
  pairs: Iterable<readonly [string, string]>,
): Promise<Bundle> {
  const query = parseQuery(pairs, patientParameters, { strict: context.strict, sorts: ["_id"] });
  const { view, patients, organisation } = context;
  const ids = wantedIds(query);
  const identifiers = query.all("identifier").map(parseTokens);
  const births = query.all("birthdate").map(parseDates);
  const genders = query.all("gender").map(parseTokens);

  const matches = (patient: Patient): boolean => {
    const { text, family, given } = nameOf(patient);
    const families = family === undefined ? [] : [family];
    return (
      view.has(patient.id) &&
      (ids === undefined || ids.has(patient.id)) &&
      matchesIdentifier(identifiers, [{ system: mrnSystem(patient.organisationId), value: patient.mrn }]) &&
      matchesString(query.all("name"), [text ?? "", ...families, ...(given ?? []), ...(text ?? "").split(/[\s,]+/)]) &&
      matchesString(query.all("family"), families) &&
      matchesString(query.all("given"), given ?? []) &&
      bornWithin(patient.birthDate, births) &&
      matchesTokens(genders, [{ coding: [{ system: GENDER_SYSTEM, code: patient.sex }] }])
    );
  };

  const records = ids
    ? await Promise.all([...ids].filter((id) => view.has(id)).map((id) => patients.find(view.principal, id)))
    : await patients.list(view.principal, { all: true });
  const found = records.flatMap((record) =>
    record && matches(record.patient)
      ? [mapPatient(record.patient, organisation, view.recordsOf(record.patient.id).slice(1))]
      : [],
  );
  return pageOfList(context, "Patient", query, found);
}

/** A birth date has no zone: it is compared as the calendar shows it. */
function bornWithin(birthDate: string | null, births: readonly (readonly DateValue[])[]): boolean {
  if (births.length === 0) return true;
  if (birthDate === null) return false;
  const start = Date.parse(`${birthDate}T00:00:00Z`);
  return periodMatches(births, "UTC", start, start + 86_399_999);
}
