import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import { RefusedInput } from "@openward/errors";

/** AES-256-GCM, the whole tag. Sealed is: iv:12, as many bytes as there were, tag:16. */
const ALGORITHM = "aes-256-gcm";
export const IV_BYTES = 12;
const TAG_BYTES = 16;
export const SEALED_EXTRA = IV_BYTES + TAG_BYTES;

/**
 * Encrypt in place of `into` from `at` on, where the initialisation vector stands already.
 *
 * @param bound is not encrypted, but must be the same for it to open again
 * @returns bytes written, the vector included
 */
export function sealInto(
  secret: KeyObject,
  plain: Uint8Array,
  bound: Uint8Array,
  into: Uint8Array,
  at: number,
): number {
  const cipher = createCipheriv(ALGORITHM, secret, into.subarray(at, at + IV_BYTES));
  cipher.setAAD(bound);
  // GCM is a stream: everything comes out at once, and `final` adds nothing but the tag.
  into.set(cipher.update(plain), at + IV_BYTES);
  cipher.final();
  into.set(cipher.getAuthTag(), at + IV_BYTES + plain.length);
  return plain.length + SEALED_EXTRA;
}

export function seal(
  secret: KeyObject,
  nextIv: (into: Uint8Array, at: number) => void,
  plain: Uint8Array,
  bound: Uint8Array,
): Uint8Array {
  const sealed = new Uint8Array(plain.length + SEALED_EXTRA);
  nextIv(sealed, 0);
  sealInto(secret, plain, bound, sealed, 0);
  return sealed;
}

/** @throws RefusedInput BLOCK_CORRUPT when a bit of it, or of what it is bound to, is not as it was */
export function open(secret: KeyObject, sealed: Uint8Array, bound: Uint8Array): Uint8Array {
  if (sealed.length < SEALED_EXTRA) throw new RefusedInput("BLOCK_CORRUPT", { at: "ciphertext" });
  const decipher = createDecipheriv(ALGORITHM, secret, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(bound);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const plain = decipher.update(sealed.subarray(IV_BYTES, sealed.length - TAG_BYTES));
  try {
    decipher.final();
  } catch (error) {
    throw new RefusedInput("BLOCK_CORRUPT", { at: "ciphertext" }, { cause: error });
  }
  return plain;
}
