import assert from "node:assert/strict";
import { test } from "node:test";
import type { JournalEntry } from "@openward/model";
import type { Pool } from "pg";
import { openTestDatabase } from "../database/testing/database.ts";
import { readingsOf, testStream } from "./testing/entries.ts";
import { openTestJournal, readingsInJournal, until } from "./testing/open-journal.ts";

const NOW = Date.now();
const reading = (n: number): JournalEntry => readingsOf(testStream(n % 5), [NOW + n], [n]);
const lineOf = (n: number) => `${testStream(n % 5).id} ${NOW + n} ${n}`;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Those that have ended by themselves are passed over. */
function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "ESRCH");
    }
  }
}

/** Every process that writes the journal, until there is none that was not stopped. */
async function stopWriters(owner: Pool, stopped: number[]): Promise<void> {
  for (;;) {
    const { rows } = await owner.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'openward ingest'",
    );
    const others = rows.map(({ pid }) => pid).filter((pid) => !stopped.includes(pid));
    if (others.length === 0 && stopped.length > 0) return;
    signal(others, "SIGSTOP");
    stopped.push(...others);
  }
}

test("PostgreSQL killed under load, and then held still: nothing acknowledged is lost, nothing is there twice", async (t) => {
  const database = await openTestDatabase({ durable: true });
  const opened = await openTestJournal(database, { limits: { commitTimeoutMs: 2_000, retryMs: 50, retryMsMax: 200 } });
  const { journal } = opened;
  const states: string[] = [];
  journal.onStateChange((state) => states.push(state));
  const outages = () => states.filter((state) => state === "spooling").length;
  const acknowledged: string[] = [];
  const refused: unknown[] = [];
  let next = 0;
  let isRunning = true;
  t.after(async () => {
    isRunning = false;
    await opened.close();
    await database.close();
  });
  const load = (async () => {
    while (isRunning) {
      for (let k = 0; k < 5; k++) {
        const n = next++;
        journal.append([reading(n)]).then(
          () => acknowledged.push(lineOf(n)),
          (error) => refused.push(error),
        );
      }
      await pause(3);
    }
  })();
  await pause(150);
  process.kill(database.embedded?.pid() as number, "SIGKILL");
  await until(() => states.includes("spooling"), "the outage to be noticed");
  await until(() => journal.state === "ok", "PostgreSQL to be back and the spool to be chained in");
  await pause(150);

  // Its processes still have the connection, but say nothing; one of them commits after we gave up on it.
  await until(() => journal.state === "ok", "the journal to be well");
  const before = outages();
  const stopped: number[] = [];
  try {
    await stopWriters(database.owner, stopped);
    await until(() => outages() > before, "the silence to be noticed");
    await pause(300);
  } finally {
    signal(stopped, "SIGCONT");
  }
  await until(() => journal.state === "ok", "the spool to be chained in");
  await pause(100);
  isRunning = false;
  await load;
  await until(() => acknowledged.length + refused.length === next, "every append to be answered");

  assert.deepEqual(refused, []);
  assert.ok(journal.statistics().spooledGroups > 1);
  assert.equal(journal.statistics().spoolBytes, 0);
  const durable = await readingsInJournal(database);
  assert.equal(new Set(durable).size, durable.length, "nothing is there twice");
  assert.deepEqual(durable.toSorted(), acknowledged.toSorted());
});
