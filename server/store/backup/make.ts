import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { RefusedInput } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import pg from "pg";
import { APART_MAX, changedGroups, isNew, type Snapshot, snapshotOf, takeCensus } from "./census.ts";
import { copyOut } from "./copy.ts";
import { createPieceWriter, flushFolder, type PieceWriter, writeFlushed } from "./files.ts";
import { LOCKS } from "./locks.ts";
import {
  type Backup,
  type BackupFile,
  type BackupTable,
  DRAFT,
  MANIFEST,
  type Manifest,
  manifestBytes,
} from "./manifest.ts";
import { createPace } from "./pace.ts";
import { chainOf, nameOf, OWNER, readPlace, removeDrafts } from "./place.ts";
import type { BackupLog, ListArchive, Queries } from "./ports.ts";
import { columnList, groupOf, keyText, quoted, type Table, tablesOf } from "./tables.ts";

export interface BackupOptions {
  /** As the owner of the tables. */
  readonly connection: pg.ClientConfig;
  /** Where backups are kept. */
  readonly place: string;
  readonly spoolFolder: string;
  readonly runtime: Pick<Runtime, "clock" | "timers" | "ids">;
  readonly log: BackupLog;
  /** Of Openward. */
  readonly version: string;
  /** A full one, whatever there is to build upon. */
  readonly isFull?: boolean;
  /** A chain whose full backup is older than this gets no further increment. */
  readonly fullEveryMs: number;
  /** How fast is read; 0: as fast as it goes. */
  readonly bytesPerSecond: number;
  readonly listArchive?: ListArchive;
}

export interface BackupReport {
  readonly folder: string;
  readonly kind: Backup["kind"];
  /** Why it is a full one; null: it is not. */
  readonly fullBecause: string | null;
  readonly rows: number;
  readonly bytes: number;
  readonly takenAt: number;
  readonly tookMs: number;
}

/**
 * Back a database up while it is in use: what had been acknowledged when this was called is in it, and everything in it is
 * of one moment.
 *
 * @throws RefusedInput CONFLICT when another backup of this database runs; the errors of disk and database
 */
export async function makeBackup(options: BackupOptions): Promise<BackupReport> {
  const { connection, place, runtime } = options;
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const reader = await connect(connection);
  const marker = await connect(connection);
  const started = runtime.clock.monotonic();
  try {
    const { rows } = await reader.query("SELECT pg_try_advisory_lock($1) AS mine", [LOCKS.backup]);
    if (!rows[0].mine)
      throw new RefusedInput("CONFLICT", { at: "backup", expected: "no other backup of this database" });
    await reader.query("SELECT pg_advisory_lock_shared($1)", [LOCKS.journalDays]);
    const database = await identityOf(reader);
    await removeDrafts(place, ownerOf(database), runtime.clock.now());
    const report = await backUp({ ...options, reader, marker, database });
    return { ...report, tookMs: Math.round(runtime.clock.monotonic() - started) };
  } finally {
    await Promise.all([reader.end(), marker.end()]);
  }
}

interface Context extends BackupOptions {
  readonly reader: pg.Client;
  readonly marker: pg.Client;
  readonly database: Manifest["database"];
}

