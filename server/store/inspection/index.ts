export { type Compaction, compactStore } from "./compact.ts";
export { saveFaults, watchFaults } from "./faults.ts";
export { type Mended, mendStore } from "./mend.ts";
export type { Fault } from "./ports.ts";
export { type StoreStats, storeStats } from "./stats.ts";
export { type Verification, type VerifyOptions, verifyStore } from "./verify.ts";
