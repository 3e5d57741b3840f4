export { backUpKeyStore, type KeyStoreReport, verifyKeyStore } from "./backup.ts";
export { type BlockPacking, createBlockPacking } from "./block-packing.ts";
export { type BoundStore, bindStore, boundStore, eraseRows, withMerged } from "./erase.ts";
export { type KeyStore, type KeyStoreOptions, openKeyStore } from "./key-store.ts";
export { environmentKms, fileKms, type Kms } from "./master.ts";
export { type KeySettings, kmsOf, openKeysOf } from "./open.ts";
export type * from "./ports.ts";
export { openRaw, sealRaw } from "./raw-input.ts";
