import type { Consent as FhirConsent } from "@medplum/fhirtypes";
import type { Consent } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { mapConsent } from "../resources/consent.ts";
import { isUuid } from "../uuid.ts";
import { patientsIn } from "./asked.ts";
import type { HouseKind } from "./house.ts";

export const houseConsents: HouseKind = {
  documentation:
    "What patients share and do not share here, as far as they let it be known; IHE Privacy Consent on FHIR, basic or intermediate, with kinds of data in a modifier extension. A Consent that is written rules nothing here, and is tagged so: what rules is said in the portals.",
  async list({ view, consents, organisation }, { conditions }) {
    const records = patientsIn(conditions, ["patient"], view)
      .filter(isUuid)
      .flatMap((id) => view.recordsOf(id));
    return (await consents.ofPatients(view.principal, records)).map((consent) => mapConsent(consent, organisation));
  },
};

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
