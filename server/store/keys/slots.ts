import { crc32 } from "node:zlib";
import { uuidFromBytes, uuidToBytes } from "@openward/timeseries";
import type { KeySubject } from "./ports.ts";

/**
 * One key in the file of keys, version 1, little-endian; the id of a key is its place in the file, from 1 on.
 *
 *     "OWK1" keyId:u32 kind:u8 state:u8 0:u16 month:u32 organisation:16 patient:16 madeAt:f64 destroyedAt:f64
 *     iv:12 wrapped:32 tag:16 crc32:u32
 *
 * A power of two, so that a slot never spans two sectors of a disk: it is there whole or not at all.
 */
export const SLOT_BYTES = 128;

const MAGIC = 0x314b574f;
const AT = {
  keyId: 4,
  kind: 8,
  state: 9,
  month: 12,
  organisation: 16,
  patient: 32,
  madeAt: 48,
  destroyedAt: 56,
  wrapped: 64,
  crc: 124,
} as const;
export const WRAPPED_BYTES = AT.crc - AT.wrapped;
const KINDS = ["patient", "organisation", "quarantine", "audit"] as const;
const LIVE = 1;
const DESTROYED = 2;

export interface Slot {
  readonly keyId: number;
  readonly subject: KeySubject;
  readonly madeAt: number;
  /** null: the key is there. */
  readonly destroyedAt: number | null;
  /** The key under the store's own key; all zeros when it was destroyed. */
  readonly wrapped: Uint8Array;
}

export type SlotState =
  | { readonly is: "key"; readonly slot: Slot }
  /** Nothing was ever confirmed there: a write that a crash cut off. */
  | { readonly is: "empty" }
  | { readonly is: "damaged" };

export function encodeSlot({ keyId, subject, madeAt, destroyedAt, wrapped }: Slot): Uint8Array {
  const bytes = new Uint8Array(SLOT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(AT.keyId, keyId, true);
  bytes[AT.kind] = KINDS.indexOf(subject.kind) + 1;
  bytes[AT.state] = destroyedAt === null ? LIVE : DESTROYED;
  if (subject.kind === "quarantine") view.setUint32(AT.month, subject.month, true);
  if (subject.kind !== "audit") uuidToBytes(subject.organisationId, bytes, AT.organisation);
  if (subject.kind === "patient") uuidToBytes(subject.patientId, bytes, AT.patient);
  view.setFloat64(AT.madeAt, madeAt, true);
  view.setFloat64(AT.destroyedAt, destroyedAt ?? 0, true);
  if (destroyedAt === null) bytes.set(wrapped, AT.wrapped);
  view.setUint32(AT.crc, crc32(bytes.subarray(0, AT.crc)), true);
  return bytes;
}

/** @param place of the slot in the file, from 0 on */
export function decodeSlot(bytes: Uint8Array, place: number): SlotState {
  if (bytes.every((byte) => byte === 0)) return { is: "empty" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const keyId = view.getUint32(AT.keyId, true);
  const kind = KINDS[(bytes[AT.kind] as number) - 1];
  const isSound =
    bytes.length === SLOT_BYTES &&
    view.getUint32(0, true) === MAGIC &&
    view.getUint32(AT.crc, true) === crc32(bytes.subarray(0, AT.crc)) &&
    keyId === place + 1;
  if (!isSound || !kind) return { is: "damaged" };
  const organisationId = uuidFromBytes(bytes, AT.organisation);
  const subjects = {
    patient: (): KeySubject => ({
      kind: "patient",
      organisationId,
      patientId: uuidFromBytes(bytes, AT.patient),
    }),
    organisation: (): KeySubject => ({ kind: "organisation", organisationId }),
    quarantine: (): KeySubject => ({ kind: "quarantine", organisationId, month: view.getUint32(AT.month, true) }),
    audit: (): KeySubject => ({ kind: "audit" }),
  };
  const slot: Slot = {
    keyId,
    subject: subjects[kind](),
    madeAt: view.getFloat64(AT.madeAt, true),
    destroyedAt: bytes[AT.state] === DESTROYED ? view.getFloat64(AT.destroyedAt, true) : null,
    wrapped: bytes.slice(AT.wrapped, AT.crc),
  };
  return { is: "key", slot };
}

/** What a wrapped key is bound to: moved to another slot, it does not open. */
export function slotBinding(keyId: number, subject: KeySubject): Uint8Array {
  const bytes = encodeSlot({ keyId, subject, madeAt: 0, destroyedAt: 0, wrapped: new Uint8Array(WRAPPED_BYTES) });
  return bytes.subarray(AT.keyId, AT.madeAt).fill(0, AT.state - AT.keyId, AT.state - AT.keyId + 1);
}
