import { crc32 } from "node:zlib";

/** A record of the spool: "OWS1", length:u32, crc32:u32 of the batch, the batch. Little-endian. */
const MAGIC = 0x3153574f;
const HEAD_BYTES = 12;

export function spoolRecord(batch: Uint8Array): Uint8Array[] {
  const head = new Uint8Array(HEAD_BYTES);
  const view = new DataView(head.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, batch.length, true);
  view.setUint32(8, crc32(batch), true);
  return [head, batch];
}

export function recordLength(batch: Uint8Array): number {
  return HEAD_BYTES + batch.length;
}

export interface SpoolContents {
  readonly batches: readonly Uint8Array[];
  /** Bytes at the end that are no whole record: a write that was cut off, and never confirmed. */
  readonly tornBytes: number;
  /** Bytes that are no good record although they are all there: what was confirmed may have been damaged since. */
  readonly damagedBytes: number;
}

/**
 * The batches of a spool file. What ends before its length is a write that was cut off, and was never acknowledged; a
 * record that is all there and fails its checksum is damage.
 */
export function readSpoolFile(file: Uint8Array): SpoolContents {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const batches: Uint8Array[] = [];
  let at = 0;
  let damagedBytes = 0;
  while (at < file.length) {
    const batch = recordAt(file, view, at);
    if (batch) {
      batches.push(batch);
      at += HEAD_BYTES + batch.length;
      continue;
    }
    const next = nextRecord(file, view, at + 1);
    const rest = file.length - at;
    if (next === undefined && isWhole(file, view, at))
      return { batches, tornBytes: 0, damagedBytes: damagedBytes + rest };
    if (next === undefined) return { batches, tornBytes: rest, damagedBytes };
    damagedBytes += next - at;
    at = next;
  }
  return { batches, tornBytes: 0, damagedBytes };
}

function isWhole(file: Uint8Array, view: DataView, at: number): boolean {
  if (at + HEAD_BYTES > file.length || view.getUint32(at, true) !== MAGIC) return false;
  // No batch is empty: the head's beginning is all that reached the disk, and zeros lie behind it.
  if (view.getUint32(at + 4, true) === 0) return false;
  return at + HEAD_BYTES + view.getUint32(at + 4, true) <= file.length;
}

function recordAt(file: Uint8Array, view: DataView, at: number): Uint8Array | undefined {
  if (at + HEAD_BYTES > file.length || view.getUint32(at, true) !== MAGIC) return undefined;
  const end = at + HEAD_BYTES + view.getUint32(at + 4, true);
  if (end > file.length || end === at + HEAD_BYTES) return undefined;
  const batch = file.subarray(at + HEAD_BYTES, end);
  return crc32(batch) === view.getUint32(at + 8, true) ? batch : undefined;
}

function nextRecord(file: Uint8Array, view: DataView, from: number): number | undefined {
  for (let at = from; at + HEAD_BYTES <= file.length; at++) {
    if (view.getUint32(at, true) === MAGIC && recordAt(file, view, at)) return at;
  }
  return undefined;
}
