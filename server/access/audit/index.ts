/** The audit log. Start with record.ts; README.md beside this file says what is where. */
export {
  fingerprintOf,
  parsePublicKey,
  publicKeyText,
  type SignedCheckpoint,
  type Signer,
  signerOf,
} from "./checkpoint.ts";
export { type CheckpointNote, linkChanges, startKeeper, takeCheckpoint } from "./keeper.ts";
export { logLines } from "./log-file.ts";
export type * from "./ports.ts";
export type { AuditRecord, Who } from "./record.ts";
export { type AuditTable, createAuditTable } from "./table.ts";
export { createVerifier, type KnownCheckpoint, type Verdict, verifyLog } from "./verify.ts";
export { openWriter, type Writer } from "./writer.ts";
