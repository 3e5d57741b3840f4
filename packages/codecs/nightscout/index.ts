/** What clients of Nightscout write, and what of it is measured. */
export { type Document, instantOf, numberIn, offsetIn, readDocuments, wordIn } from "./document.ts";
export { type EntryType, entryType, saysGlucose } from "./entries.ts";
