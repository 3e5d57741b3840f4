import { RefusedInput } from "@openward/errors";
import type { Amendment } from "@openward/model";
import { uuidToBytes } from "@openward/timeseries";
import { IV_BYTES, open, SEALED_EXTRA, sealInto } from "../keys/cipher.ts";
import type { DataKeys } from "../keys/ports.ts";

/**
 * As the table of amendments has it, version 2: "OWM" version:u8 keyId:u32, and what `cipher.ts` seals: JSON. Version 1 does
 * not say `via`: a person made it.
 */
const MAGIC = [0x4f, 0x57, 0x4d] as const;
const VERSION = 2;
const KEY_ID_AT = MAGIC.length + 1;
const HEAD_BYTES = 8;

/** What stands in no other column of the row. */
type Content = Omit<Amendment, "sequence" | "organisationId" | "id" | "at" | "by" | "withdraws">;

/** Under the key of this patient, of the two of a re-attribution either. @throws RefusedInput KEY_DESTROYED */
export function sealContent(keys: DataKeys, amendment: Amendment, patientId: string): Uint8Array {
  const { sequence: _s, organisationId, id, at: _a, by: _b, withdraws: _w, ...content } = amendment;
  const key = keys.ofPatient(organisationId, patientId);
  const plain = new TextEncoder().encode(JSON.stringify(content));
  const sealed = new Uint8Array(HEAD_BYTES + SEALED_EXTRA + plain.length);
  sealed.set([...MAGIC, VERSION]);
  new DataView(sealed.buffer).setUint32(KEY_ID_AT, key.id, true);
  keys.nextIv(sealed, HEAD_BYTES);
  sealInto(key.secret, plain, boundTo(id, patientId), sealed, HEAD_BYTES);
  return sealed;
}

/** @throws RefusedInput KEY_DESTROYED, KEY_MISSING, BLOCK_CORRUPT, BLOCK_VERSION */
export function openContent(keys: DataKeys, sealed: Uint8Array, id: string, patientId: string): Content {
  const version = sealed[MAGIC.length] as number;
  const isKnown = version === VERSION || version === 1;
  if (sealed.length < HEAD_BYTES + IV_BYTES || !isKnown || MAGIC.some((byte, i) => sealed[i] !== byte))
    throw new RefusedInput("BLOCK_VERSION", { at: "amendment" });
  const keyId = new DataView(sealed.buffer, sealed.byteOffset).getUint32(KEY_ID_AT, true);
  const plain = open(keys.byId(keyId).secret, sealed.subarray(HEAD_BYTES), boundTo(id, patientId));
  const content = JSON.parse(new TextDecoder().decode(plain)) as Content; // authenticated: nobody but sealContent wrote it
  return version === 1 ? { ...content, via: "person" } : content;
}

function boundTo(id: string, patientId: string): Uint8Array {
  const bound = new Uint8Array(32);
  uuidToBytes(id, bound);
  return uuidToBytes(patientId, bound, 16);
}
