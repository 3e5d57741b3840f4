export { type Artefact, createPulseDetector, type Pulse, type PulseDetector, type PulseOptions } from "./detector.ts";
export { perfusionIndex } from "./perfusion.ts";
export { createRateMeter, type RateMeter } from "./rate.ts";
