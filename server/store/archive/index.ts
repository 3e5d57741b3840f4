export { type Archive, type ArchiveRun, openArchive } from "./archive.ts";
export { type ArchiveAddress, openObjectStore } from "./open-object-store.ts";
export type * from "./ports.ts";
export { archivedHours, referredFiles } from "./references.ts";
