import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import type { RawInput } from "@openward/model";
import { systemRuntime } from "@openward/runtime/system";
import { readSpoolFile, spoolRecord } from "@openward/spool";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { postgresJournalRows } from "../journal/index.ts";
import { ORGANISATION, PATIENT, readingsOf, testStream } from "../journal/testing/entries.ts";
import { openTestJournal, until } from "../journal/testing/open-journal.ts";
import { testKeysOf } from "../keys/testing/keys.ts";
import { readRaw } from "./reader.ts";

const NOW = Date.now();
const DAY_MS = 86_400_000;
const entry = (n: number) => readingsOf(testStream(n % 5), [NOW + n], [n]);
const bodyOf = (n: number) => `{"at": ${NOW + n},\t"values":{"heart-rate": ${n}.0 } }\u0000`;
const raw = (n: number): RawInput => ({
  organisationId: ORGANISATION,
  deviceId: `device-${n % 5}`,
  patientIds: [PATIENT],
  kind: "readings",
  format: "json",
  body: Buffer.from(bodyOf(n)),
  receivedAt: NOW + n,
  stampedAt: NOW + n,
  clockOffsetMs: 0,
  isWill: false,
});

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());
beforeEach(async () => {
  await database.owner.query("TRUNCATE journal, raw_input");
});

/** Bodies by the batch that they stand beside; only those that have a row of the journal. */
async function kept(): Promise<string[]> {
  const keys = await testKeysOf(database);
  const { rows } = await database.worker.query<{ input: Buffer; position: number; batch_id: string }>(
    "SELECT r.input, r.batch_id, r.position::float8 AS position FROM raw_input r JOIN journal j USING (day, batch_id, position)",
  );
  return rows.flatMap(({ input, position, batch_id }) => {
    const { header, messages } = readRaw(input, keys, assert.fail);
    assert.deepEqual([header.position, header.batchId], [position, batch_id]);
    return messages.map(({ body }) => Buffer.from(body).toString());
  });
}

test("what was sent stands beside its row of the journal, by way of the database and of the spool", async () => {
  const test = await openTestJournal(database, { limits: { commitTimeoutMs: 60_000 } });
  await Promise.all([1, 2, 3].map((n) => test.journal.append([entry(n)], raw(n))));
  test.faults.before = () => Promise.reject(new Error("the database is away"));
  await Promise.all([4, 5].map((n) => test.journal.append([entry(n)], raw(n))));
  assert.equal(test.journal.state, "spooling");
  // Committed, but nobody was told: it is in the spool as well, and stands there once all the same.
  test.faults.before = () => {};
  await until(() => test.journal.state === "ok", "the spool to be chained in");
  test.faults.after = () => Promise.reject(new Error("the answer is lost"));
  await test.journal.append([entry(6)], raw(6));
  test.faults.after = () => {};
  await until(() => test.journal.state === "ok", "the spool to be chained in again");
  await test.close();
  assert.deepEqual((await kept()).sort(), [1, 2, 3, 4, 5, 6].map(bodyOf));
});

test("a process that died with its spool full leaves what was sent to the next one", async () => {
  const first = await openTestJournal(database, {
    limits: { commitTimeoutMs: 60_000, retryMs: 60_000, retryMsMax: 60_000 },
  });
  first.faults.before = () => Promise.reject(new Error("the database is away"));
  await first.journal.append([entry(1)], raw(1));
  const second = await openTestJournal(database, { folder: first.folder });
  assert.deepEqual(await kept(), [bodyOf(1)]);
  await second.close();
  await first.close();
});

