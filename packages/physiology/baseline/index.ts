export { type Baseline, type BaselineOptions, createBaseline, type Looked } from "./baseline.ts";
export type { Direction, Unusual } from "./change.ts";
