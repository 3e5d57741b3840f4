import type { ConstraintData, Definitions, ProfileData, RuleData } from "../data.ts";
import { codeable, guide, must, of, references, sliced } from "./rules.ts";

const PROFILE = "http://hl7.org/fhir/uv/cgm/StructureDefinition/";
const LOINC = "http://loinc.org";
const UCUM = "http://unitsofmeasure.org";

const constraints: Record<string, ConstraintData> = {
  "cgm-sensor-value-or-dar": {
    severity: "error",
    human: "A sensor reading must have a valueQuantity or a dataAbsentReason.",
    expression: "value.exists() or dataAbsentReason.exists()",
  },
};

/** The guide's unit is a pattern, its text included: "mg/dl" beside the code mg/dL. */
const inUnit = (code: string, unit: string, min = 0): RuleData =>
  of("value[x]", {
    ...(min > 0 ? { min } : {}),
    types: [{ code: "Quantity" }],
    pattern: { system: UCUM, code, unit },
  });
const inPercent = inUnit("%", "%", 1);
const patient = must("subject", references("Patient"));

const observation = (code: string, ...elements: RuleData[]): ProfileData => ({
  type: "Observation",
  rule: of("Observation", { elements: [patient, of("code", codeable(LOINC, code)), ...elements] }),
});
const reading = (code: string, value: RuleData): ProfileData => {
  const { type, rule } = observation(code, value, must("effective[x]", { types: [{ code: "dateTime" }] }));
  return { type, rule: { ...rule, constraints: ["cgm-sensor-value-or-dar"] } };
};
const period = must("effective[x]", { types: [{ code: "Period" }], elements: [must("start"), must("end")] });
const summary = (code: string, ...elements: RuleData[]) => observation(code, period, ...elements);
const ofTime = (code: string): Omit<RuleData, "name"> => ({
  min: 1,
  max: 1,
  elements: [must("code", codeable(LOINC, code)), inPercent],
});

/**
 * Continuous glucose: readings of a sensor, and the summary of a span of them.
 *
 * Left out: the slices of `hasMember`, which are told apart by what is referred to.
 *
 * @source HL7 Continuous Glucose Monitoring (github.com/HL7/cgm, input/fsh/profiles.fsh, 0b247ae), CC0 1.0; restated here
 */
export const cgm: Definitions = {
  ...guide("HL7 Continuous Glucose Monitoring", {
    [`${PROFILE}cgm-sensor-reading-mass-per-volume`]: reading("99504-3", inUnit("mg/dL", "mg/dl")),
    [`${PROFILE}cgm-sensor-reading-moles-per-volume`]: reading("105272-9", inUnit("mmol/L", "mmol/l")),
    [`${PROFILE}cgm-summary`]: summary("107931-8", must("hasMember", { min: 6 })),
    [`${PROFILE}cgm-summary-times-in-ranges`]: summary(
      "106793-3",
      sliced("component", "code", 5, {
        timeInVeryLow: ofTime("104642-4"),
        timeInLow: ofTime("104641-6"),
        timeInTarget: ofTime("97510-2"),
        timeInHigh: ofTime("104640-8"),
        timeInVeryHigh: ofTime("104639-0"),
      }),
    ),
    [`${PROFILE}cgm-summary-mean-glucose-mass-per-volume`]: summary("97507-8", inUnit("mg/dL", "mg/dl")),
    [`${PROFILE}cgm-summary-mean-glucose-moles-per-volume`]: summary("105273-7", inUnit("mmol/L", "mmol/l")),
    [`${PROFILE}cgm-summary-gmi`]: summary("97506-0", inPercent),
    [`${PROFILE}cgm-summary-coefficient-of-variation`]: summary("104638-2", inPercent),
    [`${PROFILE}cgm-summary-days-of-wear`]: summary("104636-6", inUnit("d", "days", 1)),
    [`${PROFILE}cgm-summary-sensor-active-percentage`]: summary("104637-4", inPercent),
    [`${PROFILE}cgm-device`]: {
      type: "Device",
      rule: of("Device", {
        elements: [
          must("identifier"),
          sliced("deviceName", "type", 1, {
            cgmDeviceName: { min: 1, max: 1, elements: [must("name"), of("type", { fixed: "user-friendly-name" })] },
          }),
        ],
      }),
    },
  }),
  constraints,
};
