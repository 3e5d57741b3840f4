import { createSecretKey } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RefusedInput } from "@openward/errors";
import { open } from "./cipher.ts";
import { writeNewFile } from "./durable-file.ts";
import { FILES, readStoreHeader, unwrapStoreKey } from "./key-store.ts";
import { readLedger } from "./ledger.ts";
import type { Kms } from "./master.ts";
import { readSlots } from "./slot-file.ts";
import { slotBinding } from "./slots.ts";

export interface KeyStoreReport {
  readonly storeId: string;
  readonly live: number;
  readonly destroyed: number;
  /** Places of writes that were never confirmed. */
  readonly empty: number;
  /** Ids of keys that fail their checksum or do not open. */
  readonly damaged: readonly number[];
  readonly erasures: number;
  /** Lines of the ledger that fail their checksum. */
  readonly damagedLines: number;
  /** Every live key was opened; false: the master key was not at hand. */
  readonly isOpened: boolean;
}

/**
 * Is the store, or a copy of it, sound?
 *
 * @param kms null: look at checksums only
 * @throws RefusedInput NOT_FOUND where there is none; KEY_MASTER_WRONG, KEY_STORE_DAMAGED, KEY_STORE_VERSION
 */
export async function verifyKeyStore(folder: string, kms: Kms | null): Promise<KeyStoreReport> {
  const header = readStoreHeader(folder);
  if (!header) throw new RefusedInput("NOT_FOUND", { at: "key store", received: folder });
  const storeKey = kms && createSecretKey(await unwrapStoreKey(header, kms));
  const counts = { live: 0, destroyed: 0, empty: 0 };
  const damaged: number[] = [];
  slotsOf(folder).forEach((state, place) => {
    if (state.is === "empty") counts.empty++;
    else if (state.is === "damaged") damaged.push(place + 1);
    else if (state.slot.destroyedAt !== null) counts.destroyed++;
    else {
      counts.live++;
      const { keyId, subject, wrapped } = state.slot;
      try {
        if (storeKey) open(storeKey, wrapped, slotBinding(keyId, subject));
      } catch (error) {
        if (!(error instanceof RefusedInput)) throw error;
        damaged.push(keyId);
      }
    }
  });
  const ledger = readLedger(join(folder, FILES.ledger));
  return {
    storeId: header.id,
    ...counts,
    damaged,
    erasures: ledger.erasures.length,
    damagedLines: ledger.damaged,
    isOpened: storeKey !== null,
  };
}

/**
 * Copy the store into a new folder of `into`, while a server uses it or not. The master key is not copied.
 *
 * @returns the new folder
 */
export function backUpKeyStore(folder: string, into: string, now: number): string {
  const header = readStoreHeader(folder);
  if (!header) throw new RefusedInput("NOT_FOUND", { at: "key store", received: folder });
  const copy = join(into, `openward-keys-${new Date(now).toISOString().replace(/[-:]|\.\d+/g, "")}`);
  if (existsSync(copy)) throw new RefusedInput("CONFLICT", { at: copy, expected: "a folder that is not there yet" });
  // The ledger last: who is erased in between is in it, and a start from this copy destroys the key again.
  writeNewFile(join(copy, FILES.keys), readFileSync(join(folder, FILES.keys)));
  const ledger = join(folder, FILES.ledger);
  writeNewFile(join(copy, FILES.ledger), existsSync(ledger) ? readFileSync(ledger) : new Uint8Array());
  // With this file it is a store.
  writeNewFile(join(copy, FILES.store), readFileSync(join(folder, FILES.store)));
  return copy;
}

/**
 * Put a copy where a server looks for its key store. Again is harmless; a store that is there already stays as it is.
 *
 * @throws RefusedInput NOT_FOUND where there is no copy; CONFLICT when another store is there
 */
export function restoreKeyStore(copy: string, into: string): void {
  const header = readStoreHeader(copy);
  if (!header) throw new RefusedInput("NOT_FOUND", { at: "copy of the key store", received: copy });
  const there = readStoreHeader(into);
  if (there?.id === header.id) return;
  if (there) throw new RefusedInput("CONFLICT", { at: into, expected: "no other key store there", received: there.id });
  // The header last: with it the store is there.
  for (const name of [FILES.keys, FILES.ledger, FILES.store])
    if (existsSync(join(copy, name))) writeNewFile(join(into, name), readFileSync(join(copy, name)));
}

function slotsOf(folder: string) {
  const file = openSync(join(folder, FILES.keys), "r");
  try {
    return readSlots(file);
  } finally {
    closeSync(file);
  }
}