async function backUp(context: Context): Promise<Omit<BackupReport, "tookMs">> {
  const { reader, marker, database, place, runtime, log } = context;
  const takenAt = runtime.clock.now();
  const id = runtime.ids.uuid();
  const draft = join(place, `${nameOf(takenAt, "full")}${DRAFT}`);
  mkdirSync(draft, { mode: 0o700 });
  await writeFlushed(join(draft, OWNER), Buffer.from(ownerOf(database)));
  const writer = createPieceWriter(draft, createPace(context.bytesPerSecond, runtime));
  try {
    // Before the snapshot: what leaves the spool meanwhile is in the journal by then.
    const spool = await copySpool(context.spoolFolder, writer);
    await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    for (const setting of ["statement_timeout = 0", "idle_in_transaction_session_timeout = 0", "bytea_output = hex"])
      await reader.query(`SET LOCAL ${setting}`);
    const snapshot = await snapshotOf(reader);
    // Behind the snapshot: a database that is set back to before it does not have the row.
    await marker.query("INSERT INTO backup_taken (id, taken_at) VALUES ($1, $2)", [id, takenAt]);
    const schema = await schemaOf(reader);
    const choice = context.isFull
      ? { parent: null, because: "it was asked for" }
      : await chooseParent(context, { takenAt, snapshot, schema });
    const { parent } = choice;
    const tables: BackupTable[] = [];
    for (const table of await tablesOf(reader))
      tables.push(await copyTable(table, { reader, writer, parent, snapshot }));
    const manifest: Manifest = {
      id,
      kind: parent ? "increment" : "full",
      takenAt,
      madeBy: context.version,
      postgres: await settingOf(reader, "server_version"),
      database,
      snapshot,
      parent: parent && { id: parent.id, name: parent.name, sha256: parent.sha256 },
      schema,
      tables,
      sequences: await sequencesOf(reader),
      partitions: await partitionsOf(reader),
      spool,
      archive: [...((await context.listArchive?.(reader)) ?? [])],
      keyStore: await keyStoreOf(reader),
    };
    await reader.query("COMMIT");
    const folder = join(place, nameOf(takenAt, manifest.kind));
    await publish(draft, folder, manifest);
    const files = [...spool, ...tables.flatMap((table) => [...table.files, ...table.keptFiles])];
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    log.info({ kind: manifest.kind, rows, bytes }, "a backup was made");
    return { folder, kind: manifest.kind, fullBecause: choice.because, rows, bytes, takenAt };
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

/** The manifest is the last file, and the name without ".draft" comes after it: half a backup is never taken for one. */
async function publish(draft: string, folder: string, manifest: Manifest): Promise<void> {
  await rm(join(draft, OWNER));
  await flushFolder(draft);
  await writeFlushed(join(draft, MANIFEST), manifestBytes(manifest));
  await flushFolder(draft);
  await rename(draft, folder);
  await flushFolder(join(folder, ".."));
}

async function copyTable(
  table: Table,
  {
    reader,
    writer,
    parent,
    snapshot,
  }: {
    reader: pg.Client;
    writer: PieceWriter;
    parent: Backup | null;
    snapshot: Snapshot;
  },
): Promise<BackupTable> {
  const before = parent?.tables.find(({ name }) => name === table.name);
  const since = parent?.snapshot ?? null;
  const { all, old } = await takeCensus(reader, table, since, snapshot);
  const count = (groups: typeof all) => groups.reduce((sum, { rows }) => sum + rows, 0);
  const rows = count(all) - count(old);
  const changed = before ? changedGroups(before.groups, old) : [];
  const { name, columns, key } = table;
  const from = `FROM ${quoted(name)}`;
  const fresh = since ? ` WHERE ${isNew(since, snapshot)}` : "";
  const files =
    rows === 0 ? [] : await writer.write(name, copyOut(reader, `SELECT ${columnList(columns)} ${from}${fresh}`));
  let keptFiles: BackupFile[] = [];
  const isLeft = changed.some((group) => old.some((each) => each.group === group));
  if (since && isLeft) {
    const inChanged = `${groupOf(table)} = ANY ('{${changed.join(",")}}'::bigint[])`;
    const kept = `SELECT ${keyText(table)} ${from} WHERE NOT (${isNew(since, snapshot)}) AND ${inChanged}`;
    keptFiles = await writer.write(`${name}.kept`, copyOut(reader, kept));
  }
  return { name, columns: [...columns], key: [...key], rows, files, groups: [...all], changed, keptFiles };
}

async function chooseParent(
  { reader, place, database, fullEveryMs, log }: Context,
  { takenAt, snapshot, schema }: { takenAt: number; snapshot: Snapshot; schema: Manifest["schema"] },
): Promise<{ parent: Backup | null; because: string | null }> {
  const { backups, refused } = readPlace(place);
  for (const { name, error } of refused)
    if (!name.endsWith(DRAFT)) log.warn({ name, code: error.code }, "a backup in this folder cannot be used");
  const full = (because: string) => ({ parent: null, because });
  const newest = backups
    .filter((each) => each.database.system === database.system && each.database.oid === database.oid)
    .at(-1);
  if (!newest) return full("there is none of this database yet");
  const { rows } = await reader.query("SELECT 1 FROM backup_taken WHERE id = $1", [newest.id]);
  if (rows.length === 0) return full("the database was set back to before the newest one");
  if (JSON.stringify(newest.schema) !== JSON.stringify(schema)) return full("the schema is a newer one");
  if (snapshot.next - newest.snapshot.settled >= APART_MAX) return full("too much has happened since the newest one");
  const byName = new Map(backups.map((each) => [each.name, each]));
  try {
    const [first] = chainOf(newest, (name) => {
      const found = byName.get(name);
      if (!found) throw new RefusedInput("NOT_FOUND", { at: name });
      return found;
    });
    if (!first || first.takenAt + fullEveryMs <= takenAt) return full("the last full one is old enough");
  } catch (error) {
    if (!(error instanceof RefusedInput)) throw error;
    return full("what the newest one rests upon is not there");
  }
  return { parent: newest, because: null };
}

async function copySpool(folder: string, writer: PieceWriter): Promise<BackupFile[]> {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const files: BackupFile[] = [];
  for (const name of names.filter((each) => each.endsWith(".spool"))) {
    try {
      files.push(...(await writer.write(`spool-${name}`, chunksOf(await readFile(join(folder, name))))));
    } catch (error) {
      // Chained into the journal, and so in the snapshot.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return files;
}

async function* chunksOf(bytes: Uint8Array) {
  yield bytes;
}

async function connect(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  // Without a listener a lost connection would end the process; the query under way rejects all the same.
  client.on("error", () => {});
  await client.connect();
  return client;
}

async function identityOf(client: Queries): Promise<Manifest["database"]> {
  const { rows } = await client.query(
    `SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system,
      (SELECT oid::bigint::float8 FROM pg_database WHERE datname = current_database()) AS oid`,
  );
  return rows[0] as Manifest["database"];
}

const ownerOf = ({ system, oid }: Manifest["database"]) => `${system} ${oid}\n`;

async function schemaOf(client: Queries): Promise<Manifest["schema"]> {
  const { rows } = await client.query("SELECT version, name, checksum FROM schema_migration ORDER BY version");
  return rows as Manifest["schema"];
}

async function settingOf(client: Queries, name: string): Promise<string> {
  const { rows } = await client.query("SELECT current_setting($1) AS value", [name]);
  return (rows[0] as { value: string }).value;
}

/** Not of the snapshot: a number that was given since is not given again after a restore either. */
async function sequencesOf(client: Queries): Promise<Manifest["sequences"]> {
  const { rows } = await client.query(
    `SELECT sequencename AS name, last_value::float8 AS value FROM pg_sequences
      WHERE schemaname = 'public' AND last_value IS NOT NULL ORDER BY 1`,
  );
  return rows as Manifest["sequences"];
}

async function partitionsOf(client: Queries): Promise<Manifest["partitions"]> {
  const { rows } = await client.query(
    `SELECT p.relname AS "table", c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
      FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class p ON p.oid = i.inhparent
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relispartition ORDER BY 1, 2`,
  );
  return rows as Manifest["partitions"];
}

async function keyStoreOf(client: Queries): Promise<Manifest["keyStore"]> {
  const { rows } = await client.query(
    "SELECT store_id::text AS id, max(keys)::float8 AS keys FROM key_store GROUP BY 1",
  );
  return (rows[0] as Manifest["keyStore"] | undefined) ?? null;
}
