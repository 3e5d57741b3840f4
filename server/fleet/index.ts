/** All devices together: how much of what was expected came, why the rest did not, and what of them wants looking after. */
export { type Completeness, createCompleteness } from "./completeness.ts";
export { createEndings } from "./endings.ts";
export { type FleetKeeper, KEPT_MS, keepFleet } from "./keep.ts";
