import assert from "node:assert/strict";
import { readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { seeded } from "../journal/testing/entries.ts";
import { settableRuntime, type TestStore } from "../telemetry/testing/open-store.ts";
import type { Archive } from "./archive.ts";
import {
  ASSOCIATION,
  type Clock,
  countsOf,
  DAY,
  ECG,
  everything,
  fillWard,
  MINUTE,
  minuteOf,
  NUMERIC,
  numericEntry,
  openTestArchive,
  openTestStore,
  PATIENT,
  RETENTION,
  START,
  settle,
  temporaryArchive,
  VIEW,
} from "./testing/ward.ts";

const HOURS = 2;
/** Over midnight: of each stream two days. */
const DAYS = NUMERIC.length * 2;
const WAVES = HOURS * 12;
const MIDNIGHT = START + 60 * MINUTE;
const END = START + HOURS * 60 * MINUTE;

let database: TestDatabase;
let runtime: Clock;
let folder: string;
let archive: Archive;
let store: TestStore;
const r = seeded();

/** What a filled ward leaves, for each test anew. */
const KEPT = ["block", "day_block", "rollup", "journal", "stream", "seal_state"];
let filledAt = 0;

before(async () => {
  database = await openTestDatabase();
  runtime = settableRuntime(START);
  const filled = await openTestStore(database, runtime);
  await fillWard(filled, runtime, r, HOURS, 45);
  await filled.close();
  filledAt = runtime.time;
  for (const table of KEPT) await database.owner.query(`CREATE TABLE kept_${table} AS SELECT * FROM ${table}`);
  // The days of before are dropped with the first start.
  await database.owner.query("DELETE FROM kept_journal WHERE position < (SELECT min(watermark) FROM seal_state)");
});
after(() => database.close());

/** Everything anew, as after a kill. */
async function restart(retention = RETENTION): Promise<void> {
  await store.close();
  await archive.close();
  archive = await openTestArchive(database, runtime, folder, retention, () => store.telemetry.expired());
  store = await openTestStore(database, runtime, undefined, undefined, { archive });
}

beforeEach(async () => {
  // The store of the test before may be dropping old days in the background.
  const dropping =
    "SELECT FROM pg_stat_activity WHERE state = 'active' AND query ~ 'drop_before' AND pid <> pg_backend_pid()";
  await until(async () => (await database.owner.query(dropping)).rows.length === 0, "the dropping of old days to end");
  const client = await database.owner.connect();
  await client.query("BEGIN");
  await client.query(`TRUNCATE ${KEPT.join(", ")}, archived_block, lost_block, archive_file, damaged_block`);
  await client.query("SELECT journal_prepare(min(day), max(day) - min(day) + 1) FROM kept_journal HAVING count(*) > 0");
  for (const table of KEPT) await client.query(`INSERT INTO ${table} SELECT * FROM kept_${table}`);
  await client.query("COMMIT");
  client.release();
  runtime = settableRuntime(filledAt);
  folder = temporaryArchive();
  archive = await openTestArchive(database, runtime, folder);
  store = await openTestStore(database, runtime, undefined, undefined, { archive });
});
afterEach(async () => {
  await store.close();
  await archive.close();
  rmSync(folder, { recursive: true, force: true });
});

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = performance.now() + 120_000; !(await isSo()); await wait(10))
    assert.ok(performance.now() < end, `waited two minutes for ${what}`);
}

/** It is written behind the answer that met the damage. */
const damageIsRecorded = () =>
  until(
    async () => (await database.owner.query("SELECT FROM archive_file WHERE damaged_at IS NOT NULL")).rows.length > 0,
    "the damage to be recorded",
  );

const filesOf = () =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".parquet"))
    .map((name) => join(folder, name));

test("every answer is the same after its blocks have moved to the archive, and after a start", async () => {
  const asked = () => everything(store, START - DAY, END + DAY);
  const wanted = await asked();
  const hot = await countsOf(database);
  const { moved } = await archive.run({ everything: true });
  assert.equal(moved, DAYS + WAVES);
  assert.deepEqual(await countsOf(database), { hot: hot.hot - moved, archived: moved, files: 2, lost: 0 });
  assert.equal(filesOf().length, 2);
  assert.equal(await asked(), wanted);
  await restart();
  assert.equal(await asked(), wanted);
  for (const file of filesOf()) assert.equal(statSync(file).mode & 0o077, 0, "files are the server's alone");
  assert.equal(archive.state, "ok");
});

