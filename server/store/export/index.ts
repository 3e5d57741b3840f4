export { type ExpiredExport, expireExports } from "./expire.ts";
export { type ExportRequest, exportValues } from "./export.ts";
export type { Manifest } from "./manifest.ts";
