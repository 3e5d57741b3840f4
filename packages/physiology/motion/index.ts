export { type FallFeature, fallFeatures } from "./fall-features.ts";
export { FALL_CHANCE, type FallVerdict, isFallByRule } from "./fall-rule.ts";
export type { Accelerations } from "./frames.ts";
export { createImpactFinder, type Impact, type ImpactFinder, type ImpactOptions } from "./impacts.ts";
export { createSensorCheck, type SensorCheckOptions, type SensorState } from "./sensor.ts";
