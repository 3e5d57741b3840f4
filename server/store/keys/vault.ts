import { createHmac } from "node:crypto";
import { open, seal } from "./cipher.ts";
import type { DataKeys } from "./ports.ts";

/** What belongs to the installation and to no organisation of it has a key as an organisation has. */
const INSTALLATION = "00000000-0000-0000-0000-000000000000";

/** Small secrets of the installation: encrypted, bound to their name, and worth nothing without the key store. */
export function createVault(keys: DataKeys) {
  const bound = (name: string) => Buffer.from(`openward vault ${name}`);
  return {
    seal(name: string, plain: Uint8Array): { keyId: number; sealed: Uint8Array } {
      const key = keys.ofOrganisation(INSTALLATION);
      return { keyId: key.id, sealed: seal(key.secret, keys.nextIv, plain, bound(name)) };
    },
    /** @throws RefusedInput KEY_MISSING, KEY_DESTROYED, BLOCK_CORRUPT */
    open: (name: string, keyId: number, sealed: Uint8Array): Uint8Array =>
      open(keys.byId(keyId).secret, sealed, bound(name)),
    /** The same text for the same name: 256 bits that nobody can tell from random without the key. */
    derive: (name: string): string =>
      createHmac("sha256", keys.ofOrganisation(INSTALLATION).secret).update(bound(name)).digest("base64url"),
  };
}
