export {
  type ActivityEpoch,
  type ActivityOptions,
  type CutPoints,
  createActivity,
  cutPoints,
  type Intensity,
  intensityOf,
} from "./activity.ts";
export { type FallFeature, fallFeatures } from "./fall-features.ts";
export { FALL_CHANCE, type FallVerdict, isFallByRule } from "./fall-rule.ts";
export type { Accelerations } from "./frames.ts";
export { createImpactFinder, type Impact, type ImpactFinder, type ImpactOptions } from "./impacts.ts";
export { createPosture, type Direction, type Posture, type PostureOptions } from "./posture.ts";
export { type AfterFall, createResponseWatch, type ResponseOptions, type ResponseWatch } from "./response.ts";
export { createSensorCheck, type SensorCheckOptions, type SensorState } from "./sensor.ts";
export { createSteps, type Step, type StepOptions } from "./steps.ts";
export { createWear, type Wear, type WearOptions } from "./wear.ts";
