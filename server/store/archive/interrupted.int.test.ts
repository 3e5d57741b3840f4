import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Stream } from "@openward/model";
import { openTestDatabase, quietLog, type TestDatabase } from "../database/testing/database.ts";
import { seeded } from "../journal/testing/entries.ts";
import { settableRuntime, type TestStore } from "../telemetry/testing/open-store.ts";
import { openArchive } from "./archive.ts";
import { directoryStore } from "./directory-store.ts";
import { type Interrupt, interrupted } from "./testing/interrupt.ts";
import {
  type Clock,
  DAY,
  everything,
  fillWard,
  KILL_RETENTION,
  MINUTE,
  NUMERIC,
  numericEntry,
  openTestArchive,
  openTestStore,
  START,
  settle,
  temporaryArchive,
} from "./testing/ward.ts";

const HOURS = 2;
/** The second day of each stream, and of one the first, to which something came after it was archived. */
const BLOCKS = NUMERIC.length + 1;
const END = START + HOURS * 60 * MINUTE;
const CHILD = fileURLToPath(new URL("./testing/killed.ts", import.meta.url));

let database: TestDatabase;
let runtime: Clock;
let folder: string;
let wanted: string;
let wantedKeys: string[];
const r = seeded();

before(async () => {
  database = await openTestDatabase();
  runtime = settableRuntime(START);
  folder = temporaryArchive();
  const retention = { ...KILL_RETENTION, hotDays: { numeric: 45, waveform: 1000 } };
  const archive = await openTestArchive(database, runtime, folder, retention);
  const store = await openTestStore(database, runtime, undefined, undefined, { archive });
  await fillWard(store, runtime, r, HOURS, 45);
  assert.equal((await archive.run({ everything: true })).moved, NUMERIC.length, "the first day of each stream");
  const late = { stream: NUMERIC[0] as Stream, times: Float64Array.of(START + 5_000), values: Float64Array.of(66.6) };
  await store.journal.append([numericEntry(late.stream, late.times, late.values, runtime.time)]);
  await settle(store, runtime, r);
  assert.equal(await store.telemetry.compact({ everything: true }), 1);
  await store.close();
  await archive.close();
  for (const table of TABLES) await database.owner.query(`CREATE TABLE kept_${table} AS SELECT * FROM ${table}`);
  wantedKeys = await keys();
  wanted = await answers();
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database.close();
});

const TABLES = ["block", "day_block", "archived_block"];

/** What there is, and how often. */
async function keys(): Promise<string[]> {
  const { rows } = await database.worker.query(
    `SELECT stream_id || ' ' || period_start || ' ' || association_id AS key FROM (
       SELECT stream_id, period_start, association_id FROM block
       UNION ALL SELECT stream_id, day_start, association_id FROM day_block
       UNION ALL SELECT stream_id, period_start, association_id FROM archived_block) AS b ORDER BY 1`,
  );
  return rows.map((row) => row.key);
}

/** As a process that starts now answers. */
async function answers(): Promise<string> {
  const archive = await openTestArchive(database, runtime, folder, KILL_RETENTION);
  const store: TestStore = await openTestStore(database, runtime, undefined, undefined, { archive });
  try {
    return await everything(store, START - DAY, END + DAY, false);
  } finally {
    await store.close();
    await archive.close();
  }
}

/** Blocks are where they were at first; files and their rows stay as a crash has left them. */
async function reset(): Promise<void> {
  const again = TABLES.map((table) => `INSERT INTO ${table} SELECT * FROM kept_${table}`);
  await database.owner.query(`TRUNCATE ${TABLES.join(", ")}; ${again.join("; ")}`);
}

async function nothingIsLostOrDoubled(where: string): Promise<void> {
  // Once the late hours are in the archived day, its key is there once.
  assert.deepEqual([...new Set(await keys())], [...new Set(wantedKeys)], where);
  assert.equal(await answers(), wanted, where);
}

/** After enough runs and time nothing is left of what was interrupted. */
async function remainsAreRemoved(): Promise<void> {
  await reset();
  const archive = await openTestArchive(database, runtime, folder, KILL_RETENTION);
  assert.equal((await archive.run({ everything: true })).moved, BLOCKS);
  runtime.time += 2 * 60 * MINUTE;
  await archive.run();
  const { unknown, files } = await archive.verify();
  await archive.close();
  assert.deepEqual(unknown, []);
  assert.equal(files.length, 2);
  assert.deepEqual(await keys(), [...new Set(wantedKeys)]);
  const left = readdirSync(folder, { recursive: true, encoding: "utf8" });
  assert.equal(left.filter((name) => name.endsWith(".parquet") || name.endsWith(".unfinished")).length, 2);
  const { rows } = await database.worker.query("SELECT state FROM archive_file");
  assert.deepEqual(rows, [{ state: "live" }, { state: "live" }]);
  await nothingIsLostOrDoubled("at the end");
}

/** Of the kills one in so many, begun anywhere; all of them in `npm run campaign:archive`. A step that fails is always tried. */
const KILLS_EVERY = process.env.ALL_KILLS ? 1 : 4;

test("killed at any of its steps, an archiving process loses nothing and doubles nothing", async () => {
  const { connectionString, host, port, user, password, database: name } = database.connectionConfig("worker");
  const env = {
    ...process.env,
    CONNECTION: JSON.stringify({ connectionString, host, port, user, password, database: name }),
  };
  const run = (at: string) =>
    spawnSync(process.execPath, [CHILD, folder, String(runtime.time), at], { env, encoding: "utf8" });
  let killed = 0;
  const first = r.int(KILLS_EVERY);
  for (const at of ["torn", ...Array.from({ length: 200 }, (_, n) => String(first + n * KILLS_EVERY + 1))]) {
    await reset();
    const { signal, status, stderr } = run(at);
    if (signal === null) {
      assert.equal(status, 0, stderr);
      break;
    }
    assert.equal(signal, "SIGKILL", stderr);
    killed++;
    await nothingIsLostOrDoubled(`killed before step ${at}`);
  }
  assert.ok(killed > 15 / KILLS_EVERY, `${killed} kills`);
  await remainsAreRemoved();
});

for (const when of ["before", "after"] as const) {
  test(`a step that fails ${when} it was done, whichever it is, loses nothing and doubles nothing`, async () => {
    let failed = 0;
    for (let at = 1; ; at++) {
      await reset();
      let steps = 0;
      let name = "";
      const interrupt: Interrupt = (step, now) => {
        if (now !== when || ++steps !== at) return;
        name = step;
        throw Object.assign(new Error("the connection is gone"), { code: "ECONNRESET" });
      };
      const { pool, store } = interrupted(database.worker, directoryStore(folder, false), interrupt);
      try {
        const archive = await openArchive({
          runtime,
          worker: pool,
          store: async () => store,
          retention: KILL_RETENTION,
          cacheBytes: 0,
          log: quietLog,
        });
        await archive.run({ everything: true });
        break;
      } catch {
        failed++;
        await nothingIsLostOrDoubled(`${name} (step ${at}) failed ${when} it was done`);
      }
    }
    assert.ok(failed > 15, `${failed} failures`);
    await remainsAreRemoved();
  });
}

test("the test can fail: a block that is deleted before its file is live is missed", async () => {
  await reset();
  await database.owner.query(
    "DELETE FROM day_block WHERE ctid IN (SELECT ctid FROM day_block ORDER BY day_start LIMIT 1)",
  );
  await assert.rejects(nothingIsLostOrDoubled("planted"), { name: "AssertionError" });
  await reset();
});
