import type { CodeableConcept, Observation, ObservationComponent, Quantity } from "@medplum/fhirtypes";
import type { Organisation } from "@openward/model";
import { GLUCOSE_BANDS, type GlucoseUnit, MG_PER_DL_OF_MMOL_PER_L } from "@openward/physiology/glucose";
import { glucoseId } from "../observation-id.ts";
import { contentVersion, metaOf } from "../resources/meta.ts";
import { CATEGORY_SYSTEM, LOINC, type SummaryKind } from "../resources/observation-kind.ts";
import { UCUM } from "../resources/quantity.ts";
import { fhirTime } from "../resources/time.ts";
import type { MeasuredGlucose } from "./measured.ts";

const CGM = "http://hl7.org/fhir/uv/cgm/StructureDefinition/";

/** Observations of one fortnight, in the order in which they are told; "s" has all others as members. */
export const GLUCOSE_MEASURES = ["s", "m", "t", "g", "c", "d", "a"] as const;
export type GlucoseMeasure = (typeof GLUCOSE_MEASURES)[number];

export const isGlucoseMeasure = (text: string): text is GlucoseMeasure =>
  (GLUCOSE_MEASURES as readonly string[]).includes(text);

interface Told {
  readonly profile: string;
  readonly code: CodeableConcept;
  of(measured: MeasuredGlucose): Partial<Observation>;
}

const loinc = (code: string, display: string, text: string): CodeableConcept => ({
  coding: [{ system: LOINC, code, display }],
  text,
});
/** As the guide's patterns have it. */
const UNITS = { "%": "%", d: "days", "mg/dL": "mg/dl", "mmol/L": "mmol/l" } as const;
const quantity = (value: number, code: keyof typeof UNITS, digits = 2): Quantity => ({
  value: Number(value.toFixed(digits)),
  unit: UNITS[code],
  system: UCUM,
  code,
});
const amount = (value: number, code: keyof typeof UNITS, digits?: number): Partial<Observation> => ({
  valueQuantity: quantity(value, code, digits),
});

const [MG, MMOL] = [GLUCOSE_BANDS["mg/dL"], GLUCOSE_BANDS["mmol/L"]];

/**
 * The guide has 104642-4 ("level 1") for the very low, and 104641-6 ("level 2") for the low, where the consensus counts the other way: the
 * codes are the guide's, and the words say which band it is.
 */
const BANDS = {
  veryLow: loinc(
    "104642-4",
    "Continuous glucose monitoring time below glucose threshold level 1",
    `Very low: below ${MG.veryLow} mg/dL, below ${MMOL.veryLow.toFixed(1)} mmol/L`,
  ),
  low: loinc(
    "104641-6",
    "Continuous glucose monitoring time below glucose threshold level 2",
    `Low: ${MG.veryLow} to below ${MG.low} mg/dL, ${MMOL.veryLow.toFixed(1)} to below ${MMOL.low} mmol/L`,
  ),
  target: loinc(
    "97510-2",
    "Continuous glucose monitoring time in range",
    `In range: ${MG.low} to ${MG.high} mg/dL, ${MMOL.low} to ${MMOL.high.toFixed(1)} mmol/L`,
  ),
  high: loinc(
    "104640-8",
    "Continuous glucose monitoring time above glucose threshold level 1",
    `High: above ${MG.high} to ${MG.veryHigh} mg/dL, above ${MMOL.high.toFixed(1)} to ${MMOL.veryHigh} mmol/L`,
  ),
  veryHigh: loinc(
    "104639-0",
    "Continuous glucose monitoring time above glucose threshold level 2",
    `Very high: above ${MG.veryHigh} mg/dL, above ${MMOL.veryHigh} mmol/L`,
  ),
} as const;
type Band = keyof typeof BANDS;

const mean = {
  "mg/dL": {
    profile: "cgm-summary-mean-glucose-mass-per-volume",
    code: loinc("97507-8", "Glucose [Mass/volume] in Serum or Plasma by Continuous glucose monitoring", "Mean glucose"),
  },
  "mmol/L": {
    profile: "cgm-summary-mean-glucose-moles-per-volume",
    code: loinc(
      "105273-7",
      "Glucose [Moles/volume] in Capillary blood by Continuous glucose monitoring",
      "Mean glucose",
    ),
  },
} as const;

