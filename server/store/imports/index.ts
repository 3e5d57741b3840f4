export { createImportStore } from "./imports.ts";
