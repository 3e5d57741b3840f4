import assert from "node:assert/strict";
import { test } from "node:test";
import { ASSOCIATION, PATIENT, testStream } from "../journal/testing/entries.ts";
import type { BlockRow } from "./block-store.ts";
import { type BlockReads, cacheFiles } from "./file-cache.ts";
import { createMemory } from "./memory.ts";
import { HOUR_MS } from "./periods.ts";

const FROM = Date.UTC(2024, 0, 1);
const STREAM = testStream(1);
const FILE_BYTES = 500;

function opened({ bytesMax = 1_000_000, fault = undefined as Error | undefined } = {}) {
  const memory = createMemory(
    () => FROM,
    () => false,
  );
  const stream = memory.open(STREAM);
  const state = { reads: 0, during: () => {} };
  const store: Partial<BlockReads> = {
    async blocksBetween(ids, from, to) {
      state.reads++;
      const rows: BlockRow[] = [];
      for (const streamId of ids)
        for (let at = Math.ceil(from / HOUR_MS) * HOUR_MS; at < to; at += HOUR_MS) {
          const row = { streamId, periodStart: at, associationId: ASSOCIATION, payload: new Uint8Array(FILE_BYTES) };
          rows.push(fault ? { ...row, fault } : row);
        }
      state.during();
      return rows;
    },
    blocksOf: async (keys) =>
      (
        await Promise.all(keys.map(({ streamId, period }) => store.blocksBetween?.([streamId], period, period + 1)))
      ).flatMap((rows) => rows ?? []),
  };
  const cached = cacheFiles(store as BlockReads, {
    streams: memory.streams,
    bytesMax,
    isNumeric: () => true,
  });
  const read = (hour = 0, hours = 1) =>
    cached.blocksBetween([STREAM.id], FROM + hour * HOUR_MS, FROM + (hour + hours) * HOUR_MS);
  const readsFor = async (what: () => void = () => {}, hour = 0, hours = 1) => {
    const before = state.reads;
    what();
    assert.equal((await read(hour, hours)).length, hours);
    return state.reads - before;
  };
  return { memory, stream, state, cached, readsFor };
}

test("an hour is read from the database once, and again after it was sealed", async () => {
  const { stream, readsFor } = opened();
  assert.equal(await readsFor(), 1);
  assert.equal(await readsFor(), 0);
  stream.addReading(FROM + 5, 1, 0, null, FROM, ASSOCIATION, 1);
  assert.equal(await readsFor(), 0, "a late reading is in memory, and merged there");
  assert.equal(await readsFor(() => stream.beginSealing(FROM)), 1);
  assert.equal(await readsFor(), 1, "nothing is kept while a sealing runs");
  assert.equal(await readsFor(() => stream.endSealing(FROM, true)), 1);
  assert.equal(await readsFor(), 0);
});

test("an hour that is asked for by its name is read once too, and is the same as the one of a span", async () => {
  const { stream, state, cached, readsFor } = opened();
  const named = (...hours: number[]) =>
    cached.blocksOf(hours.map((hour) => ({ streamId: STREAM.id, period: FROM + hour * HOUR_MS })));
  assert.equal((await named(0)).length, 1);
  assert.equal(state.reads, 1);
  assert.equal(await readsFor(), 0);
  const rows = await named(1, 0, 2);
  assert.equal(state.reads, 3, "the one that is kept is not read");
  assert.deepEqual(
    rows.map(({ periodStart }) => (periodStart - FROM) / HOUR_MS),
    [1, 0, 2],
  );
  stream.addReading(FROM + 3 * HOUR_MS + 5, 1, 0, null, FROM, ASSOCIATION, 1);
  state.during = () => stream.beginSealing(FROM + 3 * HOUR_MS);
  await named(3);
  state.during = () => {};
  stream.endSealing(FROM + 3 * HOUR_MS, true);
  await named(3);
  assert.equal(state.reads, 5, "what was read across a sealing is read again");
  await cached.blocksOf([{ streamId: STREAM.id, period: FROM + 1 }]);
  assert.equal(state.reads, 6, "what is no hour is asked for as it is");
});

test("when blocks had their time nothing stays, nor comes back with an answer that was under way", async () => {
  const { state, cached, readsFor } = opened();
  assert.equal(await readsFor(), 1);
  cached.forgetAll();
  assert.equal(cached.bytes, 0);
  state.during = () => cached.forgetAll();
  assert.equal(await readsFor(), 1);
  state.during = () => {};
  assert.equal(await readsFor(), 1);
  assert.equal(await readsFor(), 0);
});

