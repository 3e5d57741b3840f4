import { RefusedInput } from "@openward/errors";
import { uuidToBytes } from "@openward/timeseries";
import { IV_BYTES, open, SEALED_EXTRA, sealInto } from "./cipher.ts";
import type { DataKeys } from "./ports.ts";

/** Raw input as the table of quarantine has it, version 1: "OWQ" version:u8 keyId:u32, and what `cipher.ts` seals. */
const MAGIC = [0x4f, 0x57, 0x51, 1] as const;
const HEAD_BYTES = 8;

interface Entry {
  readonly id: string;
  readonly organisationId: string;
  readonly receivedAt: number;
  readonly raw: Uint8Array;
}

/** Under the quarantine's key of the month. @throws OutsideTrouble STORE_UNAVAILABLE */
export function sealRaw(keys: DataKeys, { id, organisationId, receivedAt, raw }: Entry): Uint8Array {
  const key = keys.ofQuarantine(organisationId, receivedAt);
  const sealed = new Uint8Array(HEAD_BYTES + SEALED_EXTRA + raw.length);
  sealed.set(MAGIC);
  new DataView(sealed.buffer).setUint32(MAGIC.length, key.id, true);
  keys.nextIv(sealed, HEAD_BYTES);
  sealInto(key.secret, raw, boundTo(id, organisationId), sealed, HEAD_BYTES);
  return sealed;
}

/** @throws RefusedInput KEY_DESTROYED when it has expired; KEY_MISSING, BLOCK_CORRUPT, BLOCK_VERSION */
export function openRaw(keys: DataKeys, { id, organisationId, raw }: Omit<Entry, "receivedAt">): Uint8Array {
  if (raw.length < HEAD_BYTES + IV_BYTES || MAGIC.some((byte, i) => raw[i] !== byte))
    throw new RefusedInput("BLOCK_VERSION", { at: "raw input" });
  const keyId = new DataView(raw.buffer, raw.byteOffset).getUint32(MAGIC.length, true);
  return open(keys.byId(keyId).secret, raw.subarray(HEAD_BYTES), boundTo(id, organisationId));
}

function boundTo(id: string, organisationId: string): Uint8Array {
  const bound = new Uint8Array(32);
  uuidToBytes(id, bound);
  return uuidToBytes(organisationId, bound, 16);
}