test("neighbouring blocks are one read of the file, and asked for again they are none", async () => {
  await archive.run({ everything: true });
  const { directoryStore } = await import("./directory-store.ts");
  const plain = directoryStore(folder, false);
  let reads = 0;
  const counting = {
    ...plain,
    read(...args: Parameters<typeof plain.read>) {
      reads++;
      return plain.read(...args);
    },
  };
  await store.close();
  await archive.close();
  archive = await openTestArchive(database, runtime, counting);
  store = await openTestStore(database, runtime, undefined, undefined, { archive });
  const waveform = { patientId: PATIENT, streamId: ECG.id, from: START, to: END };
  const found = await store.telemetry.waveform(VIEW, waveform);
  assert.ok(found.length > 0);
  assert.equal(reads, 1, `${HOURS * 12} blocks of one stream`);
  assert.deepEqual(await store.telemetry.waveform(VIEW, waveform), found);
  assert.equal(reads, 1);
});

test("without a full file, a small ward's blocks wait a week for one", async () => {
  const young = { hotDays: { numeric: 40, waveform: 40 }, keepDays: RETENTION.keepDays };
  await restart(young);
  assert.deepEqual(await archive.run(), { moved: 0, expired: 0, filesRemoved: 0 });
  runtime.time += 8 * DAY;
  assert.ok((await archive.run()).moved > 0);
});

test("a stream's newest period stays, however old: the ward is shown without the archive", async () => {
  runtime.time += 400 * DAY;
  await archive.run({ everything: true });
  const { rows } = await database.worker.query("SELECT DISTINCT stream_id FROM block");
  assert.equal(rows.length, NUMERIC.length + 1);
  rmSync(folder, { recursive: true });
  await restart();
  assert.equal(store.telemetry.latest(VIEW, PATIENT).length, NUMERIC.length);
  assert.ok((await store.telemetry.stream(VIEW, ECG.id))?.lastAt);
});

test("what the journal still has to be read for does not move", async () => {
  const { rows } = await database.worker.query("SELECT min(watermark) AS watermark FROM seal_state");
  await database.owner.query("UPDATE seal_state SET watermark = 1");
  // Readings move when their day is over and put together, which comes later than that.
  assert.equal((await archive.run({ everything: true })).moved, DAYS);
  await database.owner.query("UPDATE seal_state SET watermark = $1", [rows[0].watermark]);
  assert.ok((await archive.run({ everything: true })).moved > 0);
});

const late = (time: number, value: number, stream = NUMERIC[0]) => {
  assert.ok(stream);
  return numericEntry(stream, Float64Array.of(time), Float64Array.of(value), runtime.time);
};

test("late data of a waveform brings its block back, merged; then it is archived again", async () => {
  await archive.run({ everything: true });
  const before = await countsOf(database);
  const samples = Int32Array.from({ length: 50 }, (_, i) => i);
  const form = { rateHz: 50, scale: 0.01, origin: 0, samples, quality: 0, utcOffsetMinutes: null };
  const start = START + 90 * MINUTE + 5_000;
  const waveform = { stream: ECG, associationId: ASSOCIATION, start, ...form, receivedAt: runtime.time };
  await store.journal.append([{ kind: "waveform", waveform }]);
  const wanted = await everything(store, START - DAY, END + DAY);
  await settle(store, runtime, r);
  assert.equal((await countsOf(database)).archived, before.archived - 1);
  assert.equal(await everything(store, START - DAY, END + DAY), wanted);
  await restart();
  assert.equal(await everything(store, START - DAY, END + DAY), wanted);
  await archive.run({ everything: true });
  assert.equal((await countsOf(database)).archived, before.archived);
  assert.equal(await everything(store, START - DAY, END + DAY), wanted);
});

test("late readings count over the archived day, also in its first hour; the day is put together, and its old file goes", async () => {
  await archive.run({ everything: true });
  const before = await countsOf(database);
  await store.journal.append([late(MIDNIGHT + 5_000, 77.7), late(START + 30 * MINUTE + 5_000, 78.8)]);
  const wanted = await everything(store, START - DAY, END + DAY);
  const same = async (when: string) => assert.equal(await everything(store, START - DAY, END + DAY), wanted, when);
  await settle(store, runtime, r);
  assert.equal((await countsOf(database)).archived, before.archived, "the rest of the day is where it was");
  await same("sealed");
  await restart();
  await same("after a start");
  assert.equal((await archive.run({ everything: true })).moved, 0, "the hours are put together first");
  assert.equal(await store.telemetry.compact({ everything: true }), 2);
  await same("in a row of its day");
  await restart();
  await same("after another start");
  assert.equal((await archive.run({ everything: true })).moved, 2);
  assert.equal((await countsOf(database)).archived, before.archived);
  await same("archived again");
  await restart();
  await same("and after a start");

  // Every day of the numeric file has been written anew: the file is of no use any more.
  for (const each of NUMERIC) {
    await store.journal.append([late(START + 7_000, 1.5, each), late(MIDNIGHT + 7_000, 1.5, each)]);
  }
  await settle(store, runtime, r);
  await store.telemetry.compact({ everything: true });
  assert.equal((await archive.run({ everything: true })).moved, DAYS);
  assert.equal((await archive.run()).filesRemoved, 0, "a query may still be reading them");
  runtime.time += 2 * 60 * MINUTE;
  assert.equal((await archive.run()).filesRemoved, 2);
  assert.equal(filesOf().length, (await countsOf(database)).files);
  assert.equal((await countsOf(database)).archived, before.archived);
});