const others: Readonly<Record<Exclude<GlucoseMeasure, "m">, Told>> = {
  s: {
    profile: "cgm-summary",
    code: loinc(
      "107931-8",
      "Continuous glucose monitoring summary panel - Reporting Period",
      "Continuous glucose monitoring summary",
    ),
    of: ({ patientId, fortnight: { index } }) => ({
      hasMember: GLUCOSE_MEASURES.filter((one) => one !== "s").map((one) => ({
        reference: `Observation/${glucoseId(patientId, one, index)}`,
      })),
    }),
  },
  t: {
    profile: "cgm-summary-times-in-ranges",
    code: loinc("106793-3", "Continuous glucose monitoring time in ranges panel", "Times in ranges"),
    of: ({ times }) => ({
      component: (Object.keys(BANDS) as Band[]).map(
        (band): ObservationComponent => ({ code: BANDS[band], valueQuantity: quantity(times[band], "%") }),
      ),
    }),
  },
  g: {
    profile: "cgm-summary-gmi",
    code: loinc(
      "97506-0",
      "Glucose management indicator by Continuous glucose monitoring",
      "Glucose management indicator (GMI)",
    ),
    of: ({ gmi }) => amount(gmi, "%"),
  },
  c: {
    profile: "cgm-summary-coefficient-of-variation",
    code: loinc(
      "104638-2",
      "Coefficient of variation of glucose by Continuous glucose monitoring",
      "Coefficient of variation",
    ),
    of: ({ cv }) => amount(cv, "%"),
  },
  d: {
    profile: "cgm-summary-days-of-wear",
    code: loinc("104636-6", "Continuous glucose monitoring duration of use", "Days with readings"),
    of: ({ daysOfWear }) => amount(daysOfWear, "d", 0),
  },
  a: {
    profile: "cgm-summary-sensor-active-percentage",
    code: loinc("104637-4", "Continuous glucose monitoring sensor wear time active", "Time with readings"),
    of: ({ activePercent }) => amount(activePercent, "%"),
  },
};

const ofMean = ({ unit, meanMgPerDl }: MeasuredGlucose): Partial<Observation> =>
  unit === "mg/dL" ? amount(meanMgPerDl, unit, 1) : amount(meanMgPerDl / MG_PER_DL_OF_MMOL_PER_L, unit);

const category: CodeableConcept[] = [{ coding: [{ system: CATEGORY_SYSTEM, code: "laboratory" }] }];

/** By what one of them can be found before anything is read. */
export function glucoseKind(measure: GlucoseMeasure, unit: GlucoseUnit): SummaryKind {
  const code = measure === "m" ? mean[unit].code : others[measure].code;
  return { code, category, components: measure === "t" ? Object.values(BANDS) : [] };
}

/** All that there are, of sensors in either unit. */
export const GLUCOSE_KINDS: readonly SummaryKind[] = GLUCOSE_MEASURES.flatMap((measure) =>
  measure === "m" ? [glucoseKind(measure, "mg/dL"), glucoseKind(measure, "mmol/L")] : [glucoseKind(measure, "mg/dL")],
);

/** Below it the consensus calls a report not representative. */
const SUFFICIENT_PERCENT = 70;

/** One of the Observations of a fortnight; its version is told by what it says. */
export function mapGlucose(
  measured: MeasuredGlucose,
  measure: GlucoseMeasure,
  organisation: Organisation,
): Observation {
  const { patientId, fortnight, isOver, activePercent, updatedAt } = measured;
  const { firstDay, lastDay, index } = fortnight;
  const { profile, code } = measure === "m" ? mean[measured.unit] : others[measure];
  const issued = fhirTime(updatedAt);
  const told: Partial<Observation> = {
    status: isOver ? "final" : "preliminary",
    category,
    code,
    subject: { reference: `Patient/${patientId}` },
    effectivePeriod: { start: firstDay, end: lastDay },
    ...(measure === "m" ? ofMean(measured) : others[measure].of(measured)),
    ...(activePercent < SUFFICIENT_PERCENT ? { note: [{ text: noteOf(activePercent) }] } : {}),
  };
  return {
    resourceType: "Observation",
    id: glucoseId(patientId, measure, index),
    meta: metaOf(organisation, {
      versionId: contentVersion([measured.count, told]),
      lastUpdated: issued,
      profile: [CGM + profile],
    }),
    issued,
    ...told,
  } as Observation; // status and code are in what is told
}

const noteOf = (percent: number) =>
  `Readings cover ${percent.toFixed(1)} % of the time: below ${SUFFICIENT_PERCENT} % it is not representative of these days (International Consensus on Time in Range, 2019).`;
