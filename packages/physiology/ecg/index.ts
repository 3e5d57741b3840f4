export * from "./beats/index.ts";
export * from "./delineation/index.ts";
export { createEcgFilter, type EcgFilter, type EcgFilterOptions } from "./filter/index.ts";
export { createEcgMonitor, type EcgMonitor, type EcgMonitorOptions, type EcgSummary } from "./monitor.ts";
export { type Beat, createQrsDetector, type QrsDetector, type QrsOptions } from "./qrs.ts";
export { createLeadQuality, type LeadQuality, type LeadTrouble, type LeadWatch } from "./quality.ts";
export { createTwoAverages, type SecondDetector } from "./two-averages.ts";