test("a day whose archived part is damaged waits in the database until its file is back", async () => {
  await archive.run({ everything: true });
  const numericFile = filesOf().find((file) => file.includes("/numeric/"));
  assert.ok(numericFile);
  await store.journal.append([late(MIDNIGHT + 30 * MINUTE + 5_000, 77.7)]);
  const wanted = await everything(store, START - DAY, END + DAY);
  await settle(store, runtime, r);
  await store.telemetry.compact({ everything: true });
  renameSync(numericFile, `${numericFile}.away`);
  await restart();
  assert.equal((await archive.run({ everything: true })).moved, 0);
  assert.equal(archive.state, "damaged");
  await damageIsRecorded();
  renameSync(`${numericFile}.away`, numericFile);
  await archive.verify();
  assert.equal((await archive.run({ everything: true })).moved, 1);
  assert.equal(archive.state, "ok");
  assert.equal(await everything(store, START - DAY, END + DAY), wanted);
});

test("a day to which something comes while its file is written stays where it is", async () => {
  const slow = await directoryThat(async () => {
    await store.journal.append([late(START + 5_000, 66.6)]);
    await store.telemetry.seal({ everything: true });
    await store.telemetry.compact({ everything: true });
  });
  await archive.close();
  archive = await openTestArchive(database, runtime, slow);
  const { hot } = await countsOf(database);
  const { moved } = await archive.run({ everything: true });
  assert.equal(moved, DAYS + WAVES, "the one that stayed went with the next file");
  assert.equal((await countsOf(database)).files, 3);
  assert.equal((await countsOf(database)).hot, hot - moved);
  const query = { patientId: PATIENT, streamIds: NUMERIC.map((stream) => stream.id), from: START, to: START + 10_000 };
  const found = await store.telemetry.readings(VIEW, { ...query, order: "ascending", limit: 10 });
  assert.ok(found.map((each) => each.value).includes(66.6));
});

/** A directory in which something happens before the first file is written. */
async function directoryThat(before: () => Promise<void>) {
  const { directoryStore } = await import("./directory-store.ts");
  const plain = directoryStore(folder, true);
  let isFirst = true;
  return {
    ...plain,
    async put(key: string, bytes: Uint8Array) {
      if (isFirst) await before();
      isFirst = false;
      await plain.put(key, bytes);
    },
  };
}

test("a file that is damaged is told, left out and remembered; the others stay readable; put back, it is sound", async () => {
  const wanted = await everything(store, START - DAY, END + DAY);
  await archive.run({ everything: true });
  const numericFile = filesOf().find((file) => file.includes("/numeric/"));
  assert.ok(numericFile);
  const sound = readFileSync(numericFile);
  const waveform = { patientId: PATIENT, streamId: ECG.id, from: START, to: END };
  const damages: [string, () => void][] = [
    ["missing", () => renameSync(numericFile, `${numericFile}.away`)],
    ["cut short", () => truncateSync(numericFile, Math.floor(sound.length / 2))],
    [
      "one byte is another",
      () =>
        writeFileSync(
          numericFile,
          sound.map((byte, i) => (i === 2000 ? byte ^ 1 : byte)),
        ),
    ],
  ];
  for (const [name, damage] of damages) {
    damage();
    await restart();
    const query = { patientId: PATIENT, streamIds: NUMERIC.map((stream) => stream.id), from: START, to: END };
    const found = await store.telemetry.readings(VIEW, { ...query, order: "ascending", limit: 100_000 });
    const all = HOURS * 60 * 6 * NUMERIC.length;
    if (name === "missing") assert.equal(found.length, 0);
    else assert.ok(found.length > 0 && found.length < all, `${name}: what is sound in the file is still read`);
    assert.ok((await store.telemetry.waveform(VIEW, waveform)).length > 0, "the other file is readable");
    assert.ok(store.telemetry.statistics().damagedBlocks > 0);
    assert.equal(archive.state, "damaged", name);
    await damageIsRecorded();
    await restart();
    assert.equal(archive.state, "damaged", `${name}, after a start`);
    writeFileSync(numericFile, sound);
    const { files } = await archive.verify();
    assert.ok(files.every((file) => file.fault === undefined));
    assert.equal(archive.state, "ok");
  }
  await restart();
  assert.equal(await everything(store, START - DAY, END + DAY), wanted);
});

