import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openTestDatabase, quietLog, type TestDatabase } from "../database/testing/database.ts";
import { connectWithPg, folderDisk, type JournalRows, postgresJournalRows, startJournal } from "../journal/index.ts";
import { PATIENT, readingsOf, seeded, testStream } from "../journal/testing/entries.ts";
import { testKeysOf } from "../keys/testing/keys.ts";
import { postgresBlocks } from "./postgres-blocks.ts";
import { openTelemetry } from "./telemetry.ts";
import { settableRuntime, viewOf } from "./testing/open-store.ts";

const START = Date.UTC(2026, 10, 22, 6);
const COMMITS = 400;
const STREAMS = [1, 2, 3, 4].map((n) => testStream(n));
const view = viewOf(PATIENT);
const everything = {
  patientId: PATIENT,
  streamIds: STREAMS.map(({ id }) => id),
  from: START - 1e6,
  to: START + 1e7,
  order: "ascending",
  limit: 1e6,
} as const;

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

/** Rows that come when the test lets them: nobody waits for a time. */
function heldRows(rows: JournalRows) {
  const gate = Promise.withResolvers<void>();
  let pages = 0;
  return {
    rows: {
      ...rows,
      async page(behind: number, rowsMax: number) {
        pages++;
        await gate.promise;
        return rows.page(behind, Math.min(rowsMax, 16));
      },
    },
    get pages() {
      return pages;
    },
    letGo: () => gate.resolve(),
  };
}

/** Closed again at the end of a test, whatever became of it. */
function once(close: () => Promise<void>): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => {
    closed ??= close();
    return closed;
  };
}

async function open(folder: string, runtime: ReturnType<typeof settableRuntime>, readerWaitsMs: number) {
  const keys = await testKeysOf(database);
  const store = postgresBlocks(database.worker);
  const telemetry = await openTelemetry({ runtime, store, keys, log: quietLog, readerWaitsMs });
  const held = heldRows(postgresJournalRows(database.worker));
  const journal = await startJournal({
    runtime,
    connect: connectWithPg(database.connectionConfig("ingest")),
    rows: held.rows,
    disk: folderDisk(folder),
    spoolBytesMax: 1e8,
    journalDays: 7,
    rawDays: 7,
    tails: telemetry,
    keys,
    log: quietLog,
  });
  return {
    journal,
    telemetry,
    held,
    close: once(async () => {
      held.letGo();
      await telemetry.close();
      await journal.close();
    }),
  };
}

test("on PostgreSQL, what is committed while the journal is read back is acknowledged at once, and read with the rest", async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`SEED=${seed}`);
  const r = seeded(seed);
  const folder = mkdtempSync(join(tmpdir(), "openward-spool-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const runtime = settableRuntime(START + 3_600_000);
  let count = 0;
  // Few times: many readings come twice, and many are in conflict with another.
  const more = () => {
    const stream = r.pick(STREAMS);
    const times = Array.from({ length: r.pick([1, 1, 5, 40]) }, () => START + r.int(3_000) * 1_000);
    const values = times.map(() => r.int(3));
    count += times.length;
    return readingsOf(stream, times, values, START + count);
  };
  const streams = STREAMS.map((stream) => ({ kind: "stream" as const, stream }));
  const opened: Awaited<ReturnType<typeof open>>[] = [];
  t.after(() => Promise.all(opened.map(({ close }) => close())));
  const start = async (readerWaitsMs: number) => {
    const next = await open(folder, runtime, readerWaitsMs);
    opened.push(next);
    return next;
  };

  const first = await start(60_000);
  first.held.letGo();
  await first.journal.append([...streams, more()]);
  for (let n = 0; n < COMMITS; n += 8)
    await Promise.all(Array.from({ length: 8 }, () => first.journal.append([more(), more()])));
  const acknowledged = await first.telemetry.readings(view, everything);
  await first.close();

  // Killed in the middle of reading back, with acks given meanwhile.
  const second = await start(60_000);
  let isRead = false;
  const asked = second.telemetry.readings(view, everything);
  const rejected = assert.rejects(asked, /STORE_RECOVERING/);
  asked.then(
    () => {
      isRead = true;
    },
    () => {},
  );
  for (let n = 0; n < 20; n++) await second.journal.append([more()]);
  assert.equal(second.telemetry.isWhole, false);
  assert.equal(isRead, false, "no question is answered yet");
  assert.ok(second.held.pages > 0, "the journal is being read");
  await second.telemetry.close();
  await rejected;
  await second.close();

  const third = await start(60_000);
  const during = third.telemetry.readings(view, everything);
  for (let n = 0; n < 20; n++) await third.journal.append([more()]);
  assert.equal(third.telemetry.isWhole, false);
  third.held.letGo();
  for (let n = 0; n < 40; n++) await third.journal.append([more()]);
  const answer = await during;
  await third.journal.append([more()]);
  const beside = await third.telemetry.readings(view, everything);
  const latest = third.telemetry.latest(view, PATIENT);
  await third.close();

  // A start that nobody disturbs finds all of it in the journal.
  const fourth = await start(60_000);
  fourth.held.letGo();
  await fourth.telemetry.settled;
  assert.deepEqual(beside, await fourth.telemetry.readings(view, everything));
  assert.deepEqual(latest, fourth.telemetry.latest(view, PATIENT));
  const keyOf = (reading: (typeof answer)[number]) => `${reading.stream.id} ${reading.time} ${reading.value}`;
  for (const [what, answered] of Object.entries({ answer, beside })) {
    const there = new Set(answered.map(keyOf));
    assert.equal(there.size, answered.length, `${what}: nothing is there twice`);
    for (const reading of acknowledged) assert.ok(there.has(keyOf(reading)), `${what} lacks ${keyOf(reading)}`);
  }
});

test("a database that does not answer while the journal is read back is asked again, and acks go on", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "openward-spool-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const runtime = settableRuntime(START + 3_600_000);
  const keys = await testKeysOf(database);
  const store = postgresBlocks(database.worker);
  let failures = 3;
  const telemetry = await openTelemetry({
    runtime,
    store: {
      ...store,
      runningStreams: () =>
        failures-- > 0 ? Promise.reject(new Error("Connection terminated unexpectedly")) : store.runningStreams(),
    },
    keys,
    log: quietLog,
    readerWaitsMs: 60_000,
  });
  t.after(() => telemetry.close());
  const rows = postgresJournalRows(database.worker);
  let refusals = 2;
  const journal = await startJournal({
    runtime,
    connect: connectWithPg(database.connectionConfig("ingest")),
    rows: {
      ...rows,
      page: (behind, rowsMax) =>
        refusals-- > 0 ? Promise.reject(new Error("connect ECONNREFUSED")) : rows.page(behind, rowsMax),
    },
    disk: folderDisk(folder),
    spoolBytesMax: 1e8,
    journalDays: 7,
    rawDays: 7,
    tails: telemetry,
    keys,
    log: quietLog,
  });
  t.after(() => journal.close());
  const stream = testStream(9);
  await journal.append([{ kind: "stream", stream }, readingsOf(stream, [START], [61], START)]);
  const found = await telemetry.readings(view, { ...everything, streamIds: [stream.id] });
  assert.deepEqual(
    found.map(({ value }) => value),
    [61],
  );
  assert.ok(failures < 0 && refusals < 0, "both were asked until they answered");
});
