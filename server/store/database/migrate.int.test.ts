import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { OutsideTrouble } from "@openward/errors";
import { migrate } from "./migrate.ts";
import { openTestDatabase, type TestDatabase } from "./testing/database.ts";

const folder = mkdtempSync(join(tmpdir(), "openward-test-migrations-"));
let database: TestDatabase;

const write = (name: string, sql: string) => writeFileSync(join(folder, name), sql);
const isCode = (code: string) => (error: unknown) => error instanceof OutsideTrouble && error.code === code;

before(async () => {
  database = await openTestDatabase({ migrations: folder });
});
after(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  await database.owner.query("DROP TABLE IF EXISTS a; DELETE FROM schema_migration");
  for (const name of ["0001-first.sql", "0002-second.sql"]) rmSync(join(folder, name), { force: true });
});

test("migrations run once, in order, each whole or not at all", async () => {
  write("0001-first.sql", "CREATE TABLE a (n integer);");
  write("0002-second.sql", "INSERT INTO a VALUES (1); SELECT 1 / 0;");
  write("notes.txt", "not one of them");
  await assert.rejects(migrate(database.owner, folder), /migration 0002-second failed: division by zero/);
  assert.equal((await database.owner.query("SELECT n FROM a")).rowCount, 0);
  write("0002-second.sql", "INSERT INTO a VALUES (2);");
  assert.deepEqual(await migrate(database.owner, folder), ["0002-second"]);
  assert.deepEqual(await migrate(database.owner, folder), []);
  assert.deepEqual((await database.owner.query("SELECT n FROM a")).rows, [{ n: 2 }]);
});

test("an applied migration that was edited is refused by its name", async () => {
  write("0001-first.sql", "CREATE TABLE a (n integer);");
  await migrate(database.owner, folder);
  write("0001-first.sql", "CREATE TABLE a (n bigint);");
  await assert.rejects(migrate(database.owner, folder), (error: unknown) => {
    assert.ok(isCode("MIGRATION_CHANGED")(error));
    assert.match((error as Error).message, /At 0001-first\./);
    return true;
  });
});

test("a database that a newer version has migrated is refused", async () => {
  await database.owner.query("INSERT INTO schema_migration (version, name, checksum) VALUES (9, '0009-newer', '')");
  await assert.rejects(migrate(database.owner, folder), isCode("DATA_DIR_NEWER"));
});

test("two processes that start together migrate once", async () => {
  write("0001-first.sql", "CREATE TABLE a (n integer); SELECT pg_sleep(0.2);");
  const applied = await Promise.all([migrate(database.owner, folder), migrate(database.owner, folder)]);
  assert.deepEqual(applied.flat(), ["0001-first"]);
});