test("late data for a block that the archive has lost is kept; the entry is set aside with its file", async () => {
  await archive.run({ everything: true });
  for (const file of filesOf()) rmSync(file);
  await store.journal.append([late(START + 5_000, 66.6)]);
  await settle(store, runtime, r);
  assert.equal((await countsOf(database)).lost, 1);
  const query = { patientId: PATIENT, streamIds: [NUMERIC[0]?.id ?? ""], from: START, to: START + 60 * MINUTE };
  const found = await store.telemetry.readings(VIEW, { ...query, order: "ascending", limit: 10 });
  assert.deepEqual(
    found.map((reading) => reading.value),
    [66.6],
  );
});

test("an archive that is not there refuses what it has, keeps late data waiting, and nothing else", async () => {
  await archive.run({ everything: true });
  const wanted = await everything(store, START - DAY, END + DAY);
  const away = `${folder}-away`;
  renameSync(folder, away);
  await restart();
  const query = { patientId: PATIENT, streamIds: NUMERIC.map((stream) => stream.id), from: START, to: END };
  const asked = { ...query, order: "ascending", limit: 10 } as const;
  await assert.rejects(store.telemetry.readings(VIEW, asked), { code: "ARCHIVE_UNREACHABLE" });
  assert.equal(archive.state, "failing");
  await store.journal.append([late(START + 5_000, 66.6), ...minuteOf(runtime.time, r)]);
  await store.telemetry.seal({ everything: true });
  const { rows } = await database.worker.query("SELECT count(*) AS n FROM block WHERE period_start > $1", [
    runtime.time - 2 * 60 * MINUTE,
  ]);
  assert.ok(Number(rows[0].n) >= NUMERIC.length, "the others are sealed");
  await assert.rejects(archive.run({ everything: true }), { code: "ARCHIVE_UNREACHABLE" });
  renameSync(away, folder);
  await store.telemetry.seal({ everything: true });
  assert.notEqual(await everything(store, START - DAY, END + DAY), wanted, "the late reading is there");
  await archive.run({ everything: true });
  assert.equal(archive.state, "ok");
});

test("what is older than it is to be kept is deleted in every tier, with an audit record, and its files go", async () => {
  await archive.run({ everything: true });
  const organisation = NUMERIC[0]?.organisationId;
  await database.owner.query(
    "INSERT INTO organisation (organisation_id, name, created_at) VALUES ($1, 'Test', 0) ON CONFLICT DO NOTHING",
    [organisation],
  );
  const keep = { ...RETENTION, keepDays: { numeric: 40, waveform: 0 } };
  await restart(keep);
  const shown = async () => {
    const hour = {
      patientId: PATIENT,
      streamIds: NUMERIC.map((stream) => stream.id),
      from: START,
      to: START + 60 * MINUTE,
    };
    const trends = await store.telemetry.trend(VIEW, { ...hour, buckets: 60 });
    return trends.flatMap(({ count }) => [...count]).reduce((sum, count) => sum + count, 0);
  };
  assert.ok((await shown()) > 0);
  const { expired } = await archive.run();
  assert.equal(expired, DAYS);
  assert.equal(await shown(), 0, "what was asked before stays in no memory");
  runtime.time += 2 * 60 * MINUTE;
  assert.equal((await archive.run()).filesRemoved, 1);
  assert.equal(filesOf().length, 1);
  const query = { patientId: PATIENT, streamIds: NUMERIC.map((stream) => stream.id), from: START, to: END };
  assert.deepEqual(await store.telemetry.readings(VIEW, { ...query, order: "ascending", limit: 10 }), []);
  for (const { count } of await store.telemetry.trend(VIEW, { ...query, buckets: 3 }))
    assert.deepEqual([...count], [0, 0, 0], "rollups as well");
  const waveform = { patientId: PATIENT, streamId: ECG.id, from: START, to: END };
  assert.ok((await store.telemetry.waveform(VIEW, waveform)).length > 0);
  const { rows } = await database.worker.query("SELECT detail FROM audit_event WHERE action = 'telemetry.expired'");
  assert.deepEqual(
    rows.map((row) => row.detail.blocks),
    [DAYS],
  );
});

test("objects that no row knows are told and left alone", async () => {
  await archive.run({ everything: true });
  writeFileSync(join(folder, "somebody-else.parquet"), "x");
  const { unknown } = await archive.verify();
  assert.deepEqual(unknown, ["somebody-else.parquet"]);
  await archive.run();
  assert.ok(statSync(join(folder, "somebody-else.parquet")));
});
