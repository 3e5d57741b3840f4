import type { Definitions, RuleData } from "../data.ts";
import { codeable, guide, must, not, of, references, sliced } from "./rules.ts";

const PROFILE = "https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.";
const TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/";

const RELATED = references("Encounter", "CarePlan", "EpisodeOfCare");
const AUTHORED = references(
  "Practitioner",
  "PractitionerRole",
  "Organization",
  "Device",
  "Group",
  "CareTeam",
  "Patient",
  "RelatedPerson",
);

const meaning = (code: string, reference?: { readonly types: RuleData["types"] }): Omit<RuleData, "name"> => ({
  elements: [
    must("meaning", { fixed: code }),
    ...(reference?.types ? [of("reference", { types: reference.types })] : []),
  ],
});
const data = (max?: number) => {
  const most = max === undefined ? {} : { max };
  return sliced(
    "data",
    "meaning",
    0,
    {
      instance: { ...meaning("instance"), ...most },
      related: { ...meaning("related", RELATED), ...most },
      authoredby: { ...meaning("authoredby", AUTHORED), ...most },
    },
    "closed",
  );
};

/** What every consent of the guide has, with what one kind adds to its provision. */
const consent = (...inProvision: RuleData[]) => ({
  type: "Consent",
  rule: of("Consent", {
    elements: [
      of("scope", codeable(`${TERMINOLOGY}consentscope`, "patient-privacy")),
      must("patient"),
      must("dateTime"),
      must("performer"),
      must("organization"),
      must("source[x]"),
      of("policy", { elements: [must("uri")] }),
      not("verification"),
      must("provision", {
        elements: [
          must("type"),
          of("actor", { elements: [of("role", codeable(`${TERMINOLOGY}v3-ParticipationType`, "IRCP"))] }),
          not("action"),
          not("class"),
          not("code"),
          not("securityLabel"),
          ...inProvision,
        ],
      }),
    ],
  }),
});

/**
 * Consents to who may see what, basic and intermediate.
 *
 * @source IHE Privacy Consent on FHIR (github.com/IHE/ITI.PCF, input/fsh/consent.fsh), CC BY 4.0; restated here
 */
export const pcf: Definitions = guide("IHE Privacy Consent on FHIR", {
  [`${PROFILE}consentBasic`]: consent(not("dataPeriod"), not("data"), not("provision")),
  [`${PROFILE}consentIntermediate`]: consent(data(), of("provision", { elements: [not("provision"), data(1)] })),
});
