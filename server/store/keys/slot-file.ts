import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { OutsideTrouble } from "@openward/errors";
import { decodeSlot, encodeSlot, SLOT_BYTES, type Slot, type SlotState } from "./slots.ts";

/**
 * The file of wrapped keys. One process adds to it, the server; any may destroy a key, which writes over its slot where
 * it stands. What is written is on the disk when a call returns: a ward does not make keys often enough to wait apart.
 */
export interface SlotFile {
  readonly slots: readonly SlotState[];
  /** The next key's id. */
  readonly nextId: number;
  /** @throws OutsideTrouble STORE_UNAVAILABLE; nothing of it counts then */
  add(slots: readonly Slot[]): void;
  /** Leave the places of keys that were lost. @returns whether there are any */
  skipTo(count: number): boolean;
  /** Write over a key. */
  overwrite(slot: Slot): void;
  close(): void;
}

export function openSlotFile(path: string): SlotFile {
  const file = openSync(path, "r+");
  const slots = readSlots(file);
  // A write that was cut off within a slot is written over by the next.
  let length = slots.length * SLOT_BYTES;
  let size = fstatSync(file).size;
  let isBroken = false;

  return {
    slots,
    get nextId() {
      return length / SLOT_BYTES + 1;
    },
    add(added) {
      const bytes = Buffer.concat(added.map(encodeSlot));
      try {
        if (isBroken || fstatSync(file).size !== size) throw new Error("the file is not as this process left it");
        write(file, bytes, length);
      } catch (cause) {
        isBroken ||= !isTakenBack(file, size);
        throw new OutsideTrouble("STORE_UNAVAILABLE", true, { at: "key store" }, { cause });
      }
      length += bytes.length;
      size = length;
    },
    skipTo(count) {
      if (count * SLOT_BYTES <= length) return false;
      length = count * SLOT_BYTES;
      size = length;
      ftruncateSync(file, size);
      fdatasyncSync(file);
      return true;
    },
    overwrite(slot) {
      write(file, encodeSlot(slot), (slot.keyId - 1) * SLOT_BYTES);
    },
    close: () => closeSync(file),
  };
}

export function readSlots(file: number): SlotState[] {
  const bytes = Buffer.alloc(fstatSync(file).size);
  readSync(file, bytes, 0, bytes.length, 0);
  const slots: SlotState[] = [];
  for (let at = 0; at + SLOT_BYTES <= bytes.length; at += SLOT_BYTES)
    slots.push(decodeSlot(bytes.subarray(at, at + SLOT_BYTES), at / SLOT_BYTES));
  return slots;
}

/** What was not confirmed does not stay: the next start would take half a key for damage. */
function isTakenBack(file: number, size: number): boolean {
  try {
    if (fstatSync(file).size < size) return false;
    ftruncateSync(file, size);
    fdatasyncSync(file);
    return true;
  } catch {
    return false;
  }
}

function write(file: number, bytes: Uint8Array, at: number): void {
  const written = writeSync(file, bytes, 0, bytes.length, at);
  if (written !== bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes could be written`);
  fdatasyncSync(file);
}
