import { RefusedInput } from "@openward/errors";
import type pg from "pg";
import { firstDifference, takeCensus } from "./census.ts";
import { copyIn } from "./copy.ts";
import { readPieces } from "./files.ts";
import type { Backup, BackupTable } from "./manifest.ts";
import { columnList, groupOf, keyText, quoted, tablesOf } from "./tables.ts";

/**
 * Fill an empty database, that has the schema of these backups, in one transaction: whatever happens, it is empty or whole.
 * What comes out is counted and compared with what the last of them says.
 *
 * @param chain the full one first
 * @param client as the owner of the tables
 * @throws RefusedInput RESTORE_NOT_EMPTY, BACKUP_DAMAGED
 */
export async function loadChain(client: pg.Client, chain: readonly Backup[]): Promise<{ rows: number }> {
  const last = chain.at(-1) as Backup;
  await client.query("BEGIN");
  try {
    for (const setting of ["statement_timeout = 0", "idle_in_transaction_session_timeout = 0", "bytea_output = hex"])
      await client.query(`SET LOCAL ${setting}`);
    await refuseContents(client, last);
    for (const backup of chain) await makePartitions(client, backup);
    const restore = await setAsideRules(client);
    let rows = 0;
    for (const backup of chain) for (const table of backup.tables) rows += await apply(client, backup, table);
    await restore();
    for (const { name, value } of last.sequences)
      await client.query("SELECT setval($1::regclass, $2::bigint, true)", [quoted(name), value]);
    await compare(client, last);
    await client.query("COMMIT");
    return { rows };
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

async function refuseContents(client: pg.Client, { schema }: Backup): Promise<void> {
  const { rows } = await client.query(
    "SELECT (SELECT count(*) FROM organisation)::float8 AS contents, (SELECT max(version) FROM schema_migration) AS version",
  );
  const [{ contents, version }] = rows as [{ contents: number; version: number }];
  // Rows of an older schema would be taken for migrated ones in a newer one.
  if (contents === 0 && version === schema.at(-1)?.version) return;
  const expected = "an empty database: drop this one and create it again, or name another";
  throw new RefusedInput("RESTORE_NOT_EMPTY", { at: "database", expected });
}

async function makePartitions(client: pg.Client, { partitions }: Backup): Promise<void> {
  for (const { table, name, bound } of partitions)
    await client.query(`CREATE TABLE IF NOT EXISTS ${quoted(name)} PARTITION OF ${quoted(table)} ${bound}`);
}

/**
 * Tables are filled one after the other, and out of the order in which their rows came: until all are there, references are
 * not checked and nobody is told of changes.
 *
 * @returns puts the rules back, which checks every reference
 */
async function setAsideRules(client: pg.Client): Promise<() => Promise<void>> {
  const { rows: references } = await client.query<{ table: string; name: string; definition: string }>(
    `SELECT conrelid::regclass::text AS "table", conname AS name, pg_get_constraintdef(oid) AS definition
      FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND connamespace = 'public'::regnamespace`,
  );
  const names = (await tablesOf(client)).map(({ name }) => quoted(name));
  for (const { table, name } of references) await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${quoted(name)}`);
  for (const name of names) await client.query(`ALTER TABLE ${name} DISABLE TRIGGER USER`);
  return async () => {
    for (const name of names) await client.query(`ALTER TABLE ${name} ENABLE TRIGGER USER`);
    for (const { table, name, definition } of references)
      await client.query(`ALTER TABLE ${table} ADD CONSTRAINT ${quoted(name)} ${definition}`);
  };
}

/** First what is gone or was changed since the parent, then what came. */
async function apply(client: pg.Client, { folder }: Backup, table: BackupTable): Promise<number> {
  const name = quoted(table.name);
  if (table.changed.length > 0) {
    await client.query("CREATE TEMPORARY TABLE kept (key text) ON COMMIT DROP");
    if (table.keptFiles.length > 0) await copyIn(client, "kept", readPieces(folder, table.keptFiles));
    await client.query("ANALYZE kept");
    await client.query(
      `DELETE FROM ${name} WHERE ${groupOf(table)} = ANY ($1::bigint[])
        AND NOT EXISTS (SELECT FROM kept WHERE kept.key = ${keyText(table)})`,
      [table.changed],
    );
    await client.query("DROP TABLE kept");
  }
  if (table.files.length === 0) return 0;
  return copyIn(client, `${name} (${columnList(table.columns)})`, readPieces(folder, table.files));
}

async function compare(client: pg.Client, backup: Backup): Promise<void> {
  for (const table of backup.tables) {
    const { all } = await takeCensus(client, table, null, { settled: 0, next: 0 });
    const differing = firstDifference(table.groups, all);
    if (!differing) continue;
    const expected = `the rows of ${table.name} that the manifest counts (group ${differing.group})`;
    throw new RefusedInput("BACKUP_DAMAGED", { at: backup.folder, expected });
  }
}
