export { type Agp, type AgpBin, agp } from "./agp.ts";
export { GLUCOSE_BANDS, type GlucoseUnit, MG_PER_DL_OF_MMOL_PER_L, type TimesInRanges } from "./bands.ts";
export { type LocalTime, localTimeOf } from "./local-time.ts";
export { type Mage, mage } from "./mage.ts";
export { type GlucoseMetrics, type GlycaemiaRisk, glucoseMetrics, glycaemiaRisk } from "./metrics.ts";
export { type GlucoseSummary, type SensorGlucose, summariseGlucose } from "./summary.ts";
export { type GlucoseTrace, type LeftOut, traceOf } from "./trace.ts";
export { conga, modd } from "./variability.ts";
export { type GlucoseWear, glucoseWear } from "./wear.ts";
