import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { RefusedInput } from "@openward/errors";
import { flushFolder } from "./files.ts";
import { type Backup, DRAFT, MANIFEST, readManifest } from "./manifest.ts";

const NAME = /^openward-\d{8}T\d{9}Z-(full|increment)$/;

/** What a folder of backups holds. */
export interface Place {
  /** Oldest first. */
  readonly backups: readonly Backup[];
  /** Folders that look like backups and are none: what is wrong with each. */
  readonly refused: readonly { readonly name: string; readonly error: RefusedInput }[];
}

export function nameOf(takenAt: number, kind: Backup["kind"]): string {
  return `openward-${new Date(takenAt).toISOString().replace(/[-:.]/g, "")}-${kind}`;
}

/** @throws RefusedInput NOT_FOUND where there is no such folder */
export function readPlace(place: string): Place {
  if (!existsSync(place)) throw new RefusedInput("NOT_FOUND", { at: "backup folder", received: place });
  const backups: Backup[] = [];
  const refused: Place["refused"][number][] = [];
  for (const name of readdirSync(place).sort()) {
    if (!NAME.test(name.replace(DRAFT, ""))) continue;
    try {
      backups.push(readManifest(join(place, name)));
    } catch (error) {
      if (!(error instanceof RefusedInput)) throw error;
      refused.push({ name, error });
    }
  }
  return { backups: backups.toSorted((a, b) => a.takenAt - b.takenAt), refused };
}

/**
 * A backup and what it rests on, the full one first.
 *
 * @throws RefusedInput BACKUP_DAMAGED when a link is missing, or is not what the next one was made upon
 */
export function chainOf(backup: Backup, read: (name: string) => Backup): Backup[] {
  const chain = [backup];
  for (let first = backup; first.parent; first = chain[0] as Backup) {
    const { parent } = first;
    const found = read(parent.name);
    if (found.id !== parent.id || found.sha256 !== parent.sha256 || found.takenAt >= first.takenAt) {
      const expected = `backup ${parent.id}, upon which ${first.name} was made`;
      throw new RefusedInput("BACKUP_DAMAGED", { at: found.folder, expected });
    }
    chain.unshift(found);
  }
  return chain;
}

/** The folder of a backup, or of backups, of which the newest is meant. @throws as readManifest */
export function findBackup(path: string): Backup {
  if (!existsSync(path)) throw new RefusedInput("NOT_FOUND", { at: "backup", received: path });
  const isOne = existsSync(join(path, MANIFEST)) || path.replace(/\/+$/, "").endsWith(DRAFT) || isNamedSo(path);
  if (isOne) return readManifest(path.replace(/\/+$/, ""));
  const { backups, refused } = readPlace(path);
  const newest = backups.at(-1);
  if (newest) return newest;
  throw refused.at(-1)?.error ?? new RefusedInput("NOT_FOUND", { at: "backup", received: path });
}

const isNamedSo = (path: string) => NAME.test(path.replace(/\/+$/, "").split("/").at(-1) ?? "");

/** Drafts of this database that nobody writes any more: whoever calls this is the only one who makes a backup of it. */
export async function removeDrafts(place: string, owner: string, now: number): Promise<void> {
  for (const name of readdirSync(place)) {
    if (!name.endsWith(DRAFT) || !NAME.test(name.replace(DRAFT, ""))) continue;
    const folder = join(place, name);
    const mark = join(folder, OWNER);
    // Without the mark: one that was being removed, or another database's that has just begun.
    const isOurs = existsSync(mark)
      ? readFileSync(mark, "utf8") === owner
      : statSync(folder).mtimeMs < now - ABANDONED_AFTER_MS;
    if (isOurs) await rm(folder, { recursive: true, force: true });
  }
}

const ABANDONED_AFTER_MS = 86_400_000;

/** Names the database of a draft. */
export const OWNER = "draft-of";

/**
 * Which backups nothing younger than `before` rests on. The newest chain always stays, whatever its age.
 *
 * @returns what may go, in an order in which nothing ever rests on what is gone
 */
export function prunable(backups: readonly Backup[], before: number): Backup[] {
  const kept = new Set<string>();
  const byId = new Map(backups.map((backup) => [backup.id, backup]));
  const keep = (backup: Backup | undefined) => {
    for (let each = backup; each && !kept.has(each.id); each = byId.get(each.parent?.id ?? "")) kept.add(each.id);
  };
  for (const backup of backups) if (backup.takenAt >= before) keep(backup);
  keep(backups.at(-1));
  return backups.filter(({ id }) => !kept.has(id)).toReversed();
}

/** Out of sight first, so that a removal that is cut off leaves no backup with files missing. */
export async function removeBackup(backup: Backup): Promise<void> {
  const draft = `${backup.folder}${DRAFT}`;
  await rename(backup.folder, draft);
  await flushFolder(join(backup.folder, ".."));
  await rm(join(draft, MANIFEST));
  await rm(draft, { recursive: true, force: true });
}
