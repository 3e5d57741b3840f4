import { createSecretKey, type KeyObject } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { RefusedInput } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import { open, seal } from "./cipher.ts";
import { writeNewFile } from "./durable-file.ts";
import type { BoundStore } from "./erase.ts";
import { createIvs } from "./iv.ts";
import { addToLedger, readLedger } from "./ledger.ts";
import type { Kms } from "./master.ts";
import { type DataKey, type DataKeys, type Erasure, type KeyLog, type KeySubject, monthOf } from "./ports.ts";
import { openSlotFile, type SlotFile } from "./slot-file.ts";
import { type Slot, slotBinding, WRAPPED_BYTES } from "./slots.ts";

export const FILES = { store: "store.json", keys: "wrapped.keys", ledger: "erasures.log" } as const;
const FORMAT = 1;
const KEY_BYTES = 32;

export interface StoreHeader {
  readonly format: number;
  readonly id: string;
  readonly madeAt: number;
  /** Which kind of master key wraps the store's own. */
  readonly kms: string;
  /** The store's own key, under the master key; base64. */
  readonly wrappedKey: string;
}

export interface KeyStore extends DataKeys {
  readonly id: string;
  /** How many there have been. */
  readonly keys: number;
  /** The secret that checkpoints of the audit log are signed with: 32 bytes. */
  auditSeed(): Uint8Array;
  /** Make what keys are missing, in one write. */
  ensure(subjects: readonly KeySubject[]): void;
  /** Everybody who was erased, by the ledger and by the keys that are destroyed. */
  erasures(): readonly Erasure[];
  /** In the ledger first, then the key is destroyed. Both are on the disk when this returns. Again is harmless. */
  erase(erasures: readonly Omit<Erasure, "keyId">[]): void;
  /** Take up what another process erased; gives those that are new here. */
  refresh(): readonly Erasure[];
  /**
   * Destroy the quarantine's keys of months that are more than `months` ago.
   *
   * @param held organisations of which none is destroyed: a legal hold runs there
   * @returns how many
   */
  expire(now: number, months: number, held: ReadonlySet<string>): number;
  close(): void;
}

export interface KeyStoreOptions {
  readonly folder: string;
  /**
   * The master key; null: keys can be destroyed, not used.
   *
   * @param mayMake there is no store yet, so that there may be no master key either
   */
  readonly kms: ((mayMake: boolean) => Kms) | null;
  /** The key store that the database was filled with; null: none yet. */
  readonly boundTo: BoundStore | null;
  readonly runtime: Pick<Runtime, "clock" | "random" | "ids">;
  readonly log: KeyLog;
}

/**
 * The key store of a folder, made where there is none.
 *
 * @throws OutsideTrouble KEY_MASTER_MISSING; RefusedInput KEY_MASTER_WRONG, KEY_STORE_MISSING, KEY_STORE_DAMAGED,
 *   KEY_STORE_VERSION
 */
export async function openKeyStore({ folder, kms, boundTo, runtime, log }: KeyStoreOptions): Promise<KeyStore> {
  const header = readStoreHeader(folder);
  if (boundTo !== null && header?.id !== boundTo.id) {
    throw new RefusedInput("KEY_STORE_MISSING", {
      at: "OPENWARD_KEY_DIR",
      expected: `key store ${boundTo.id}`,
      received: header ? `key store ${header.id}` : "no key store",
    });
  }
  const { header: found, storeKey } = kms ? await openStoreKey(folder, header, kms, runtime) : { header };
  const path = join(folder, FILES.keys);
  if (found && !existsSync(path)) throw damagedStore(FILES.keys);
  const file = existsSync(path) ? openSlotFile(path) : undefined;
  if (file?.skipTo(boundTo?.keys ?? 0))
    log.error({ keys: boundTo?.keys }, "the key store is older than the database: what it lacks cannot be read");
  const store = createKeyStore({ id: found?.id ?? "", folder, file, storeKey, runtime, log });
  store.reconcile();
  return store;
}

/** @throws RefusedInput KEY_STORE_DAMAGED, KEY_STORE_VERSION */
export function readStoreHeader(folder: string): StoreHeader | undefined {
  const path = join(folder, FILES.store);
  if (!existsSync(path)) {
    // An empty file of keys is a first start that was cut off.
    const keys = statSync(join(folder, FILES.keys), { throwIfNoEntry: false });
    if (keys && keys.size > 0) throw damagedStore(FILES.store);
    return undefined;
  }
  let header: StoreHeader;
  try {
    header = JSON.parse(readFileSync(path, "utf8")) as StoreHeader;
  } catch (cause) {
    throw damagedStore(FILES.store, cause);
  }
  if (header.format !== FORMAT)
    throw new RefusedInput("KEY_STORE_VERSION", { expected: String(FORMAT), received: String(header.format) });
  return header;
}

