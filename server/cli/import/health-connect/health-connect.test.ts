import assert from "node:assert/strict";
import { createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pipeline } from "node:stream/promises";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Decoded } from "@openward/codecs/raw";
import { systemRuntime } from "@openward/runtime/system";
import { ZipFile } from "yazl";
import { bringIn } from "../bring-in.ts";
import { openSources } from "../sources.ts";
import type { Tally } from "../tally.ts";
import { createDatabases } from "./open.ts";
import { linesOf, openForeign } from "./rows.ts";

const folder = mkdtempSync(join(tmpdir(), "openward-import-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const T0 = Date.UTC(2026, 2, 28, 23, 30);
/** Columns that every record has, as Android makes them. */
const RECORD =
  "row_id INTEGER PRIMARY KEY AUTOINCREMENT, uuid BLOB UNIQUE NOT NULL, last_modified_time INTEGER, client_record_id TEXT, app_info_id INTEGER, dedupe_hash BLOB UNIQUE";
const INSTANT = `${RECORD}, time INTEGER, zone_offset INTEGER, local_date INTEGER`;
const INTERVAL = `${RECORD}, start_time INTEGER, start_zone_offset INTEGER, end_time INTEGER, end_zone_offset INTEGER, local_date INTEGER`;
const LOCAL = "local_date_time INTEGER AS (time + 1000 * zone_offset)";

/** An export of a telephone over the night in which summer time begins. */
function databaseAt(name: string): { readonly path: string; readonly database: DatabaseSync } {
  const path = join(folder, name);
  const database = new DatabaseSync(path);
  database.exec(`
    CREATE TABLE weight_record_table (${INSTANT}, weight REAL, ${LOCAL});
    CREATE TABLE blood_pressure_record_table (${INSTANT}, systolic REAL, diastolic REAL, measurement_location TEXT, body_position TEXT, ${LOCAL});
    CREATE TABLE heart_rate_record_table (${INTERVAL});
    CREATE TABLE heart_rate_record_series_table (parent_key INTEGER, beats_per_minute INTEGER, epoch_millis INTEGER,
      FOREIGN KEY (parent_key) REFERENCES heart_rate_record_table(row_id) ON DELETE CASCADE);
    CREATE TABLE vo2_max_record_table (${INSTANT}, vo2_milliliters_per_minute_kilogram REAL);
    CREATE TABLE application_info_table (row_id INTEGER PRIMARY KEY, package_name TEXT);
  `);
  const insert = (sql: string) => database.prepare(sql);
  const weight = insert(
    "INSERT INTO weight_record_table (uuid, time, zone_offset, weight) VALUES (randomblob(16), ?, ?, ?)",
  );
  for (let day = 0; day < 4; day++) weight.run(T0 + day * 86_400_000, day < 1 ? 3_600 : 7_200, 72_000.25 + day);
  insert(
    "INSERT INTO blood_pressure_record_table (uuid, time, zone_offset, systolic, diastolic) VALUES (randomblob(16), ?, 3600, 121, 78)",
  ).run(T0);
  insert("INSERT INTO vo2_max_record_table (uuid, time, zone_offset) VALUES (randomblob(16), ?, 3600)").run(T0);
  const session = insert(
    "INSERT INTO heart_rate_record_table (uuid, start_time, start_zone_offset, end_time, end_zone_offset) VALUES (randomblob(16), ?, ?, ?, 7200)",
  );
  const beat = insert("INSERT INTO heart_rate_record_series_table VALUES (?, ?, ?)");
  database.exec("BEGIN");
  for (let i = 0; i < 12; i++) {
    const start = T0 + i * 3_600_000;
    const { lastInsertRowid } = session.run(start, i < 2 ? 3_600 : 7_200, start + 3_600_000);
    for (let second = 0; second < 1_000; second++)
      beat.run(lastInsertRowid, 50 + ((i * 7 + second) % 60), start + second * 1_000);
  }
  database.exec("COMMIT");
  return { path, database };
}

async function importing(path: string): Promise<{ readonly tally: Tally; readonly decoded: readonly Decoded[] }> {
  const opened = await openSources(path, createDatabases(systemRuntime.timers));
  const decoded: Decoded[] = [];
  try {
    const wishes = { format: null, sender: null, after: 0, now: T0, timeZone: null };
    const tally = await bringIn(opened.sources, {
      ...wishes,
      onDecoded: (each) => decoded.push(each),
      onProgress() {},
    });
    return { tally, decoded };
  } finally {
    opened.close();
  }
}

test("the database, and its archive, give what the tables hold, each in its time and zone", async () => {
  const { path, database } = databaseAt("health_connect_export.db");
  const count = (sql: string) => database.prepare(sql).get() as { n: number; sum: number };
  const beats = count("SELECT count(*) n, sum(beats_per_minute) sum FROM heart_rate_record_series_table");
  const weights = count("SELECT count(*) n, sum(weight) sum FROM weight_record_table");
  database.close();
  const zip = new ZipFile();
  zip.addFile(path, "health_connect_export.db");
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(`${path}.zip`));
  // Other tests unpack beside this one: it has a place of its own.
  process.env.TMPDIR = mkdtempSync(join(folder, "unpacking-"));
  for (const source of [path, `${path}.zip`]) {
    const { tally, decoded } = await importing(source);
    assert.deepEqual(tally.found, {
      "nibp-systolic": 1,
      "nibp-diastolic": 1,
      "body-weight": weights.n,
      "pulse-rate": beats.n,
    });
    assert.deepEqual(tally.ignored, { vo2_max_record_table: 1 });
    assert.deepEqual([tally.problems, tally.refused], [{}, []]);
    assert.ok(tally.pieces > 3, "a long table is several pieces");
    const columns = decoded.flatMap(({ readings }) => readings);
    const sum = (signal: string) =>
      columns
        .filter((column) => column.signal === signal)
        .reduce((all, { values }) => all + [...values].reduce((a, b) => a + b, 0), 0);
    assert.deepEqual([sum("pulse-rate"), sum("body-weight")], [beats.sum, weights.sum]);
    const zones = columns
      .filter(({ signal }) => signal === "pulse-rate")
      .map(({ utcOffsetMinutes, values }) => [utcOffsetMinutes, values.length]);
    const inZone = (minutes: number) =>
      zones.filter(([zone]) => zone === minutes).reduce((all, [, n]) => all + Number(n), 0);
    assert.deepEqual([inZone(60), inZone(120)], [2_000, 10_000]);
    assert.equal(columns.find(({ signal }) => signal === "nibp-systolic")?.times[0], T0);
  }
  assert.deepEqual(readdirSync(tmpdir()), [], "what was unpacked is gone");
});

test("what the schema says is not carried out: views, computed columns, virtual tables stay unread", () => {
  const path = join(folder, "hostile.db");
  const database = new DatabaseSync(path);
  database.exec(`
    CREATE VIEW steps_record_table AS WITH RECURSIVE n(start_time, end_time, end_zone_offset, count) AS
      (VALUES (1, 2, 0, 1) UNION ALL SELECT start_time + 1, 2, 0, 1 FROM n) SELECT * FROM n;
    CREATE TABLE weight_record_table (time INTEGER, zone_offset INTEGER, weight REAL AS (length(zeroblob(900000000))));
    INSERT INTO weight_record_table (time, zone_offset) VALUES (1, 0);
    CREATE VIRTUAL TABLE height_record_table USING fts5(time, zone_offset, height);
    CREATE TABLE body_fat_record_table (time INTEGER, zone_offset INTEGER, percentage);
    INSERT INTO body_fat_record_table VALUES (1000, 0, 'a word that is longer than any number that stands as text'), (2000, 0, x'00'), (3000, 0, '21'), (4000, 0, 22.5);
    CREATE TABLE heart_rate_record_table (row_id TEXT, start_zone_offset INTEGER);
    CREATE TABLE heart_rate_record_series_table (parent_key INTEGER, beats_per_minute INTEGER, epoch_millis INTEGER);
    INSERT INTO heart_rate_record_series_table VALUES (1, 60, 1000);
  `);
  database.close();
  const foreign = openForeign(pathToFileURL(path));
  try {
    assert.deepEqual(
      [...linesOf(foreign)],
      [
        '{"left":"weight_record_table","count":1}',
        '{"table":"body_fat_record_table","columns":["time","zone_offset","percentage"],"rows":[[1000,0,null],[2000,0,null],[3000,0,"21"],[4000,0,22.5]]}',
        '{"left":"heart_rate_record_series_table","count":1}',
      ],
    );
    for (const sql of [
      "SELECT * FROM steps_record_table LIMIT 1",
      "ATTACH 'x' AS x",
      "DELETE FROM body_fat_record_table",
      "PRAGMA writable_schema = ON",
      "SELECT load_extension('x')",
      "SELECT readfile('x')",
      "SELECT weight FROM weight_record_table",
    ]) {
      assert.throws(
        () => foreign.prepare(sql).all(),
        /authoriz|prohibited|no such function|too big|not authorized/i,
        sql,
      );
    }
  } finally {
    foreign.close();
  }
});

test("a database that is damaged, and a file that only begins as one, are refused, and what was whole before is kept", async () => {
  const { path, database } = databaseAt("damaged.db");
  database.close();
  const bytes = readFileSync(path);
  for (let at = Math.floor(bytes.length / 2); at < bytes.length; at += 512) bytes[at] = 0xff;
  writeFileSync(path, bytes);
  await assert.rejects(importing(path), { code: "FILE_CORRUPT" });
  const begins = join(folder, "begins.db");
  writeFileSync(begins, `SQLite format 3\u0000${"x".repeat(5_000)}`);
  await assert.rejects(importing(begins), { code: "FILE_CORRUPT" });
});
