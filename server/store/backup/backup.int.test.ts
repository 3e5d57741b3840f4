import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { systemRuntime } from "@openward/runtime/system";
import pg from "pg";
import { testSeed } from "../../../packages/timeseries/testing/random.ts";
import { openDatabase, readMigrations } from "../database/index.ts";
import { openTestDatabase, quietLog, type TestDatabase, temporaryDataDir } from "../database/testing/database.ts";
import {
  findBackup,
  finishRestore,
  makeBackup,
  prunable,
  type readPlace,
  restoreBackup,
  verifyPlace,
} from "./index.ts";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 26, 12);

/** Restores of some more links of the chain: SEED=1 THOROUGH=1. */
const isThorough = process.env.THOROUGH === "1";

const newPlace = () => mkdtempSync(join(tmpdir(), "openward-backups-"));

function backUp(database: TestDatabase, place: string, more: Partial<Parameters<typeof makeBackup>[0]> = {}) {
  return makeBackup({
    connection: database.ownerConfig,
    place,
    spoolFolder: join(database.dataDir, "spool"),
    runtime: systemRuntime,
    log: quietLog,
    version: "test",
    fullEveryMs: 7 * DAY_MS,
    bytesPerSecond: 0,
    ...more,
  });
}

/** @param look at the database while it is there */
async function restoreInto(
  dataDir: string,
  backup: string,
  look: (restored: TestDatabase) => Promise<void> = async () => {},
): Promise<void> {
  await restoreBackup({
    backup: findBackup(backup),
    dataDir,
    keyDir: join(dataDir, "keys"),
    isEmbedded: true,
    migrations: await readMigrations(),
    beforeFilling: async () => {},
    async withDatabase(schemaVersion, work) {
      const settings = { shared_buffers: "64MB", fsync: "off", full_page_writes: "off" };
      const options = { dataDir, runtime: systemRuntime, log: quietLog, allowUndurable: true, settings };
      const database = await openDatabase({ ...options, restoring: { schemaVersion } });
      try {
        await work(database.ownerConfig);
        await look({ ...database, dataDir });
      } finally {
        await database.close();
      }
    },
    progress: () => {},
  });
  await finishRestore(dataDir);
}

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