/** The key that wraps the others: only it is ever sent to where the master key is. */
async function openStoreKey(
  folder: string,
  header: StoreHeader | undefined,
  kms: (mayMake: boolean) => Kms,
  { clock, random, ids }: KeyStoreOptions["runtime"],
): Promise<{ header: StoreHeader; storeKey: KeyObject }> {
  const master = kms(header === undefined);
  if (header) return { header, storeKey: createSecretKey(await unwrapStoreKey(header, master)) };
  const key = random.bytes(KEY_BYTES);
  const wrappedKey = Buffer.from(await master.wrap(key)).toString("base64");
  const made: StoreHeader = { format: FORMAT, id: ids.uuid(), madeAt: clock.now(), kms: master.name, wrappedKey };
  // The header last: with it the store is there.
  writeNewFile(join(folder, FILES.keys), new Uint8Array());
  writeNewFile(join(folder, FILES.store), Buffer.from(`${JSON.stringify(made, null, 2)}\n`));
  return { header: made, storeKey: createSecretKey(key) };
}

/**
 * The store's own key. The program of OPENWARD_MASTER_KEY_COMMAND is not asked for what a key that we hold has wrapped, nor
 * the other way round.
 *
 * @throws RefusedInput KEY_MASTER_WRONG, and the errors of the master key's place
 */
export async function unwrapStoreKey(header: StoreHeader, master: Kms): Promise<Uint8Array> {
  if (header.kms !== master.name && [header.kms, master.name].includes("command"))
    throw new RefusedInput("KEY_MASTER_WRONG", { at: "master key", expected: header.kms, received: master.name });
  return master.unwrap(Buffer.from(header.wrappedKey, "base64"));
}

const damagedStore = (at: string, cause?: unknown) =>
  new RefusedInput(
    "KEY_STORE_DAMAGED",
    { at, expected: "the file as it was; restore it from the newest backup" },
    { cause },
  );