test("what stands alone in the spool, its batch torn away, is left out and stops nothing", async () => {
  const first = await openTestJournal(database, {
    limits: { commitTimeoutMs: 60_000, retryMs: 60_000, retryMsMax: 60_000 },
  });
  first.faults.before = () => Promise.reject(new Error("the database is away"));
  await first.journal.append([entry(1)], raw(1));
  await first.journal.append([entry(2)], raw(2));
  const [name = ""] = readdirSync(first.folder);
  const { batches } = readSpoolFile(readFileSync(join(first.folder, name)));
  assert.equal(batches.length, 4);
  writeFileSync(join(first.folder, name), Buffer.concat(batches.slice(1).flatMap((batch) => spoolRecord(batch))));
  const second = await openTestJournal(database, { folder: first.folder });
  assert.deepEqual(await kept(), [bodyOf(2)]);
  const { rows } = await database.worker.query("SELECT FROM raw_input");
  assert.equal(rows.length, 1);
  await second.close();
  await first.close();
});

test("a message that came to nothing is kept too; what is turned off is not kept", async () => {
  const test = await openTestJournal(database);
  await test.journal.append([], raw(1));
  await test.journal.append([entry(2)]);
  await test.close();
  assert.deepEqual(await kept(), [bodyOf(1)]);
  const off = await openTestJournal(database, { rawDays: 0 });
  await off.journal.append([entry(3)], raw(3));
  await off.journal.append([], raw(4));
  await off.close();
  assert.deepEqual(await kept(), [bodyOf(1)]);
});

test("old days are dropped as partitions, no row is deleted, and the journal stays for as long", async () => {
  const rows = postgresJournalRows(database.worker);
  const day = (ago: number) => new Date(NOW - ago * DAY_MS).toISOString().slice(0, 10);
  const partitions = async (parent: string) => {
    const { rows: found } = await database.owner.query<{ name: string }>(
      "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass ORDER BY 1",
      [parent],
    );
    return found.map(({ name }) => name.slice(-8));
  };
  const name = (ago: number) => day(ago).replaceAll("-", "");
  await rows.prepareDays(day(9), 9);
  // Seven days ago something was sent, and somebody of the organisation is held.
  await database.owner.query(
    `INSERT INTO raw_input (day, position, batch_id, organisation_id, written_at, input) VALUES ($1, 1, gen_random_uuid(), $2, 0, '')`,
    [day(7), ORGANISATION],
  );
  const holdId = systemRuntime.ids.uuid();
  // The hold alone is wanted, and not the patient whom it would be of.
  await database.owner.query(
    `SET session_replication_role = replica;
     INSERT INTO legal_hold (id, organisation_id, patient_id, reason, from_at, created_by)
       VALUES ('${holdId}', '${ORGANISATION}', '${PATIENT}', 'case 12', 0, 'test');
     RESET session_replication_role`,
  );
  await database.owner.query(
    "INSERT INTO seal_state (organisation_id, watermark, updated_at) VALUES ($1, 9e15, 0) ON CONFLICT DO NOTHING",
    [ORGANISATION],
  );
  // The day that was counted from, also when midnight comes meanwhile.
  const clock = { ...systemRuntime.clock, now: () => NOW };
  const runtime = { ...systemRuntime, clock };
  const test = await openTestJournal(database, { journalDays: 2, rawDays: 5, runtime });
  await until(async () => !(await partitions("journal")).includes(name(6)), "old days to be dropped");
  const oldest = async (parent: string) => (await partitions(parent)).slice(0, 3);
  assert.deepEqual(await oldest("raw_input"), [name(7), name(5), name(4)], "a hold keeps what was sent");
  assert.deepEqual(await oldest("journal"), [name(7), name(5), name(4)], "what came of it is kept beside it");
  await test.close();
  await database.owner.query("UPDATE legal_hold SET ended_at = 1, ended_by = 'test' WHERE id = $1", [holdId]);
  assert.equal(await rows.dropRawBefore(day(5)), 1, "and no longer than it runs");
  assert.equal(await rows.dropBefore(day(5)), 1);
  assert.deepEqual((await oldest("journal")).slice(0, 2), [name(5), name(4)]);
  await assert.rejects(database.worker.query("DELETE FROM raw_input"), /permission denied/);
  await assert.rejects(database.api.query("SELECT FROM raw_input"), /permission denied/);
  await database.owner.query("DELETE FROM seal_state");
});
