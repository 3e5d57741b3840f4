import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { emptyColumns, type NumericBlock } from "@openward/timeseries";
import { ASSOCIATION, PATIENT, testStream } from "../journal/testing/entries.ts";
import type { Blocks, Stored } from "./blocks.ts";
import { createMemory } from "./memory.ts";
import { HOUR_MS } from "./periods.ts";
import { createQueries } from "./queries.ts";
import { cacheBlocks } from "./query-cache.ts";
import { viewOf } from "./testing/open-store.ts";

const FROM = Date.UTC(2024, 0, 1);
const PER_HOUR = 3_600;
const STREAM = testStream(1);
const view = viewOf(PATIENT);

function block(periodStart: number): Stored<NumericBlock> {
  const columns = emptyColumns(PER_HOUR);
  for (let i = 0; i < PER_HOUR; i++) {
    columns.times[i] = periodStart + i * 1000;
    columns.values[i] = i % 100;
  }
  return { streamId: STREAM.id, periodStart, associationId: ASSOCIATION, content: { columns } as NumericBlock };
}

/** As many hours of a reading a second as anybody asks for, made when they are read. */
function endlessBlocks() {
  const counted = { reads: 0, blocks: 0 };
  const made = (from: number, to: number, most: number, isDescending = false) => {
    counted.reads++;
    const starts: number[] = [];
    for (let at = Math.ceil(from / HOUR_MS) * HOUR_MS; at < to; at += HOUR_MS) starts.push(at);
    const taken = isDescending ? starts.slice(-most) : starts.slice(0, most);
    counted.blocks += taken.length;
    return taken.map(block);
  };
  const blocks = {
    damaged: 0,
    numericBetween: async (_ids: readonly string[], from: number, to: number) =>
      made(from, to, Number.POSITIVE_INFINITY),
    numericNext: async ([cursor]: readonly { from: number; to: number }[], isDescending: boolean, periods: number) =>
      made(cursor?.from as number, cursor?.to as number, periods, isDescending),
  } as Partial<Blocks> as Blocks;
  return { blocks, counted };
}

function memoryWithStream() {
  const memory = createMemory(
    () => FROM,
    () => false,
  );
  memory.open(STREAM, Number.POSITIVE_INFINITY);
  return memory;
}

// What is garbage already must not count: the collector is asked before each look.
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

// 50 M readings are 13,889 hours: OPENWARD_TEST_HOURS=13889. Fewer show the same: it does not grow.
const HOURS = Number(process.env.OPENWARD_TEST_HOURS ?? 2_000);

for (const isDescending of [false, true]) {
  test(`${HOURS} hours of readings, ${isDescending ? "backwards" : "forwards"}, need no more memory than a few`, async () => {
    const { blocks } = endlessBlocks();
    const queries = createQueries(memoryWithStream(), blocks);
    const used = () => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const before = used();
    let count = 0;
    let most = 0;
    const range = { from: FROM, to: FROM + HOURS * HOUR_MS, isDescending };
    for await (const { times } of queries.columns(view, STREAM.id, range)) {
      count += times.length;
      if (count % (100 * PER_HOUR) < times.length) most = Math.max(most, used() - before);
    }
    assert.equal(count, HOURS * PER_HOUR);
    // Everything at once would be 29 bytes each: 209 MB. What is freed stays counted for a while.
    assert.ok(most < 64_000_000, `${most} bytes more than before, for ${count * 29} bytes of readings`);
  });
}

test("nothing is read ahead of who takes, and nothing more once they are gone", async () => {
  const { blocks, counted } = endlessBlocks();
  const queries = createQueries(memoryWithStream(), blocks);
  const controller = new AbortController();
  const query = { from: FROM, to: FROM + 1000 * HOUR_MS, isDescending: false, signal: controller.signal };
  const pieces = queries.columns(view, STREAM.id, query);
  await pieces.next();
  const { blocks: first } = counted;
  assert.ok(first <= 2, `${first} blocks for the first piece`);
  for (let i = 0; i < 10; i++) await pieces.next();
  const { reads } = counted;
  controller.abort();
  await assert.rejects(async () => {
    for await (const _ of pieces) assert.fail("a piece after the end");
  }, /abort/i);
  assert.equal(counted.reads, reads);
});