/** A hash of each table's rows. */
async function contentOf(owner: pg.Pool): Promise<Record<string, string>> {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
      AND NOT relispartition AND relname NOT IN ('backup_taken', 'schema_migration') ORDER BY 1`,
  );
  const content: Record<string, string> = {};
  for (const { name } of rows) {
    const { rows: found } = await owner.query<{ hash: string }>(
      `SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) AS hash FROM ${name} t`,
    );
    content[name] = found[0]?.hash ?? "";
  }
  return content;
}

/** Rows in every kind of table: written once, changed, deleted, referring to one another. */
async function someChanges(client: pg.Pool | pg.Client, seed: number): Promise<void> {
  const { organisation, q } = await someoneNew(client, seed);
  const random = seededRandom(seed);
  const day = new Date(NOW + (seed % 3) * DAY_MS).toISOString().slice(0, 10);
  await q("SELECT journal_prepare($1, 1)", [day]);
  await q(
    `INSERT INTO journal SELECT $1::date, $2::bigint * 4294967296 + n, gen_random_uuid(), $3, 0, convert_to(repeat(md5(n::text), 40), 'UTF8')
      FROM generate_series(1, $4::int) n`,
    [day, seed, organisation, 50 + Math.floor(random.float() * 200)],
  );
  await q(
    `INSERT INTO block SELECT gen_random_uuid(), $1::bigint + n * 3600000, gen_random_uuid(), $2, gen_random_uuid(),
        convert_to(repeat(md5(n::text), 100), 'UTF8'), NULL, n, n FROM generate_series(1, $3::int) n`,
    [NOW + (seed % 50) * DAY_MS, organisation, 10 + Math.floor(random.float() * 40)],
  );
  await q("UPDATE block SET sealed_at = sealed_at + 1, payload = payload || '\\x00' WHERE random() < 0.2");
  await q("DELETE FROM block WHERE random() < 0.1");
  await q("UPDATE patient SET name = name || ' changed' WHERE random() < 0.5");
  await q("DELETE FROM seal_state");
  await q("INSERT INTO seal_state SELECT organisation_id, $1::bigint * 4294967296, $1 FROM organisation", [seed]);
}

async function someoneNew(client: pg.Pool | pg.Client, seed: number) {
  const q = (text: string, values: unknown[] = []) => client.query(text, values);
  const organisation = systemRuntime.ids.uuid();
  const [patient, ward] = [systemRuntime.ids.uuid(), systemRuntime.ids.uuid()];
  await q("INSERT INTO organisation VALUES ($1, $2, false, 1)", [organisation, `Hospital ${seed}`]);
  await q("INSERT INTO ward VALUES ($1, $2, 'Ward', 'Europe/Oslo', 1)", [ward, organisation]);
  await q(
    `INSERT INTO patient (id, organisation_id, name, name_key, sex, mrn, time_zone, created_at, updated_at)
      VALUES ($1, $2, 'Berg, Åsa', 'asa berg', 'female', $3, 'Europe/Oslo', 1, 1)`,
    [patient, organisation, String(seed)],
  );
  await q("INSERT INTO device (id, organisation_id, type, display, created_at) VALUES ($1, $2, 't', 'd', 1)", [
    `device-${seed}`,
    organisation,
  ]);
  await q("INSERT INTO association VALUES ($1, $2, $3, $4, 1, NULL, 1, 'me')", [
    systemRuntime.ids.uuid(),
    organisation,
    `device-${seed}`,
    patient,
  ]);
  await q(
    "INSERT INTO audit_event (organisation_id, at, actor, action, detail) VALUES ($1, 1, 'me', 'x', '{\"a\": 1}')",
    [organisation],
  );
  await q("INSERT INTO event VALUES ($1, $2, '1', NULL, NULL, 'sos', 5, false, 6, '{\"text\": \"\\u0000\"}')", [
    organisation,
    `device-${seed}`,
  ]);
  return { organisation, q };
}

test("a full backup and its increments restore every row, whatever was written, changed or deleted meanwhile", async (t) => {
  const seed = testSeed();
  t.diagnostic(`SEED=${seed}`);
  const place = newPlace();
  t.after(() => rmSync(place, { recursive: true, force: true }));
  const slow = new pg.Client(database.ownerConfig);
  slow.on("error", () => {});
  t.after(() => slow.end());
  const folders: { folder: string; content: Record<string, string> }[] = [];
  // A transaction that is under way while backups are made, its rows those of subtransactions: ids that are not listed
  // anywhere, lower than those of rows that a backup already has.
  await slow.connect();
  await slow.query("BEGIN");
  await slow.query("SAVEPOINT one");
  await someChanges(slow, seed + 50);
  await slow.query("RELEASE SAVEPOINT one");
  for (let turn = 0; turn < 5; turn++) {
    await someoneNew(database.owner, seed + 100 + turn);
    if (turn === 2) {
      await slow.query("COMMIT");
    }
    if (turn >= 2) await someChanges(database.owner, seed + turn);
    if (turn === 3) await database.owner.query("SELECT journal_drop_before($1)", ["2030-01-01"]);
    const report = await backUp(database, place);
    assert.equal(report.kind, turn === 0 ? "full" : "increment", report.fullBecause ?? "");
    folders.push({ folder: report.folder, content: await contentOf(database.owner) });
  }
  const { sound, unusable } = await verifyPlace(place);
  assert.deepEqual([sound.length, unusable], [5, []]);

  for (const turn of isThorough ? [1, 2, 4] : [4]) {
    const { folder, content } = folders[turn] ?? assert.fail();
    const dataDir = temporaryDataDir();
    t.after(() => rmSync(dataDir, { recursive: true, force: true }));
    await restoreInto(dataDir, folder, async (restored) => {
      assert.deepEqual(await contentOf(restored.owner), content);
      // Rules hold as before, numbers go on, and what is new is backed up whole: it is another database now.
      await assert.rejects(restored.owner.query("DELETE FROM audit_event"), /append-only/);
      await assert.rejects(
        restored.owner.query("INSERT INTO ward VALUES (gen_random_uuid(), gen_random_uuid(), 'x', 'y', 1)"),
        /foreign key/,
      );
      await someChanges(restored.owner, seed + 900);
      assert.equal((await backUp(restored, place)).kind, "full");
    });
  }
});

test("an increment that changes nothing has no rows of what was there; a changed schema or a set back database begins anew", async (t) => {
  const place = newPlace();
  t.after(() => rmSync(place, { recursive: true, force: true }));
  await someChanges(database.owner, 2001);
  assert.equal((await backUp(database, place)).kind, "full");
  const idle = await backUp(database, place);
  assert.deepEqual([idle.kind, idle.rows], ["increment", 0]);
  // As a copy of the data folder from before would have it.
  await database.owner.query("DELETE FROM backup_taken");
  assert.match((await backUp(database, place)).fullBecause ?? "", /set back/);
  await database.owner.query("UPDATE schema_migration SET checksum = 'other' WHERE version = 1");
  assert.match((await backUp(database, place)).fullBecause ?? "", /schema/);
  await database.owner.query("UPDATE schema_migration SET checksum = $1 WHERE version = 1", [
    (await readMigrations())[0]?.checksum,
  ]);
  assert.match((await backUp(database, place, { fullEveryMs: 0 })).fullBecause ?? "", /schema|old enough/);
  const holder = new pg.Client(database.ownerConfig);
  await holder.connect();
  await holder.query("SELECT pg_advisory_lock(7276903412)");
  await assert.rejects(backUp(database, place), /CONFLICT/);
  await holder.end();
});

test("a backup that was not finished, was damaged, is newer, or lacks its parent is refused by name, before anything is touched", async (t) => {
  const place = newPlace();
  const dataDir = temporaryDataDir();
  t.after(() => {
    for (const folder of [place, dataDir]) rmSync(folder, { recursive: true, force: true });
  });
  await someChanges(database.owner, 3001);
  const full = await backUp(database, place);
  const draft = full.folder.replace(/\d{9}Z/, "000000000Z");
  mkdirSync(`${draft}.draft`);
  await assert.rejects(
    restoreInto(dataDir, `${draft}.draft`),
    new RegExp(`BACKUP_INCOMPLETE.*${draft.split("/").at(-1)}`),
  );
  rmSync(`${draft}.draft`, { recursive: true });
  await someoneNew(database.owner, 3002);
  const increment = await backUp(database, place);
  const manifest = join(full.folder, "manifest.json");
  const text = readFileSync(manifest, "utf8");
  const attempts: [string, () => void, RegExp][] = [
    ["a newer format", () => writeFileSync(manifest, text.replace('"format":1', '"format":2')), /BACKUP_VERSION.*full/],
    ["a changed manifest", () => writeFileSync(manifest, text.replace('"rows":', '"rows":1')), /BACKUP_DAMAGED.*full/],
    ["no manifest", () => rmSync(manifest), /BACKUP_INCOMPLETE.*full/],
  ];
  for (const [what, spoil, expected] of attempts) {
    spoil();
    await assert.rejects(restoreInto(dataDir, increment.folder), expected, what);
    assert.equal((await verifyPlace(place)).sound.length, 0, what);
    writeFileSync(manifest, text);
  }
  const piece = join(full.folder, readdirSync(full.folder).find((name) => name.startsWith("journal-")) ?? "");
  const bytes = readFileSync(piece);
  appendFileSync(piece, "x");
  await assert.rejects(restoreInto(dataDir, increment.folder), /BACKUP_DAMAGED.*journal-00000\.zst/);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(piece, bytes);
  await assert.rejects(restoreInto(dataDir, place), /BACKUP_DAMAGED.*journal-00000\.zst/);
  rmSync(piece);
  await assert.rejects(restoreInto(dataDir, place), /BACKUP_DAMAGED.*journal-00000\.zst/);
  assert.deepEqual(readdirSync(dataDir), [], "nothing was begun");
  rmSync(full.folder, { recursive: true });
  await assert.rejects(restoreInto(dataDir, increment.folder), /BACKUP_DAMAGED.*full/);
  writeFileSync(join(dataDir, "something"), "");
  await assert.rejects(
    backUp(database, place).then(({ folder, kind }) => {
      assert.equal(kind, "full", "what the increment rested upon is gone");
      return restoreInto(dataDir, folder);
    }),
    /RESTORE_NOT_EMPTY.*something/,
  );
});

test("pruning never takes what a younger backup rests on, and leaves the newest chain", () => {
  const backup = (id: string, takenAt: number, parent: string | null) =>
    ({ id, takenAt, parent: parent === null ? null : { id: parent, name: parent, sha256: "" } }) as ReturnType<
      typeof readPlace
    >["backups"][number];
  const all = [
    backup("a", 1, null),
    backup("a1", 2, "a"),
    backup("a2", 3, "a1"),
    backup("b", 4, null),
    backup("b1", 5, "b"),
  ];
  const ids = (before: number) => prunable(all, before).map(({ id }) => id);
  assert.deepEqual(ids(1), []);
  assert.deepEqual(ids(3), []);
  assert.deepEqual(ids(4), ["a2", "a1", "a"], "the children first");
  assert.deepEqual(ids(100), ["a2", "a1", "a"]);
});
