import type { Coding, ConsentProvisionActor, Consent as FhirConsent } from "@medplum/fhirtypes";
import type { Consent, ConsentActor, Organisation } from "@openward/model";
import { findCategory } from "@openward/signals/categories";
import { metaOf } from "./meta.ts";
import { fhirTime } from "./time.ts";

const CATEGORY_SYSTEM = "urn:openward:data-category";
const ROLE_SYSTEM = "urn:openward:role";
const PERSON_SYSTEM = "urn:openward:person";
const ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason";

const PURPOSES: Readonly<Record<string, Coding>> = {
  care: { system: ACT_REASON, code: "TREAT", display: "treatment" },
  research: { system: ACT_REASON, code: "HRESCH", display: "healthcare research" },
};

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

const SAID_AS = {
  guardian: "who decides for the patient",
  staff: "written down by staff as the patient said it",
} as const;

/**
 * A patient's statement after the foundation of IHE Privacy Consent on FHIR: one provision, permit or deny. Kinds of data stand in
 * `provision.code`, which that profile leaves out: its own way, labels of sensitivity, is not ours.
 */
export function mapConsent(consent: Consent, organisation: Organisation): FhirConsent {
  const { id, version, patientId, status, decision, categories, purpose, from, to, saidAt, saidAs } = consent;
  return {
    resourceType: "Consent",
    id,
    meta: metaOf(organisation, { versionId: String(version), lastUpdated: fhirTime(saidAt) }),
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
    category: [
      {
        coding: [
          { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "INFA", display: "information access" },
        ],
      },
    ],
    patient: { reference: `Patient/${patientId}` },
    dateTime: fhirTime(saidAt),
    organization: [{ display: organisation.name }],
    policy: [{ uri: POLICY }],
    performer: [saidAs === "self" ? { reference: `Patient/${patientId}` } : { display: SAID_AS[saidAs] }],
    sourceAttachment: { title: "Said in Openward", creation: fhirTime(saidAt) },
    provision: {
      type: decision,
      period: { start: fhirTime(from), ...(to === null ? {} : { end: fhirTime(to) }) },
      actor: consent.actors.map(mapActor),
      ...(purpose === null ? {} : { purpose: [PURPOSES[purpose] as Coding] }), // both are in the table
      code: categories.map((code) => ({
        coding: [{ system: CATEGORY_SYSTEM, code, display: findCategory(code)?.display ?? code }],
      })),
    },
  };
}

function mapActor(actor: ConsentActor): ConsentProvisionActor {
  switch (actor.kind) {
    case "everybody":
      return { role: RECIPIENT, reference: { display: "everybody" } };
    case "role":
      return {
        role: RECIPIENT,
        reference: { identifier: { system: ROLE_SYSTEM, value: actor.role }, display: actor.role },
      };
    case "person":
    case "token":
      return { role: RECIPIENT, reference: { identifier: { system: PERSON_SYSTEM, value: actor.id } } };
  }
}
