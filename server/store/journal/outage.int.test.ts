import assert from "node:assert/strict";
import { test } from "node:test";
import type { JournalEntry } from "@openward/model";
import { openTestDatabase } from "../database/testing/database.ts";
import { readingsOf, testStream } from "./testing/entries.ts";
import { openTestJournal, readingsInJournal, until } from "./testing/open-journal.ts";

const NOW = Date.now();
const reading = (n: number): JournalEntry => readingsOf(testStream(n % 5), [NOW + n], [n]);
const lineOf = (n: number) => `${testStream(n % 5).id} ${NOW + n} ${n}`;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("PostgreSQL killed under load, and then held still: nothing acknowledged is lost, nothing is there twice", async () => {
  const database = await openTestDatabase({ durable: true });
  const opened = await openTestJournal(database, { limits: { commitTimeoutMs: 500, retryMs: 50, retryMsMax: 200 } });
  const { journal } = opened;
  const states: string[] = [];
  journal.onStateChange((state) => states.push(state));
  const acknowledged: string[] = [];
  const refused: unknown[] = [];
  let next = 0;
  let isRunning = true;
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
  const { rows } = await database.owner.query(
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'openward ingest'",
  );
  assert.ok(rows.length > 0);
  for (const { pid } of rows) process.kill(pid, "SIGSTOP");
  await until(() => states.filter((state) => state === "spooling").length === 2, "the silence to be noticed");
  await pause(300);
  for (const { pid } of rows) process.kill(pid, "SIGCONT");
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
  await opened.close();
  await database.close();
});
