import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { PATIENT, readingsOf, testStream } from "../journal/testing/entries.ts";
import type { BlockStore } from "./block-store.ts";
import { postgresBlocks } from "./postgres-blocks.ts";
import { openTestStore, settableRuntime, type TestStore, viewOf } from "./testing/open-store.ts";

const START = Date.UTC(2026, 10, 22, 6);
const STREAMS = [1, 2, 3, 4].map((n) => testStream(n));
const BUDGET = 1_000_000;
/** Chunks are counted whole: one of each stream may be mostly empty. */
const SLACK = STREAMS.length * 32_768;
const ROWS = 1000;

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

const batch = (n: number) =>
  STREAMS.map((stream) =>
    readingsOf(
      stream,
      Array.from({ length: ROWS }, (_, i) => START + (n * ROWS + i) * 1000),
      Array.from({ length: ROWS }, (_, i) => 60 + ((n + i) % 40)),
    ),
  );

async function expectAll(store: TestStore, batches: number): Promise<void> {
  const streamIds = STREAMS.map(({ id }) => id);
  const [from, to] = [START, START + batches * ROWS * 1000];
  const query = { patientId: PATIENT, streamIds, from, to, order: "ascending", limit: 1e6 } as const;
  const found = await store.telemetry.readings(viewOf(PATIENT), query);
  assert.equal(found.length, batches * ROWS * STREAMS.length);
  const expected = batch(batches - 1).flatMap((entry) => (entry.kind === "readings" ? [...entry.readings.values] : []));
  const newest = found.filter((each) => each.time >= to - ROWS * 1000);
  assert.deepEqual(newest.map(({ value }) => value).sort(), expected.sort());
}

async function until(what: () => boolean, waitingFor: string): Promise<void> {
  for (let n = 0; n < 12_000 && !what(); n++) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(what(), `waited in vain for ${waitingFor}`);
}

test("more than memory may take is sealed early, and every query has all of it at once", async () => {
  const runtime = settableRuntime(START + 3_600_000 * 12);
  const store = await openTestStore(database, runtime, undefined, undefined, { tailBytesMax: BUDGET });
  try {
    await store.journal.append(STREAMS.map((stream) => ({ kind: "stream", stream })));
    for (let n = 0; n < 40; n++) {
      await store.journal.append(batch(n));
      assert.ok(store.telemetry.statistics().tailBytes <= BUDGET + SLACK, "within the budget");
      if (n % 8 === 7) await expectAll(store, n + 1);
    }
  } finally {
    await store.close();
  }
});

test("when nothing can be sealed devices wait for their acks, alarms and streams do not, and all is there afterwards", async () => {
  await database.owner.query("TRUNCATE journal, stream, block, rollup, seal_state");
  const runtime = settableRuntime(START + 3_600_000 * 12);
  const real = postgresBlocks(database.worker);
  let isDown = true;
  const blocks: BlockStore = {
    ...real,
    transaction: (work) => (isDown ? Promise.reject(new Error("connection lost")) : real.transaction(work)),
  };
  const budget = { tailBytesMax: BUDGET, store: blocks };
  const store = await openTestStore(database, runtime, undefined, undefined, budget);
  try {
    await store.journal.append(STREAMS.map((stream) => ({ kind: "stream", stream })));
    let acknowledged = 0;
    const sent = Array.from({ length: 40 }, (_, n) =>
      store.journal.append(batch(n)).then(() => {
        acknowledged++;
      }),
    );
    await until(
      () => acknowledged > 0 && store.journal.statistics().pendingBytes === 0,
      "the first to be acknowledged",
    );
    assert.ok(acknowledged < 15, `${acknowledged} of 40 had room`);
    assert.ok(store.journal.statistics().waitingBytes > 0);
    assert.ok(store.telemetry.statistics().tailBytes <= BUDGET + SLACK);
    await store.journal.append([{ kind: "stream", stream: testStream(9) }]);
    isDown = false;
    await Promise.all(sent);
    assert.equal(store.journal.statistics().waitingBytes, 0);
    await expectAll(store, 40);
  } finally {
    isDown = false;
    await store.close();
  }
});
