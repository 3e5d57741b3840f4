import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { RefusedInput } from "@openward/errors";
import { z } from "zod";

export const FORMAT = 1;
/** With this file a backup is there; it is written last. */
export const MANIFEST = "manifest.json";
/** A folder that is still being written, or was left so. */
export const DRAFT = ".draft";

const file = z.object({
  name: z.string().regex(/^[a-z0-9][a-z0-9_.-]*$/i),
  bytes: z.number(),
  /** Before it was compressed. */
  rawBytes: z.number(),
  sha256: z.string(),
});
const group = z.object({ group: z.number(), rows: z.number(), keys: z.string() });
const table = z.object({
  name: z.string(),
  columns: z.array(z.string()),
  key: z.array(z.string()),
  /** Rows that are in `files`: all, or those written since the parent. */
  rows: z.number(),
  /** One stream of COPY in PostgreSQL's binary form, cut into pieces. */
  files: z.array(file),
  /** The whole table as it was, counted in groups. */
  groups: z.array(group),
  /** Of these groups only what `keptFiles` names (and `files` brings) is still there. */
  changed: z.array(z.number()),
  /** Keys of what is older than this backup, of the changed groups. */
  keptFiles: z.array(file),
});
const content = z.object({
  id: z.string(),
  kind: z.enum(["full", "increment"]),
  /** Everything that was acknowledged before this time is in it. */
  takenAt: z.number(),
  madeBy: z.string(),
  postgres: z.string(),
  /** Of which database: of another one, it is no parent. */
  database: z.object({ system: z.string(), oid: z.number() }),
  snapshot: z.object({ settled: z.number(), next: z.number() }),
  parent: z.object({ id: z.string(), name: z.string(), sha256: z.string() }).nullable(),
  schema: z.array(z.object({ version: z.number(), name: z.string(), checksum: z.string() })),
  tables: z.array(table),
  sequences: z.array(z.object({ name: z.string(), value: z.number() })),
  /** Of tables that are partitioned by time, as the catalogue says them: no other form is carried out. */
  partitions: z.array(
    z.object({
      table: z.string(),
      name: z.string(),
      bound: z.string().regex(/^FOR VALUES FROM \('[^']*'\) TO \('[^']*'\)$/),
    }),
  ),
  spool: z.array(file),
  /** Files of the archive that the rows refer to; not copied. */
  archive: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string() })),
  /** The key store that it is encrypted with, and how many keys that must have. */
  keyStore: z.object({ id: z.string(), keys: z.number() }).nullable(),
});

export type BackupFile = z.infer<typeof file>;
export type BackupTable = z.infer<typeof table>;
export type Manifest = z.infer<typeof content>;

/** A complete backup in its folder. */
export interface Backup extends Manifest {
  readonly folder: string;
  readonly name: string;
  /** Of the manifest, by which a child names it. */
  readonly sha256: string;
}

export function manifestBytes(manifest: Manifest): Buffer {
  const text = JSON.stringify(manifest);
  return Buffer.from(`{"format":${FORMAT},"sha256":"${sha256Of(text)}","content":${text}}\n`);
}

/**
 * @throws RefusedInput NOT_FOUND; BACKUP_INCOMPLETE, BACKUP_VERSION, BACKUP_DAMAGED, each naming the folder
 */
export function readManifest(folder: string): Backup {
  if (!existsSync(folder)) throw new RefusedInput("NOT_FOUND", { at: "backup", received: folder });
  if (folder.endsWith(DRAFT) || !existsSync(join(folder, MANIFEST))) {
    const expected = "a backup that was finished: its folder has a manifest.json";
    throw new RefusedInput("BACKUP_INCOMPLETE", { at: folder, expected });
  }
  const bytes = readFileSync(join(folder, MANIFEST), "utf8");
  const damaged = (cause?: unknown) =>
    new RefusedInput("BACKUP_DAMAGED", { at: join(folder, MANIFEST), expected: "the file as written" }, { cause });
  let read: { format?: unknown; sha256?: unknown; content?: unknown };
  try {
    read = JSON.parse(bytes);
  } catch (cause) {
    throw damaged(cause);
  }
  if (typeof read.format === "number" && read.format > FORMAT) {
    const expected = `format ${FORMAT} or older; restore it with the version of Openward that wrote it, or a newer one`;
    throw new RefusedInput("BACKUP_VERSION", { at: folder, expected, received: String(read.format) });
  }
  const text = JSON.stringify(read.content);
  if (read.format !== FORMAT || read.sha256 !== sha256Of(text ?? "")) throw damaged();
  const parsed = content.safeParse(read.content);
  if (!parsed.success) throw damaged(parsed.error);
  return { ...parsed.data, folder, name: basename(folder), sha256: read.sha256 as string };
}

export const sha256Of = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");
