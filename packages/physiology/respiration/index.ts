export {
  type Apnoea,
  type ApnoeaDetector,
  type ApnoeaOptions,
  type Breathing,
  createApnoeaDetector,
} from "./apnoea.ts";
export {
  createDesaturationMeter,
  type Desaturation,
  type DesaturationMeter,
  type DesaturationOptions,
} from "./desaturation.ts";
export {
  createRespiratoryRate,
  type RespiratoryRate,
  type RespiratoryRateMeter,
  type RespiratoryRateOptions,
} from "./rate.ts";
export type { Modulation } from "./sources.ts";
