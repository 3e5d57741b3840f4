import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { migrate, readMigrations } from "./migrate.ts";
import schemas from "./released/schemas.json" with { type: "json" };
import { openTestDatabase, type TestDatabase, temporaryDataDir } from "./testing/database.ts";

interface Released {
  readonly schema: string;
  /** Of its last migration. */
  readonly version: number;
  readonly rows: string;
  /** By name of the migration; null: it may still be edited. */
  readonly checksums: Readonly<Record<string, string>> | null;
}

for (const { schema, version, rows, checksums } of schemas as Released[]) {
  test(`data of the schema ${version} (${schema}) is there as it was after every later migration`, async (t) => {
    const migrations = (await readMigrations()).filter((each) => each.version <= version);
    for (const { name, checksum } of checksums ? migrations : [])
      assert.equal(checksum, checksums?.[name], `${name} was released and has been edited since`);

    const database = await openTestDatabase({
      // A new one: those that are copied have the newest schema.
      dataDir: temporaryDataDir(),
      restoring: { schemaVersion: version },
    });
    t.after(() => database.close());
    await database.owner.query(readFileSync(new URL(`released/${rows}`, import.meta.url), "utf8"));
    const tables = await columnsOf(database);
    const before = await contentOf(database, tables);
    for (const [name, content] of Object.entries(before))
      assert.notEqual(content, "[]", `${rows} has no row of ${name}`);
    const applied = await migrate(database.owner);
    assert.ok(applied.length > 0, "there is a later migration");
    assert.deepEqual(await contentOf(database, tables), before);
    assert.deepEqual(await migrate(database.owner), [], "and nothing more to do");
  });
}

type Columns = Readonly<Record<string, readonly string[]>>;

async function columnsOf({ owner }: TestDatabase): Promise<Columns> {
  const { rows } = await owner.query<{ name: string; columns: string[] }>(
    `SELECT c.relname AS name, array_agg(quote_ident(a.attname) ORDER BY a.attnum) AS columns
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname <> 'schema_migration' GROUP BY 1`,
  );
  return Object.fromEntries(rows.map(({ name, columns }) => [name, columns]));
}

async function contentOf({ owner }: TestDatabase, tables: Columns): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for (const [name, columns] of Object.entries(tables)) {
    const { rows } = await owner.query(
      `SELECT ${columns.join(", ")} FROM ${name} ORDER BY ${columns
        .map((_, i) => i + 1)
        .filter((i) => !/detail|problems|remainder/.test(columns[i - 1] ?? ""))
        .join(", ")}`,
    );
    content[name] = JSON.stringify(rows);
  }
  return content;
}
