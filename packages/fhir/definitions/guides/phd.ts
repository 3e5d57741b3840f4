import type { ConstraintData, Definitions, ProfileData, RuleData } from "../data.ts";
import { codeable, coding, extension, guide, must, not, of, references, sliced } from "./rules.ts";

const PROFILE = "http://hl7.org/fhir/uv/phd/StructureDefinition/";
const SET = "http://hl7.org/fhir/uv/phd/ValueSet/";
const MDC = "urn:iso:std:iso:11073:10101";
const UCUM = "http://unitsofmeasure.org";
const KINDS = "http://terminology.hl7.org/CodeSystem/ContinuaDeviceIdentifiers";
const MEASUREMENT_STATUS = "http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status";
const GATEWAY = "http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice";

const constraints: Record<string, ConstraintData> = {
  "mdc-1": {
    severity: "warning",
    human: "A published MDC Code is preferred but private MDC codes are allowed as well.",
    expression: "coding.exists() and coding.where(system = 'urn:iso:std:iso:11073:10101').exists()",
  },
};

const identifier = (code: string, system: string): Omit<RuleData, "name"> => ({
  max: 1,
  elements: [must("type", codeable(KINDS, code)), must("system", { fixed: system }), must("value")],
});
const identifiers = sliced("identifier", "type", 1, {
  systemIdIdentifier: identifier("SYSID", "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680"),
  btmacAddressIdentifier: identifier("BTMAC", "http://hl7.org/fhir/sid/eui-48/bluetooth"),
  macAddressIdentifier: identifier("ETHMAC", "http://hl7.org/fhir/sid/eui-48/ethernet"),
});
const inMicroseconds = must("valueQuantity", {
  max: 1,
  elements: [must("system", { fixed: UCUM }), of("code", { fixed: "us" })],
});
const properties = sliced("property", "type", 0, {
  timeSyncProperty: {
    max: 1,
    elements: [must("type", codeable(MDC, "68220")), of("valueCode", { max: 1, elements: [must("coding")] })],
  },
  timeSyncAccuracyProperty: { max: 1, elements: [must("type", codeable(MDC, "68221")), inMicroseconds] },
});

const ofMdc = (min: number, code?: string): Omit<RuleData, "name"> => ({
  ...(min > 0 ? { min } : {}),
  max: 1,
  elements: [must("system", { fixed: MDC }), must("code", code === undefined ? {} : { fixed: code })],
});

const quantity: Omit<RuleData, "name"> = {
  types: [{ code: "Quantity" }],
  elements: [must("value"), must("system", { fixed: UCUM }), must("code")],
};

/** Each interpretation says what the device said of its measurement, whatever else it says. */
const interpretation = of("interpretation", {
  elements: [
    sliced("coding", "system", 1, {
      MsmtStatusInterpretation: {
        min: 1,
        max: 1,
        elements: [must("system", { fixed: MEASUREMENT_STATUS }), must("code")],
      },
    }),
  ],
});

/** What every Observation of a personal health device has, with what one kind adds. */
const observation = (...more: RuleData[]): ProfileData => ({
  type: "Observation",
  rule: of("Observation", {
    elements: [
      sliced("extension", "url", 1, { GatewayDevice: { min: 1, max: 1, elements: [must("url", { fixed: GATEWAY })] } }),
      sliced("category", "coding", 1, {
        phd: { min: 1, max: 1, ...codeable("http://hl7.org/fhir/uv/phd/CodeSystem/PhdObservationCategories", "phd") },
      }),
      of("code", { constraints: ["mdc-1"] }),
      must("subject", references("Patient", "Device")),
      must("effective[x]", { types: [{ code: "dateTime" }, { code: "Period" }] }),
      must("device", references("Device")),
      interpretation,
      of("dataAbsentReason", {
        elements: [of("coding", { binding: { required: "http://hl7.org/fhir/ValueSet/data-absent-reason" } })],
      }),
      ...more,
    ],
  }),
});

/**
 * Personal health devices, their metrics and what they measure.
 *
 * Left out: slices for bits, certification and those of clocks; which MDC codes are no objects.
 *
 * @source HL7 Personal Health Device (github.com/HL7/phd, input/fsh, 5af8412), CC0 1.0; restated here
 */
