export { createEverything, type Everything } from "./everything.ts";
export { createHolds, type Hold, type Holds } from "./holds.ts";
export { createRecords, type FoundRecord } from "./records.ts";
