export { backUpKeyStore, type KeyStoreReport, restoreKeyStore, verifyKeyStore } from "./backup.ts";
export { type BlockPacking, createBlockPacking } from "./block-packing.ts";
export { changeMaster } from "./change-master.ts";
export { commandKms } from "./command-kms.ts";
export { writeNewFile } from "./durable-file.ts";
export {
  type BoundStore,
  beginErasure,
  bindStore,
  boundStore,
  eraseRows,
  replayErasures,
  withMerged,
} from "./erase.ts";
export { type KeyStore, type KeyStoreOptions, openKeyStore, readStoreHeader } from "./key-store.ts";
export { environmentKms, fileKms, type Kms } from "./master.ts";
export { type KeySettings, kmsOf, openKeysOf } from "./open.ts";
export type * from "./ports.ts";
export { openRaw, sealRaw } from "./raw-input.ts";
export { createVault } from "./vault.ts";