export const phd: Definitions = {
  ...guide(
    "HL7 Personal Health Device",
    {
      [`${PROFILE}PhdDevice`]: {
        type: "Device",
        rule: of("Device", {
          elements: [
            identifiers,
            must("manufacturer"),
            must("modelNumber"),
            must("type", {
              elements: [sliced("coding", "$this", 1, { PhdCode: { min: 1, max: 1, ...coding(MDC, "65573") } })],
            }),
            must("specialization", {
              elements: [
                of("systemType", {
                  elements: [must("coding", { binding: { required: `${SET}DeviceTypes11073MDC` } })],
                }),
                must("version"),
              ],
            }),
            must("version", {
              elements: [
                must("type", { elements: [must("coding", { binding: { required: `${SET}MDCDeviceVersionTypes` } })] }),
                not("component"),
              ],
            }),
            not("parent"),
            properties,
          ],
        }),
      },
      [`${PROFILE}PhgDevice`]: {
        type: "Device",
        rule: of("Device", {
          elements: [
            identifiers,
            must("type", { elements: [sliced("coding", "system", 1, { MDCType: ofMdc(1, "531981") })] }),
            must("specialization"),
            must("version"),
            not("parent"),
            properties,
          ],
        }),
      },
      [`${PROFILE}PhdDeviceMetric`]: {
        type: "DeviceMetric",
        rule: of("DeviceMetric", {
          elements: [
            of("type", { elements: [sliced("coding", "system", 1, { MDCType: ofMdc(1) })] }),
            must("source", { max: 1, ...references("Device") }),
            not("parent"),
          ],
        }),
      },
      [`${PROFILE}PhdNumericObservation`]: observation(of("value[x]", quantity)),
      [`${PROFILE}PhdCompoundNumericObservation`]: observation(
        not("value[x]"),
        of("component", {
          elements: [of("value[x]", { types: [{ code: "Quantity" }, { code: "CodeableConcept" }] }), interpretation],
        }),
      ),
      [`${PROFILE}PhdCompoundObservation`]: observation(not("value[x]")),
      [`${PROFILE}PhdRtsaObservation`]: observation(of("value[x]", { types: [{ code: "SampledData" }] })),
      [`${PROFILE}PhdStringObservation`]: observation(of("value[x]", { types: [{ code: "string" }] })),
      [`${PROFILE}PhdBitsEnumerationObservation`]: observation(not("value[x]")),
      [`${PROFILE}PhdPatient`]: { type: "Patient", rule: of("Patient") },
      [`${PROFILE}PhdCodedEnumerationObservation`]: observation(
        of("value[x]", { types: [{ code: "CodeableConcept" }] }),
      ),
      [`${PROFILE}PhdCoincidentTimeStampObservation`]: {
        type: "Observation",
        rule: of("Observation", {
          elements: [
            of("status", { fixed: "final" }),
            of("code", {
              elements: [
                sliced("coding", "$this", 1, {
                  MDCType: { min: 1, max: 1, binding: { required: `${SET}MDCClockTypes` } },
                }),
              ],
            }),
            must("subject", references("Device")),
            of("value[x]", { types: [{ code: "dateTime" }, { code: "Quantity" }] }),
            must("device", references("Device")),
            not("derivedFrom"),
            not("hasMember"),
            not("specimen"),
            not("focus"),
          ],
        }),
      },
      [`${PROFILE}CoincidentTimeStampReference`]: extension(`${PROFILE}CoincidentTimeStampReference`, "Reference"),
      [`${PROFILE}Accuracy`]: extension(`${PROFILE}Accuracy`, "Quantity"),
      [`${PROFILE}Confidence95`]: extension(`${PROFILE}Confidence95`, "Range"),
    },
    {
      [`${SET}DeviceTypes11073MDC`]: {
        systems: {
          [MDC]: [
            ..."528384 528385 528388 528390 528391 528392 528397 528399 528401 528402 528403 528404 528405 528406".split(
              " ",
            ),
            ..."528408 528409 528412 528425 528426 528455 528456 528457 528484 528501 528502 528503 528504 528505".split(
              " ",
            ),
            ..."528506 528507 528508 528509 528510 528511 528512 528513 528514 528524 528525 528532 528533 528534".split(
              " ",
            ),
            ..."528535 528536".split(" "),
          ],
        },
      },
      [`${SET}MDCClockTypes`]: { systems: { [MDC]: ["67975", "68226", "67983", "68072"] } },
      [`${SET}MDCDeviceVersionTypes`]: {
        systems: { [MDC]: ["531974", "531975", "531976", "531977", "532352", "67912"] },
      },
    },
  ),
  constraints,
};