function createKeyStore(parts: {
  readonly id: string;
  readonly folder: string;
  /** undefined: no key was ever made here. */
  readonly file: SlotFile | undefined;
  readonly storeKey: KeyObject | undefined;
  readonly runtime: KeyStoreOptions["runtime"];
  readonly log: KeyLog;
}): KeyStore & { reconcile(): void } {
  const { id, folder, file, storeKey, runtime, log } = parts;
  const { clock, random } = runtime;
  const nextIv = createIvs(random);
  const ledgerPath = join(folder, FILES.ledger);
  const slots = new Map<number, Slot>();
  const bySubject = new Map<string, Slot>();
  const opened = new Map<number, DataKey>();
  const erased = new Map<string, Erasure>();
  let ledgerSize = -1;

  const keep = (slot: Slot) => {
    slots.set(slot.keyId, slot);
    bySubject.set(nameOf(slot.subject), slot);
  };
  file?.slots.forEach((state, place) => {
    if (state.is === "key") keep(state.slot);
    if (state.is !== "damaged") return;
    if (place < file.slots.length - 1) throw damagedStore(`${FILES.keys} key ${place + 1}`);
    log.error({ keyId: place + 1 }, "the last key of the store is damaged; unless it was never confirmed, restore it");
  });

  const destroy = (slot: Slot, at: number) => {
    opened.delete(slot.keyId);
    if (slot.destroyedAt !== null) return;
    const destroyed = { ...slot, destroyedAt: at, wrapped: new Uint8Array(WRAPPED_BYTES) };
    file?.overwrite(destroyed);
    keep(destroyed);
  };

  const make = (subjects: readonly KeySubject[]) => {
    if (!file || !storeKey) throw new Error("the key store was opened to destroy keys only");
    const made = subjects.map((subject, i): Slot & { secret: KeyObject } => {
      const keyId = file.nextId + i;
      const key = random.bytes(KEY_BYTES);
      const wrapped = seal(storeKey, nextIv, key, slotBinding(keyId, subject));
      return { keyId, subject, madeAt: clock.now(), destroyedAt: null, wrapped, secret: createSecretKey(key) };
    });
    file.add(made);
    for (const { secret, ...slot } of made) {
      keep(slot);
      opened.set(slot.keyId, { id: slot.keyId, secret });
    }
  };

  const openKey = (slot: Slot): DataKey => {
    const known = opened.get(slot.keyId);
    if (known) return known;
    if (slot.destroyedAt !== null) throw new RefusedInput("KEY_DESTROYED", { received: String(slot.keyId) });
    if (!storeKey) throw new Error("the key store was opened to destroy keys only");
    const secret = createSecretKey(open(storeKey, slot.wrapped, slotBinding(slot.keyId, slot.subject)));
    const key = { id: slot.keyId, secret };
    opened.set(slot.keyId, key);
    return key;
  };

  const needed = (subject: KeySubject): DataKey => {
    const name = nameOf(subject);
    const slot = bySubject.get(name);
    // A month's key may have expired by a clock that was wrong: what comes now gets a new one.
    if (!slot || (subject.kind === "quarantine" && slot.destroyedAt !== null)) make([subject]);
    return openKey(bySubject.get(name) as Slot);
  };

  const isErased = (patientId: string) => erased.size > 0 && erased.has(patientId);

  const refresh = (): readonly Erasure[] => {
    const size = existsSync(ledgerPath) ? statSync(ledgerPath).size : 0;
    if (size === ledgerSize) return [];
    ledgerSize = size;
    const { erasures, damaged } = readLedger(ledgerPath);
    if (damaged > 0)
      log.error(
        { lines: damaged },
        "lines of the erasure ledger fail their checksum; `openward keys verify` says more",
      );
    const found = erasures.filter((erasure) => !erased.has(erasure.patientId));
    for (const erasure of found) {
      erased.set(erasure.patientId, erasure);
      const slot = bySubject.get(nameOf({ kind: "patient", ...erasure }));
      if (slot) destroy(slot, erasure.at);
    }
    return found;
  };

  const patientKeys = new Map<string, DataKey>();

  return {
    id,
    get keys() {
      return (file?.nextId ?? 1) - 1;
    },
    reconcile() {
      refresh();
      // A destroyed key tells of an erasure too, where its line in the ledger was lost.
      for (const { subject, keyId, destroyedAt } of slots.values()) {
        if (subject.kind !== "patient" || destroyedAt === null || erased.has(subject.patientId)) continue;
        const { patientId, organisationId } = subject;
        erased.set(patientId, { patientId, organisationId, keyId, at: destroyedAt, by: "", reason: "" });
      }
    },
    ofPatient(organisationId, patientId) {
      const known = patientKeys.get(patientId);
      if (known && opened.has(known.id)) return known;
      if (isErased(patientId)) throw new RefusedInput("KEY_DESTROYED", { at: "patient" });
      const key = needed({ kind: "patient", organisationId, patientId });
      patientKeys.set(patientId, key);
      return key;
    },
    ofOrganisation: (organisationId) => needed({ kind: "organisation", organisationId }),
    ofQuarantine: (organisationId, receivedAt) =>
      needed({ kind: "quarantine", organisationId, month: monthOf(receivedAt) }),
    auditSeed: () => needed({ kind: "audit" }).secret.export(),
    byId(keyId) {
      const slot = slots.get(keyId);
      if (!slot) throw new RefusedInput("KEY_MISSING", { received: String(keyId) });
      return openKey(slot);
    },
    isErased,
    nextIv,
    ensure(subjects) {
      const missing = new Map(subjects.map((subject) => [nameOf(subject), subject]));
      for (const [name, subject] of missing)
        if (bySubject.has(name) || (subject.kind === "patient" && isErased(subject.patientId))) missing.delete(name);
      if (missing.size > 0) make([...missing.values()]);
    },
    erasures: () => [...erased.values()],
    erase(erasures) {
      for (const erasure of erasures) {
        if (erased.has(erasure.patientId)) continue;
        const slot = bySubject.get(nameOf({ kind: "patient", ...erasure }));
        const entry = { ...erasure, keyId: slot?.keyId ?? 0 };
        addToLedger(ledgerPath, entry);
        erased.set(erasure.patientId, entry);
        if (slot) destroy(slot, erasure.at);
      }
    },
    refresh,
    expire(now, months, held) {
      let expired = 0;
      for (const slot of [...slots.values()]) {
        const { subject, destroyedAt } = slot;
        if (subject.kind !== "quarantine" || destroyedAt !== null || subject.month >= monthOf(now) - months) continue;
        if (held.has(subject.organisationId)) continue;
        destroy(slot, now);
        expired++;
      }
      if (expired > 0) log.info({ expired }, "keys of old quarantined input have expired");
      return expired;
    },
    close: () => file?.close(),
  };
}

function nameOf(subject: KeySubject): string {
  switch (subject.kind) {
    case "patient":
      return subject.patientId;
    case "organisation":
      return `organisation ${subject.organisationId}`;
    case "quarantine":
      return `quarantine ${subject.organisationId} ${subject.month}`;
    case "audit":
      return "audit";
  }
}
