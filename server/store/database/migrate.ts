import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { OutsideTrouble } from "@openward/errors";
import type { Pool, PoolClient } from "pg";

/** The folder of our own migrations. */
export const MIGRATIONS = fileURLToPath(new URL("../migrations", import.meta.url));

// An arbitrary number that only migrations lock.
const LOCK = 7_276_903_411;

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/**
 * Bring the schema up to date: plain SQL files "0001-initial.sql" in order, each in a transaction of its own, under a
 * lock, each recorded with its checksum.
 *
 * @param upTo apply none above this version: for a restore of what an earlier version wrote
 * @returns the names of those that were applied now
 * @throws OutsideTrouble DATA_DIR_NEWER when the database has a migration that is not in the folder;
 *   MIGRATION_CHANGED when one that was applied has been edited since
 */
export async function migrate(owner: Pool, folder = MIGRATIONS, upTo = Number.POSITIVE_INFINITY): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const client = await owner.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [LOCK]);
    try {
      return await apply(client, migrations, upTo);
    } finally {
      await client.query("SELECT pg_advisory_unlock($1)", [LOCK]);
    }
  } finally {
    client.release();
  }
}

async function apply(client: PoolClient, migrations: readonly Migration[], upTo: number): Promise<string[]> {
  await client.query(
    `CREATE TABLE IF NOT EXISTS schema_migration (
       version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
  );
  const { rows } = await client.query<{ version: number; name: string; checksum: string }>(
    "SELECT version, name, checksum FROM schema_migration ORDER BY version",
  );
  const known = new Map(migrations.map((migration) => [migration.version, migration]));
  for (const row of rows) {
    const migration = known.get(row.version);
    if (!migration) throw new OutsideTrouble("DATA_DIR_NEWER", false, { at: "schema_migration", received: row.name });
    if (migration.checksum !== row.checksum) throw new OutsideTrouble("MIGRATION_CHANGED", false, { at: row.name });
    known.delete(row.version);
  }
  const applied: string[] = [];
  for (const migration of known.values()) {
    if (migration.version > upTo) break;
    await client.query("BEGIN");
    try {
      await client.query(migration.sql);
      await client.query("INSERT INTO schema_migration (version, name, checksum) VALUES ($1, $2, $3)", [
        migration.version,
        migration.name,
        migration.checksum,
      ]);
      await client.query("COMMIT");
    } catch (error) {
      await client.query("ROLLBACK");
      throw new Error(`migration ${migration.name} failed: ${(error as Error).message}`, { cause: error });
    }
    applied.push(migration.name);
  }
  return applied;
}

/** In the order in which they are applied. */
export async function readMigrations(folder = MIGRATIONS): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => /^\d{4}-[a-z0-9-]+\.sql$/.test(file)).sort();
  return Promise.all(
    files.map(async (file) => {
      const sql = await readFile(join(folder, file), "utf8");
      const checksum = createHash("sha256").update(sql).digest("hex");
      return { version: Number(file.slice(0, 4)), name: file.slice(0, -4), sql, checksum };
    }),
  );
}
