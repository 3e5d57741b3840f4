export { type AfDecision, type AfVerdict, afByBoth, afByRule, createAfDecision } from "./atrial-fibrillation.ts";
export { DEFINITIONS, type RhythmKind } from "./definitions.ts";
export { createWaves, type Waves, type WaveWatch } from "./fibrillation.ts";
export {
  AF_FEATURES,
  createIntervalRows,
  INTERVALS_PER_ROW,
  type IntervalRow,
  type IntervalWatch,
} from "./intervals.ts";
export { createRhythm, type RhythmOptions, type RhythmSpan, type RhythmWatch } from "./rhythm.ts";
