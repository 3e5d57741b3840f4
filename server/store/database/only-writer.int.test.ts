import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { OutsideTrouble } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import { becomeOnlyWriter } from "./only-writer.ts";
import { openTestDatabase, type TestDatabase } from "./testing/database.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

const become = (onSuperseded: (error: OutsideTrouble) => void = () => {}) =>
  becomeOnlyWriter({ owner: database.owner, timers: systemRuntime.timers, log, onSuperseded });

const holders = async () => {
  const { rows } = await database.worker.query(
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 7077234 AND granted",
  );
  return rows.map((row) => row.pid as number);
};

const waiting = async () => {
  const { rows } = await database.owner.query(
    "SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 7077234 AND NOT granted",
  );
  return rows.length;
};

const terminate = (pid: number | undefined) => database.owner.query("SELECT pg_terminate_backend($1)", [pid]);

async function until<T>(what: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 2_400; tries++) {
    const found = await what();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("waited in vain for a minute");
}

test("a session that is ended takes the lock again", async () => {
  const writer = await become(() => assert.fail("nobody else was there"));
  const [first] = await holders();
  await terminate(first);
  const second = await until(async () => (await holders()).find((pid) => pid !== first));
  assert.notEqual(second, first);
  writer.release();
  await until(async () => ((await holders()).length === 0 ? true : undefined));
});

test("a second writer is refused, and one that lost its place to another is told", async () => {
  let told: OutsideTrouble | undefined;
  const writer = await become((error) => {
    told = error;
  });
  await assert.rejects(become(), (error: OutsideTrouble) => error.code === "DATA_DIR_IN_USE");
  const [first] = await holders();
  // Another server waits for the lock, and has it the moment the session ends.
  const rival = await database.worker.connect();
  try {
    const taken = rival.query("SELECT pg_advisory_lock(7077234)");
    // Whoever is first in the queue gets it: the writer must not come back before the other server has asked.
    await until(async () => ((await waiting()) === 1 ? true : undefined));
    await terminate(first);
    const error = await until(async () => told);
    assert.ok(error instanceof OutsideTrouble);
    await taken;
  } finally {
    rival.release(true);
    writer.release();
  }
});
