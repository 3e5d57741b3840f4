import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { endEarlierWriters } from "./earlier-writers.ts";
import { openTestDatabase } from "./testing/database.ts";

test("what a killed process had under way is not committed behind the back of the next one", async (t) => {
  const database = await openTestDatabase();
  t.after(() => database.close());
  const now = Date.UTC(2026, 10, 26, 12);
  const day = new Date(now).toISOString().slice(0, 10);
  await database.worker.query("SELECT journal_prepare($1, 1)", [day]);
  const earlier = new pg.Client(database.connectionConfig("ingest"));
  earlier.on("error", () => {});
  await earlier.connect();
  const bystander = new pg.Client(database.connectionConfig("worker"));
  await bystander.connect();

  // Something holds PostgreSQL up in the midst of it.
  const holder = await database.owner.connect();
  await holder.query("BEGIN");
  await holder.query("LOCK TABLE journal IN ACCESS EXCLUSIVE MODE");
  const insert = earlier.query(
    "INSERT INTO journal (day, position, batch_id, organisation_id, written_at, batch) VALUES ($1, 1, gen_random_uuid(), gen_random_uuid(), $2, '')",
    [day, now],
  );
  const failed = assert.rejects(insert);
  const isWaiting =
    "SELECT 1 FROM pg_stat_activity WHERE application_name = 'openward ingest' AND wait_event_type = 'Lock'";
  for (const end = performance.now() + 120_000; (await database.owner.query(isWaiting)).rowCount === 0; ) {
    assert.ok(performance.now() < end, "the insert does not wait for the lock");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }

  await endEarlierWriters(database.owner);
  await holder.query("COMMIT");
  await failed;
  assert.equal((await database.worker.query("SELECT 1 FROM journal")).rowCount, 0);
  assert.equal((await bystander.query("SELECT 1 AS one")).rows[0].one, 1, "other connections are left alone");

  holder.release();
  await bystander.end();
});