test("who loses sight of the patient gets no more of an answer that had begun", async () => {
  const { blocks } = endlessBlocks();
  const queries = createQueries(memoryWithStream(), blocks);
  let isVisible = true;
  const ending = { ...view, has: () => isVisible };
  const pieces = queries.columns(ending, STREAM.id, { from: FROM, to: FROM + 1000 * HOUR_MS, isDescending: false });
  assert.equal((await pieces.next()).done, false);
  isVisible = false;
  await assert.rejects(pieces.next(), /NOT_FOUND/);
});

test("an hour is read from the database once, and again after it was sealed, or when others may have written it", async () => {
  const { blocks, counted } = endlessBlocks();
  const memory = memoryWithStream();
  const stream = memory.open(STREAM);
  let now = 0;
  const cached = cacheBlocks(blocks, { streams: memory.streams, monotonic: () => now, bytesMax: 64_000_000 });
  const read = () => cached.numericBetween([STREAM.id], FROM, FROM + HOUR_MS);
  const readsFor = async (what: () => void) => {
    const before = counted.reads;
    what();
    const [row] = await read();
    assert.equal(row?.content.columns.times.length, PER_HOUR);
    return counted.reads - before;
  };
  assert.equal(await readsFor(() => {}), 1);
  assert.equal(await readsFor(() => {}), 0);
  stream.addReading(FROM + 5, 1, 0, null, FROM, ASSOCIATION, 1);
  assert.equal(await readsFor(() => {}), 0, "a late reading is in memory, and merged there");
  assert.equal(await readsFor(() => stream.beginSealing(FROM)), 1);
  assert.equal(await readsFor(() => {}), 1, "nothing is kept while a sealing runs");
  assert.equal(await readsFor(() => stream.endSealing(FROM, true)), 1);
  assert.equal(await readsFor(() => {}), 0);
  now += 10_000;
  assert.equal(await readsFor(() => {}), 1);
});

test("an answer that was read across a sealing is not kept", async () => {
  const { blocks, counted } = endlessBlocks();
  const memory = memoryWithStream();
  const stream = memory.open(STREAM);
  stream.addReading(FROM + 5, 1, 0, null, FROM, ASSOCIATION, 1);
  const during = {
    ...blocks,
    async numericBetween(ids: readonly string[], from: number, to: number) {
      const rows = await blocks.numericBetween(ids, from, to);
      stream.beginSealing(FROM);
      stream.endSealing(FROM, true);
      return rows;
    },
  };
  const cached = cacheBlocks(during, { streams: memory.streams, monotonic: () => 0, bytesMax: 64_000_000 });
  await cached.numericBetween([STREAM.id], FROM, FROM + HOUR_MS);
  await cached.numericBetween([STREAM.id], FROM, FROM + HOUR_MS);
  assert.equal(counted.reads, 2);
});

test("the cache stays within its bytes, and lets go of the oldest", async () => {
  const { blocks, counted } = endlessBlocks();
  const memory = memoryWithStream();
  const bytesMax = 10 * PER_HOUR * 29;
  const cached = cacheBlocks(blocks, { streams: memory.streams, monotonic: () => 0, bytesMax });
  const read = (hour: number) => cached.numericBetween([STREAM.id], FROM + hour * HOUR_MS, FROM + (hour + 1) * HOUR_MS);
  for (let hour = 0; hour < 40; hour++) await read(hour);
  assert.equal(counted.reads, 40);
  await read(39);
  assert.equal(counted.reads, 40);
  await read(0);
  assert.equal(counted.reads, 41);
});
