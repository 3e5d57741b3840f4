import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RefusedInput } from "@openward/errors";
import pg from "pg";
import { RESTORE_UNFINISHED } from "../database/index.ts";
import { flushFolder, readPieces, writeFlushed } from "./files.ts";
import { loadChain } from "./load.ts";
import type { Backup } from "./manifest.ts";
import { chainOnDisk, verifyFiles } from "./verify.ts";

/** While it is in a data directory, nothing serves from there (server/store/database). */
const UNFINISHED = RESTORE_UNFINISHED;

export interface RestoreOptions {
  readonly backup: Backup;
  readonly dataDir: string;
  /** Where the key store will be: it may lie in the data directory already. */
  readonly keyDir: string;
  /** The database is in the data directory. */
  readonly isEmbedded: boolean;
  /** The migrations that are known here, as the schema has them. */
  readonly migrations: readonly { readonly version: number; readonly name: string; readonly checksum: string }[];
  /** Opens the database with the schema of the backup, as its owner, for as long as the work takes. */
  readonly withDatabase: (schemaVersion: number, work: (connection: pg.ClientConfig) => Promise<void>) => Promise<void>;
  /** Called when the directory is marked, before what an earlier try left there is removed. */
  readonly beforeFilling: () => Promise<void>;
  /** Told before each step. */
  readonly progress: (text: string) => void;
}

export interface RestoreReport {
  readonly takenAt: number;
  readonly backups: number;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Put a backup into a data directory that is empty. Every file is read and compared first. One that was cut off is begun
 * again; until it is finished nothing serves from there.
 *
 * @throws RefusedInput RESTORE_NOT_EMPTY, BACKUP_DAMAGED, BACKUP_VERSION; the errors of disk and database
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
  const { backup, dataDir, isEmbedded, progress } = options;
  const chain = chainOnDisk(backup);
  refuseNewer(options);
  refuseOccupied(options);
  progress("reading every file of the backup ...");
  let bytes = 0;
  for (const each of chain) bytes += (await verifyFiles(each)).bytes;

  await markUnfinished(dataDir, backup.id);
  await options.beforeFilling();
  const leftovers = isEmbedded ? ["postgres", "postgres.new", "postgres.password", "spool"] : ["spool"];
  for (const name of leftovers) await rm(join(dataDir, name), { recursive: true, force: true });
  await putSpool(backup, join(dataDir, "spool"));
  progress("filling the database ...");
  let rows = 0;
  await options.withDatabase(backup.schema.at(-1)?.version ?? 0, async (connection) => {
    const client = new pg.Client(connection);
    client.on("error", () => {});
    await client.connect();
    try {
      rows = (await loadChain(client, chain)).rows;
      await client.query("ANALYZE");
    } finally {
      await client.end();
    }
  });
  return { takenAt: backup.takenAt, backups: chain.length, rows, bytes };
}

/** The last step, when everything else is done: from now on the directory can be served from. */
export async function finishRestore(dataDir: string): Promise<void> {
  await rm(join(dataDir, UNFINISHED), { force: true });
  await flushFolder(dataDir);
}

function refuseNewer({ backup, migrations }: RestoreOptions): void {
  const known = new Map(migrations.map((each) => [each.version, each]));
  for (const { version, name, checksum } of backup.schema) {
    if (known.get(version)?.checksum === checksum) continue;
    const expected =
      "a schema that this version of Openward knows; restore with the one that made the backup, or newer";
    throw new RefusedInput("BACKUP_VERSION", { at: backup.folder, expected, received: name });
  }
}

function refuseOccupied({ dataDir, keyDir, backup }: RestoreOptions): void {
  if (!existsSync(dataDir) || existsSync(join(dataDir, UNFINISHED))) return;
  const found = readdirSync(dataDir).find((name) => !isOnlyTheWayTo(join(dataDir, name), keyDir));
  if (found === undefined) return;
  const expected = `an empty folder to restore ${backup.name} into`;
  throw new RefusedInput("RESTORE_NOT_EMPTY", { at: dataDir, expected, received: found });
}

const isOnlyTheWayTo = (path: string, keyDir: string) => keyDir === path || dirname(keyDir).startsWith(path);

async function markUnfinished(dataDir: string, id: string): Promise<void> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, UNFINISHED);
  if (existsSync(path) && readFileSync(path, "utf8").trim() === id) return;
  await rm(path, { force: true });
  await writeFlushed(path, Buffer.from(`${id}\n`));
  await flushFolder(dataDir);
}

/** What was acknowledged and not in the database yet: the next start chains it in. */
async function putSpool({ folder, spool }: Backup, into: string): Promise<void> {
  if (spool.length === 0) return;
  mkdirSync(into, { recursive: true, mode: 0o700 });
  for (const piece of spool) {
    const handle = await open(join(into, piece.name.replace(/^spool-|-\d{5}\.zst$/g, "")), "a", 0o600);
    try {
      for await (const bytes of readPieces(folder, [piece])) await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  await flushFolder(into);
}
