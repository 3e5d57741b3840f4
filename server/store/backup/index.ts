export { type BackupOptions, type BackupReport, makeBackup } from "./make.ts";
export { type Backup, readManifest } from "./manifest.ts";
export { findBackup, prunable, readPlace, removeBackup } from "./place.ts";
export type { ArchivedFile, BackupLog, ListArchive } from "./ports.ts";
export { finishRestore, type RestoreReport, restoreBackup } from "./restore.ts";
export { verifyPlace } from "./verify.ts";
