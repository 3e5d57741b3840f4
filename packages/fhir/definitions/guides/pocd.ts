import type { ConstraintData, Definitions, ProfileData, RuleData } from "../data.ts";
import { guide, must, not, of, references, sliced } from "./rules.ts";

const PROFILE = "http://hl7.org/fhir/uv/pocd/StructureDefinition/";
const UCUM = "http://unitsofmeasure.org";

const constraints: Record<string, ConstraintData> = {
  "pocd-dev-1": {
    severity: "error",
    human: "A device shall have at least one identifier or UDI",
    expression: "identifier.exists() or udiCarrier.exists()",
  },
  "pocd-obs-1": {
    severity: "error",
    human: "If there is no value, a data absent reason must be present",
    expression: "value.exists() or dataAbsentReason.exists()",
  },
};

const device = (rule: Omit<RuleData, "name">): ProfileData => ({ type: "Device", rule: of("Device", rule) });
const partOf = (): ProfileData =>
  device({
    elements: [must("type"), not("patient"), not("location"), must("parent", references("Device"))],
  });

const metric = (...more: RuleData[]): ProfileData => ({
  type: "DeviceMetric",
  rule: of("DeviceMetric", {
    elements: [must("source", references("Device")), must("parent", references("Device")), ...more],
  }),
});

const time = must("effective[x]", { types: [{ code: "dateTime" }, { code: "Period" }] });
const subject = must("subject", references("Patient", "Device"));
const inUcum = of("system", { fixed: UCUM });

const observation = (constraint: readonly string[], ...elements: RuleData[]): ProfileData => ({
  type: "Observation",
  rule: of("Observation", { constraints: constraint, elements: [subject, time, ...elements] }),
});
const measured = must("device", references("DeviceMetric"));
const quantity: Omit<RuleData, "name"> = {
  types: [{ code: "Quantity" }],
  elements: [must("value"), inUcum],
};

/**
 * Devices at the point of care, what they are made of and what they measure.
 *
 * A device of a device metric is told by its type alone: whether what a reference names keeps its own profile is not asked.
 *
 * @source HL7 Point-of-Care Devices (github.com/HL7/uv-pocd, input/resources, 9be0922), CC0 1.0; restated here
 */
export const pocd: Definitions = {
  ...guide("HL7 Point-of-Care Devices", {
    [`${PROFILE}MdsDevice`]: device({
      constraints: ["pocd-dev-1"],
      elements: [
        sliced("identifier", "system", 0, {
          "EUI-64": {
            max: 1,
            elements: [must("system", { fixed: "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680" }), must("value")],
          },
        }),
        must("type"),
      ],
    }),
    [`${PROFILE}VmdDevice`]: partOf(),
    [`${PROFILE}ChannelDevice`]: partOf(),
    [`${PROFILE}NumericDeviceMetric`]: metric(),
    [`${PROFILE}SampleArrayDeviceMetric`]: metric(),
    [`${PROFILE}EnumerationDeviceMetric`]: metric(not("unit")),
    [`${PROFILE}NumericObservation`]: observation(
      ["pocd-obs-1"],
      of("value[x]", {
        types: [{ code: "Quantity" }, { code: "Ratio" }],
        slicing: { by: [{ type: "type", path: "$this" }], rules: "closed" },
        slices: [
          { name: "value[x]", slice: "valueQuantity", ...quantity },
          { name: "value[x]", slice: "valueRatio", types: [{ code: "Ratio" }] },
        ],
      }),
      measured,
    ),
    [`${PROFILE}CompoundNumericObservation`]: observation(
      [],
      not("value[x]"),
      measured,
      must("component", { constraints: ["pocd-obs-1"], elements: [of("value[x]", quantity)] }),
    ),
    [`${PROFILE}SampleArrayObservation`]: observation(
      [],
      of("value[x]", { types: [{ code: "SampledData" }], elements: [of("origin", { elements: [inUcum] })] }),
      measured,
    ),
    [`${PROFILE}EnumerationObservation`]: observation(
      ["pocd-obs-1"],
      of("value[x]", { types: [{ code: "CodeableConcept" }, { code: "string" }] }),
      measured,
    ),
  }),
  constraints,
};
