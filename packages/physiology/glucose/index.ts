export { type Agp, type AgpBin, agp } from "./agp.ts";
export { GLUCOSE_BANDS, type GlucoseUnit, MG_PER_DL_OF_MMOL_PER_L, type TimesInRanges } from "./bands.ts";
export { type CompressionLow, compressionLows } from "./compression.ts";
export { type Absent, createForecastFeatures, FORECAST_FEATURES, type ForecastFeatures } from "./forecast/features.ts";
export {
  createLowAlerts,
  LOW_ALERT_LIMITS,
  type LowAlert,
  type LowAlertLimits,
  type LowAlerts,
} from "./forecast/low-alert.ts";
export { createPersonalForecast, type Estimate, type Forecast, type PersonalForecast } from "./forecast/personal.ts";
export { glucoseRule } from "./forecast/rule.ts";
export { type LocalTime, localTimeOf } from "./local-time.ts";
export { type Mage, mage } from "./mage.ts";
export { type GlucoseMetrics, type GlycaemiaRisk, glucoseMetrics, glycaemiaRisk } from "./metrics.ts";
export { type GlucoseSummary, type SensorGlucose, summariseGlucose } from "./summary.ts";
export { type GlucoseTrace, type LeftOut, traceOf } from "./trace.ts";
export { conga, modd } from "./variability.ts";
export { likelyStarts, type SensorStart, type WarmUp, warmUpMinutes, warmUps } from "./warm-up.ts";
export { type GlucoseWear, glucoseWear } from "./wear.ts";
