import { join } from "node:path";
import { RefusedInput } from "@openward/errors";
import { readChecked } from "./files.ts";
import { type Backup, readManifest } from "./manifest.ts";
import { chainOf, readPlace } from "./place.ts";

/** A backup and what it rests on, as they lie beside one another. @throws as chainOf */
export function chainOnDisk(backup: Backup): Backup[] {
  return chainOf(backup, (name) => {
    try {
      return readManifest(join(backup.folder, "..", name));
    } catch (error) {
      const isMissing = error instanceof RefusedInput && error.code === "NOT_FOUND";
      if (!isMissing) throw error;
      const expected = `the backup that ${backup.name} rests on`;
      throw new RefusedInput("BACKUP_DAMAGED", { at: join(backup.folder, "..", name), expected }, { cause: error });
    }
  });
}

/** Read every file of one backup. @throws RefusedInput BACKUP_DAMAGED naming the file */
export async function verifyFiles(backup: Backup): Promise<{ files: number; bytes: number }> {
  let [files, bytes] = [0, 0];
  for (const file of filesOf(backup)) {
    await readChecked(backup.folder, file);
    files++;
    bytes += file.bytes;
  }
  return { files, bytes };
}

export const filesOf = ({ spool, tables }: Backup) => [
  ...spool,
  ...tables.flatMap((table) => [...table.files, ...table.keptFiles]),
];

export interface PlaceReport {
  readonly sound: readonly { readonly name: string; readonly takenAt: number; readonly bytes: number }[];
  /** Damaged, unfinished, or resting on one that is. */
  readonly unusable: readonly { readonly name: string; readonly reason: string }[];
}

/** Verify every backup of a folder: each file, and the chain that each rests on. */
export async function verifyPlace(place: string): Promise<PlaceReport> {
  const { backups, refused } = readPlace(place);
  const sound: PlaceReport["sound"][number][] = [];
  const unusable = refused.map(({ name, error }) => ({ name, reason: error.message }));
  const broken = new Set<string>();
  for (const backup of backups) {
    try {
      const bad = chainOnDisk(backup).find(({ id }) => broken.has(id));
      if (bad) throw new RefusedInput("BACKUP_DAMAGED", { at: bad.folder, expected: `what ${backup.name} rests on` });
      const { bytes } = await verifyFiles(backup);
      sound.push({ name: backup.name, takenAt: backup.takenAt, bytes });
    } catch (error) {
      if (!(error instanceof RefusedInput)) throw error;
      broken.add(backup.id);
      unusable.push({ name: backup.name, reason: error.message });
    }
  }
  return { sound, unusable };
}
