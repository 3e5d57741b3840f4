import { createSecretKey, randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Random } from "@openward/runtime";
import { systemRuntime } from "@openward/runtime/system";
import { type KeyStore, type KeyStoreOptions, openKeyStore } from "../key-store.ts";
import { type Kms, masterKms } from "../master.ts";

const quiet = { info() {}, warn() {}, error() {} };

export function testKms(master: Uint8Array = randomBytes(32), random: Random = systemRuntime.random): Kms {
  return masterKms("environment", "OPENWARD_MASTER_KEY", createSecretKey(master), random);
}

const ofDatabase = new WeakMap<object, Promise<KeyStore>>();

/** The same keys for everything that a test opens on a database. */
export function testKeysOf(database: object): Promise<KeyStore> {
  const keys = ofDatabase.get(database) ?? openTestKeys();
  ofDatabase.set(database, keys);
  return keys;
}

/** A key store of its own, under a master key that nobody knows; of the runtime's randomness, where one is given. */
export function openTestKeys(
  options: {
    folder?: string;
    kms?: Kms | null;
    boundTo?: KeyStoreOptions["boundTo"];
    runtime?: KeyStoreOptions["runtime"];
  } = {},
): Promise<KeyStore> {
  const { folder = mkdtempSync(join(tmpdir(), "openward-keys-")), boundTo = null, runtime = systemRuntime } = options;
  const kms = options.kms === null ? null : () => options.kms ?? testKms();
  return openKeyStore({ folder, kms, boundTo, runtime, log: quiet });
}
