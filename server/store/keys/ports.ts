import type { KeyObject } from "node:crypto";

/** A key that data is encrypted with; its id stands beside whatever it encrypted. */
export interface DataKey {
  readonly id: number;
  readonly secret: KeyObject;
}

/** What a key was made for. */
export type KeySubject =
  | { readonly kind: "patient"; readonly organisationId: string; readonly patientId: string }
  /** What belongs to no patient. */
  | { readonly kind: "organisation"; readonly organisationId: string }
  /** Raw input that could not be placed. @see monthOf */
  | { readonly kind: "quarantine"; readonly organisationId: string; readonly month: number }
  /** Signs the checkpoints of the audit log, of all organisations together. */
  | { readonly kind: "audit" };

/** A patient who was erased. */
export interface Erasure {
  readonly patientId: string;
  readonly organisationId: string;
  /** 0: there was no key yet. */
  readonly keyId: number;
  readonly at: number;
  readonly by: string;
  readonly reason: string;
}

/** Keys to write and to read with. Calls return at once; a key is on the disk before it is given out. */
export interface DataKeys {
  /** @throws RefusedInput KEY_DESTROYED; OutsideTrouble STORE_UNAVAILABLE when a new key cannot be kept */
  ofPatient(organisationId: string, patientId: string): DataKey;
  ofOrganisation(organisationId: string): DataKey;
  ofQuarantine(organisationId: string, receivedAt: number): DataKey;
  /** @throws RefusedInput KEY_DESTROYED, KEY_MISSING */
  byId(keyId: number): DataKey;
  isErased(patientId: string): boolean;
  /** Writes an initialisation vector of 12 bytes that no key has had. */
  nextIv(into: Uint8Array, at: number): void;
}

/** Lines for operators: no secrets, no identifiers but internal ones. */
export interface KeyLog {
  info(facts: Readonly<Record<string, unknown>>, text: string): void;
  warn(facts: Readonly<Record<string, unknown>>, text: string): void;
  error(facts: Readonly<Record<string, unknown>>, text: string): void;
}

/** Months since 1970, UTC. */
export function monthOf(time: number): number {
  const date = new Date(time);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}
