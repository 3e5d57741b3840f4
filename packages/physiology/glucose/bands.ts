/** Where the bands of glucose begin: mg/dL and mmol/L have limits of their own, which are no conversions of one another. */
interface Bands {
  readonly veryLow: number;
  readonly low: number;
  readonly high: number;
  readonly veryHigh: number;
}

/**
 * 3.9 mmol/L are 70.3 mg/dL, and 10.0 mmol/L 180.2: a value is judged in the unit in which it was received, or what the
 * consensus calls in range would be told as high.
 *
 * @source Battelino et al., Diabetes Care 2019;42:1593, table 2
 */
export const GLUCOSE_BANDS: Readonly<Record<GlucoseUnit, Bands>> = {
  "mg/dL": { veryLow: 54, low: 70, high: 180, veryHigh: 250 },
  "mmol/L": { veryLow: 3, low: 3.9, high: 10, veryHigh: 13.9 },
};

export type GlucoseUnit = "mg/dL" | "mmol/L";

/** g/mol, as UCUM's own documentation has it. */
const MOLAR_MASS = 180.156;
export const MG_PER_DL_OF_MMOL_PER_L = MOLAR_MASS / 10;

/** Of a share of time or of readings in each band; together 100 per cent. */
export interface TimesInRanges {
  readonly veryLow: number;
  readonly low: number;
  readonly target: number;
  readonly high: number;
  readonly veryHigh: number;
}

export function bandOf(value: number, unit: GlucoseUnit): keyof TimesInRanges {
  const { veryLow, low, high, veryHigh } = GLUCOSE_BANDS[unit];
  if (value < veryLow) return "veryLow";
  if (value < low) return "low";
  if (value <= high) return "target";
  return value <= veryHigh ? "high" : "veryHigh";
}
