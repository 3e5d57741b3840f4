import type { Bundle, Consent as FhirConsent } from "@medplum/fhirtypes";
import type { Consent } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { mapConsent } from "../resources/consent.ts";
import { isUuid } from "../uuid.ts";
import { pageOfList, patientsOfView, wantedIds } from "./list.ts";
import { type ParameterDefinition, parseQuery } from "./query.ts";
import { idsOfAll } from "./reference.ts";
import { matchesTokens, parseTokens } from "./token.ts";

export const consentParameters: readonly ParameterDefinition[] = [
  { name: "_id", type: "token", documentation: "One or more ids" },
  { name: "patient", type: "reference", documentation: "Whose consent it is", modifiers: ["Patient"] },
  { name: "status", type: "token", documentation: "active, or inactive: taken back" },
];

/** Oldest first. */
export async function consentVersions(context: RecordContext, id: string): Promise<FhirConsent[]> {
  if (!isUuid(id)) return [];
  const { view, consents, organisation } = context;
  const versions = await consents.versions(view.principal, id);
  // A version that is kept from who asks is not there, and with the newest of them none is.
  const isShown = (consent: Consent) => view.has(consent.patientId);
  return versions
    .filter(isShown)
    .map((consent) => mapConsent(consent, organisation))
    .reverse();
}

export async function searchConsents(
  context: RecordContext,
  pairs: Iterable<readonly [string, string]>,
): Promise<Bundle> {
  const query = parseQuery(pairs, consentParameters, { strict: context.strict, sorts: ["_id"] });
  const { view, consents, organisation, base } = context;
  const ids = wantedIds(query);
  const wanted = idsOfAll(query.all("patient"), "Patient", base);
  const statuses = query.all("status").map(parseTokens);
  const patients = wanted ? [...wanted].filter(isUuid) : patientsOfView(view, "http.patient");
  const records = patients.flatMap((id) => view.recordsOf(id));
  const found = (await consents.ofPatients(view.principal, records)).filter(
    ({ id, status }) =>
      (ids === undefined || ids.has(id)) &&
      matchesTokens(statuses, [{ coding: [{ system: STATUS_SYSTEM, code: status }] }]),
  );
  return pageOfList(
    context,
    "Consent",
    query,
    found.map((consent) => mapConsent(consent, organisation)),
  );
}

const STATUS_SYSTEM = "http://hl7.org/fhir/consent-state-codes";
