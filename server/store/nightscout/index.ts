export { createNightscoutDocuments } from "./documents.ts";
export type { NightscoutDocuments, StoredDocument } from "./ports.ts";
