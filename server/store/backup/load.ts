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
    await refuseContents(client);
    for (const backup of chain) await prepareDays(client, backup);
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

async function refuseContents(client: pg.Client): Promise<void> {
  const { rows } = await client.query("SELECT count(*)::float8 AS count FROM organisation");
  if (rows[0].count === 0) return;
  const expected = "an empty database: drop this one and create it again, or name another";
  throw new RefusedInput("RESTORE_NOT_EMPTY", { at: "database", expected });
}

const DAYS_AT_ONCE = 62;
const DAY_MS = 86_400_000;

async function prepareDays(client: pg.Client, { journalDays }: Backup): Promise<void> {
  if (!journalDays) return;
  const [first, last] = [Date.parse(journalDays.first), Date.parse(journalDays.last)];
  for (let day = first; day <= last; day += DAYS_AT_ONCE * DAY_MS) {
    const days = Math.min(DAYS_AT_ONCE, Math.round((last - day) / DAY_MS) + 1);
    await client.query("SELECT journal_prepare($1, $2)", [new Date(day).toISOString().slice(0, 10), days]);
  }
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
