import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openTestDatabase, quietLog, type TestDatabase } from "../database/testing/database.ts";
import { folderDisk, postgresJournalRows, startJournal } from "../journal/index.ts";
import { PATIENT, readingsOf, testStream } from "../journal/testing/entries.ts";
import { testKeysOf } from "../keys/testing/keys.ts";
import type { BlockStore } from "./block-store.ts";
import { postgresBlocks } from "./postgres-blocks.ts";
import { openTelemetry } from "./telemetry.ts";
import { openTestStore, settableRuntime, viewOf } from "./testing/open-store.ts";

const START = Date.UTC(2026, 10, 22, 22, 20);
const view = viewOf(PATIENT);
const stream = testStream(1);
const query = { patientId: PATIENT, streamIds: [stream.id], from: START - 60_000, to: START + 60_000 };
const ask = { ...query, order: "ascending", limit: 100 } as const;

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

test("a stream that began in the spool and was sealed before the spool was chained in is read after a kill", async () => {
  const runtime = settableRuntime(START);
  const folder = mkdtempSync(join(tmpdir(), "openward-spool-"));
  const store = postgresBlocks(database.worker);
  const keys = await testKeysOf(database);
  const telemetry = await openTelemetry({ runtime, store, keys, log: quietLog });
  const journal = await startJournal({
    runtime,
    // The journal's own connections fail, the sealer's do not: so it is for a moment when PostgreSQL comes back.
    connect: () => Promise.reject(new Error("refused")),
    rows: postgresJournalRows(database.worker),
    disk: folderDisk(folder),
    spoolBytesMax: 1e8,
    journalDays: 7,
    rawDays: 7,
    tails: telemetry,
    keys,
    log: quietLog,
  });
  await journal.append([{ kind: "stream", stream }, readingsOf(stream, [START], [42], START)]);
  assert.equal(journal.state, "spooling");
  await telemetry.seal({ everything: true });
  await telemetry.close();

  const next = await openTestStore(database, runtime, folder);
  const readings = await next.telemetry.readings(view, ask);
  assert.deepEqual(
    readings.map(({ value }) => value),
    [42],
  );
  const [trend] = await next.telemetry.trend(view, { ...query, buckets: 1 });
  assert.equal(trend?.count[0], 1);
  await next.close();
  await journal.close();
});

test("the newest readings of streams that nobody wears are there although the database failed at the start", async () => {
  const runtime = settableRuntime(START);
  let failures = 2;
  const postgres = postgresBlocks(database.worker);
  const store: BlockStore = {
    ...postgres,
    newestBlocks(ids) {
      if (ids.length > 0 && failures-- > 0) return Promise.reject(new Error("Connection terminated unexpectedly"));
      return postgres.newestBlocks(ids);
    },
  };
  const retrying = { ...runtime, timers: { ...runtime.timers, after: (_: number, run: () => void) => once(run) } };
  const telemetry = await openTelemetry({ runtime: retrying, store, keys: await testKeysOf(database), log: quietLog });
  await telemetry.recovered(0);
  await telemetry.settled;
  assert.equal(failures, -1, "both failures came, and one answer");
  assert.deepEqual(
    telemetry.latest(view, PATIENT).map(({ value }) => value),
    [42],
  );
  await telemetry.close();
});

function once(run: () => void) {
  const timer = setImmediate(run);
  return { cancel: () => clearImmediate(timer) };
}
