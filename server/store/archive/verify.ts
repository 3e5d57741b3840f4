import { RefusedInput } from "@openward/errors";
import type { Catalogue } from "./catalogue.ts";
import { sha256Of } from "./place.ts";
import type { ArchiveLog, ObjectStore } from "./ports.ts";

export interface CheckedFile {
  readonly key: string;
  readonly bytes: number;
  /** Why it is not what was written; undefined when it is. */
  readonly fault: string | undefined;
}

export interface CheckOptions {
  readonly catalogue: Catalogue;
  readonly store: ObjectStore;
  readonly now: number;
  readonly log: ArchiveLog;
  readonly pause: () => Promise<void>;
  readonly onChecked: (fileId: number, isDamaged: boolean) => void;
}

/**
 * Reads files whole, the longest unread first, and compares them with what was written. One that had been damaged and was
 * put back is sound again.
 *
 * @param bytesMax after so many bytes it ends
 * @throws OutsideTrouble ARCHIVE_UNREACHABLE
 */
export async function checkFiles(
  { catalogue, store, now, log, pause, onChecked }: CheckOptions,
  bytesMax: number,
): Promise<CheckedFile[]> {
  const checked: CheckedFile[] = [];
  let bytes = 0;
  for (const file of await catalogue.toCheck(bytesMax === Number.POSITIVE_INFINITY ? null : 100)) {
    if (bytes >= bytesMax) break;
    bytes += file.bytes;
    let fault: string | undefined;
    try {
      const sha256 = await sha256Of(await store.read(file.key), pause);
      if (!sha256.equals(file.sha256)) fault = "other bytes than were written";
    } catch (error) {
      if (!(error instanceof RefusedInput)) throw error;
      fault = String(error.facts.received ?? error.code);
    }
    if (fault !== undefined)
      log.error({ file: file.key, fault }, "an archive file is damaged; its blocks are left out");
    else if (file.isDamaged) log.info({ file: file.key }, "an archive file that was damaged is sound again");
    await catalogue.checked(file.id, now, fault !== undefined);
    onChecked(file.id, fault !== undefined);
    checked.push({ key: file.key, bytes: file.bytes, fault });
  }
  return checked;
}

/** Objects that no row knows: never removed by us, for they may be another database's. */
export async function unknownObjects(catalogue: Catalogue, store: ObjectStore): Promise<string[]> {
  const objects = await listed(store);
  // Asked after the listing: a file that is begun meanwhile has its row before its object.
  const known = await catalogue.keys();
  const unknown = objects.filter((key) => !known.has(key));
  if (unknown.length === 0) return [];
  // One that was removed meanwhile lost its row behind its object.
  const still = new Set(await listed(store));
  return unknown.filter((key) => still.has(key));
}

async function listed(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.list()) keys.push(key);
  return keys;
}
