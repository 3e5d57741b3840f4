export { type Beat, createQrsDetector, type QrsDetector, type QrsOptions } from "./qrs.ts";
