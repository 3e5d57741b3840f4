/** The audit log. Start with record.ts; README.md beside this file says what is where. */

export { UNRECORDED } from "./catalogue.ts";
export {
  fingerprintOf,
  parsePublicKey,
  publicKeyText,
  type SignedCheckpoint,
  type Signer,
  signerOf,
} from "./checkpoint.ts";
export { type Compared, compareRows } from "./compare.ts";
export { boundRefusals } from "./crowd.ts";
export { recordDevices } from "./device-sessions.ts";
export { disclosuresOf } from "./disclosures.ts";
export { recordRequests } from "./door.ts";
export { recordExports } from "./exports.ts";
export { recordImports } from "./imports.ts";
export { type CheckpointNote, linkChanges, startKeeper, takeCheckpoint } from "./keeper.ts";
export { recordedLive } from "./live-view.ts";
export { logLines } from "./log-file.ts";
export type * from "./ports.ts";
export {
  type Affected,
  type AuditQueries,
  type AuditQuery,
  createAuditQueries,
  type OrganisationRows,
} from "./queries.ts";
export { type AuditRecord, decodeRecord, type Who } from "./record.ts";
export { noteCalendar, watched } from "./seen.ts";
export { type AuditTable, createAuditTable } from "./table.ts";
export { createVerifier, type KnownCheckpoint, type Verdict, verifyLog } from "./verify.ts";
export { inWords } from "./words.ts";
export { openWriter, type Writer } from "./writer.ts";