test("what a sealing has made of an hour is not read from the database; what came of two associations is there whole", async () => {
  const { stream, state, cached, readsFor } = opened();
  const row = (associationId: string) => ({
    streamId: STREAM.id,
    periodStart: FROM,
    associationId,
    payload: new Uint8Array([1, 2, 3]),
  });
  stream.addReading(FROM + 5, 1, 0, null, FROM, ASSOCIATION, 1);
  stream.beginSealing(FROM);
  stream.endSealing(FROM, true);
  cached.sealed(STREAM.id, FROM, [row(ASSOCIATION), row("another")]);
  const rows = await cached.blocksBetween([STREAM.id], FROM, FROM + HOUR_MS);
  assert.equal(state.reads, 0);
  assert.deepEqual(
    rows.map(({ associationId, payload }) => [associationId, payload.length]),
    [
      [ASSOCIATION, 3],
      ["another", 3],
    ],
  );
  stream.addReading(FROM + 6, 1, 0, null, FROM, ASSOCIATION, 2);
  stream.beginSealing(FROM);
  assert.equal(await readsFor(), 1, "the next sealing has begun");
});

test("an hour of which the archive has lost something, or that a sealing has taken again, is not kept as it was sealed", async () => {
  const { stream, cached, readsFor } = opened();
  const row = { streamId: STREAM.id, periodStart: FROM, associationId: ASSOCIATION, payload: new Uint8Array(3) };
  cached.sealed(STREAM.id, FROM, [{ ...row, fault: new Error("lost") }]);
  assert.equal(await readsFor(undefined, 0), 1);
  stream.addReading(FROM + 5, 1, 0, null, FROM, ASSOCIATION, 1);
  stream.beginSealing(FROM);
  cached.sealed(STREAM.id, FROM, [row]);
  assert.equal(await readsFor(), 1);
});

test("the sealing of one hour leaves the others where they are, however many are sealed", async () => {
  const { stream, readsFor } = opened();
  assert.equal(await readsFor(undefined, 0, 10), 1);
  stream.addReading(FROM + 5, 1, 0, null, FROM, ASSOCIATION, 1);
  stream.beginSealing(FROM);
  stream.endSealing(FROM, true);
  assert.equal(await readsFor(undefined, 1, 9), 0);
  assert.equal(await readsFor(undefined, 0, 10), 1, "the first of them");
  assert.equal(await readsFor(undefined, 0, 10), 0);
  for (let n = 100; n < 200; n++) {
    stream.addReading(FROM + n * HOUR_MS, 1, 0, null, FROM, ASSOCIATION, 1);
    stream.beginSealing(FROM + n * HOUR_MS);
    stream.endSealing(FROM + n * HOUR_MS, true);
  }
  assert.equal(await readsFor(undefined, 0, 10), 1, "what is not remembered any more counts as sealed");
  assert.equal(await readsFor(undefined, 0, 10), 0);
});

test("what was read across a sealing is not kept, nor what the archive has lost", async () => {
  const { stream, state, readsFor } = opened();
  stream.addReading(FROM + 5, 1, 0, null, FROM, ASSOCIATION, 1);
  state.during = () => {
    stream.beginSealing(FROM);
    stream.endSealing(FROM, true);
  };
  assert.equal(await readsFor(), 1);
  state.during = () => {};
  assert.equal(await readsFor(), 1);
  assert.equal(await readsFor(), 0);
  const lost = opened({ fault: new Error("lost") });
  assert.equal(await lost.readsFor(), 1);
  assert.equal(await lost.readsFor(), 1);
});

test("the cache stays within its bytes, and lets go of what was not asked for longest", async () => {
  const bytesMax = 10_000;
  const { state, cached, readsFor } = opened({ bytesMax });
  for (let hour = 0; hour < 40; hour++) {
    await readsFor(undefined, hour);
    await readsFor(undefined, 0);
    assert.ok(cached.bytes <= bytesMax && cached.bytes >= Math.min(hour, 5) * FILE_BYTES);
  }
  assert.equal(state.reads, 40);
  assert.equal(await readsFor(undefined, 39), 0);
  assert.equal(await readsFor(undefined, 1), 1);
});

test("of a patient who was erased nothing stays, nor comes back with an answer that was under way", async () => {
  const { memory, state, cached, readsFor } = opened();
  await readsFor(undefined, 0, 5);
  assert.ok(cached.bytes > 5 * FILE_BYTES);
  state.during = () => cached.forget(memory.forget(PATIENT));
  await readsFor(undefined, 5, 5);
  assert.equal(cached.bytes, 0);
});
