import type {
  Coding,
  ConsentProvisionActor,
  Extension,
  Consent as FhirConsent,
  Patient,
  Reference,
  RelatedPerson,
} from "@medplum/fhirtypes";
import type { Consent, ConsentActor, ConsentPurpose, Organisation } from "@openward/model";
import { categories as everyKind, findCategory } from "@openward/signals/categories";
import { metaOf } from "./meta.ts";
import { PRINCIPAL_SYSTEM } from "./practitioner.ts";
import { fhirTime } from "./time.ts";

const PCF = "https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.";
const CATEGORY_SYSTEM = "urn:openward:data-category";
const ROLE_SYSTEM = "urn:openward:role";
const ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason";

/** A kind of data that the provision is about: what names kinds is about no other. */
export const DATA_CATEGORY = "urn:openward:consent-data-category";

const TREATMENT: Coding = { system: ACT_REASON, code: "TREAT", display: "treatment" };
const PAYMENT: Coding = { system: ACT_REASON, code: "HPAYMT", display: "healthcare payment" };
const OPERATIONS: Coding = { system: ACT_REASON, code: "HOPERAT", display: "healthcare operations" };
const RESEARCH: Coding = { system: ACT_REASON, code: "HRESCH", display: "healthcare research" };

/** Of whom it is said: "information recipient". */
const RECIPIENT = {
  coding: [
    {
      system: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
      code: "IRCP",
      display: "information recipient",
    },
  ],
};

/** What everybody agrees to who says something here: nothing is shown without a grant (docs/adr/0035-consent.md). */
const POLICY = "urn:openward:policy:consent";

type NamedActor = Exclude<ConsentActor, { readonly kind: "everybody" }>;

/**
 * A patient's statement as IHE Privacy Consent on FHIR has it: basic, and for research, which is no purpose of basic,
 * intermediate. One provision, permit or deny. That profile has no place for kinds of data (`provision.code` and `.class` are ruled
 * out, labels name stigmatising topics): a modifier extension has them, so that nobody who does not know it takes what is
 * shared in part as shared whole.
 *
 * @source IHE/ITI.PCF, input/fsh/consent.fsh of 2024-10-21
 */
export function mapConsent(consent: Consent, organisation: Organisation): FhirConsent {
  const { id, version, patientId, status, decision, categories, purpose, from, to, saidAt } = consent;
  const named = consent.actors.filter((actor): actor is NamedActor => actor.kind !== "everybody");
  const isOfEveryKind = everyKind.every(({ key }) => categories.includes(key));
  return {
    resourceType: "Consent",
    id,
    meta: metaOf(organisation, {
      versionId: String(version),
      lastUpdated: fhirTime(saidAt),
      profile: [`${PCF}${purpose === "research" ? "consentIntermediate" : "consentBasic"}`],
    }),
    status,
    scope: {
      coding: [
        {
          system: "http://terminology.hl7.org/CodeSystem/consentscope",
          code: "patient-privacy",
          display: "Privacy Consent",
        },
      ],
    },
    category: [{ coding: [{ system: "http://loinc.org", code: "59284-0" }] }],
    patient: { reference: `Patient/${patientId}` },
    dateTime: fhirTime(saidAt),
    organization: [{ display: organisation.name }],
    policy: [{ uri: POLICY }],
    performer: [performerOf(consent)],
    sourceAttachment: { title: "Said in Openward", creation: fhirTime(saidAt) },
    provision: {
      ...(isOfEveryKind ? {} : { modifierExtension: categories.map(mapCategory) }),
      type: decision,
      period: { start: fhirTime(from), ...(to === null ? {} : { end: fhirTime(to) }) },
      // Without one it is said to all.
      ...(named.length < consent.actors.length ? {} : { actor: named.map(mapActor) }),
      ...(purpose === null ? {} : { purpose: purposesOf(decision, purpose) }),
    },
  };
}

/** What is denied for care is denied for all that is not research. */
function purposesOf(decision: Consent["decision"], purpose: ConsentPurpose): Coding[] {
  if (purpose === "research") return [RESEARCH];
  return decision === "deny" ? [TREATMENT, PAYMENT, OPERATIONS] : [TREATMENT];
}

function performerOf({ saidAs, saidBy, patientId }: Consent): Reference<Patient | RelatedPerson> {
  switch (saidAs) {
    case "self":
      return { reference: `Patient/${patientId}` };
    case "guardian":
      return {
        type: "RelatedPerson",
        identifier: { system: PRINCIPAL_SYSTEM, value: saidBy },
        display: "who decides for the patient",
      };
    case "staff":
      // Who wrote it down is not who said it.
      return { display: "written down by staff as the patient said it" };
  }
}

const mapCategory = (code: string): Extension => ({
  url: DATA_CATEGORY,
  valueCoding: { system: CATEGORY_SYSTEM, code, display: findCategory(code)?.display ?? code },
});

function mapActor(actor: NamedActor): ConsentProvisionActor {
  switch (actor.kind) {
    case "role":
      return {
        role: RECIPIENT,
        reference: { identifier: { system: ROLE_SYSTEM, value: actor.role }, display: actor.role },
      };
    case "person":
    case "token":
      return { role: RECIPIENT, reference: { identifier: { system: PRINCIPAL_SYSTEM, value: actor.id } } };
  }
}
