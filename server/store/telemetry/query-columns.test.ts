import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Distribution, emptyColumns, type NumericBlock } from "@openward/timeseries";
import { ASSOCIATION, PATIENT, testStream } from "../journal/testing/entries.ts";
import type { Blocks, Stored } from "./blocks.ts";
import { createMemory } from "./memory.ts";
import { createMinuteCache } from "./minute-cache.ts";
import { HOUR_MS } from "./periods.ts";
import { createQueries } from "./queries.ts";
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

function queriesOf(blocks: Blocks) {
  const memory = memoryWithStream();
  const minutes = createMinuteCache(blocks, { streams: memory.streams, bytesMax: 0 });
  return createQueries(memory, blocks, minutes, { of: async () => new Distribution() });
}

// What is garbage already must not count: the collector is asked before each look.
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

// 50 M readings are 13,889 hours: OPENWARD_TEST_HOURS=13889. Fewer show the same: it does not grow.
const HOURS = Number(process.env.OPENWARD_TEST_HOURS ?? 2_000);

const MORE_BYTES_MAX = 64_000_000;

for (const isDescending of [false, true]) {
  test(`${HOURS} hours of readings, ${isDescending ? "backwards" : "forwards"}, need no more memory than a few`, async () => {
    const { blocks } = endlessBlocks();
    const queries = queriesOf(blocks);
    const used = () => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    // What is freed is taken off the count by another thread, which may be late: what is in use stays, however often one asks.
    const usedMore = async () => {
      let more = used() - before;
      for (let tries = 0; more > MORE_BYTES_MAX && tries < 100; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        more = Math.min(more, used() - before);
      }
      return more;
    };
    const before = used();
    let count = 0;
    let most = 0;
    const range = { from: FROM, to: FROM + HOURS * HOUR_MS, isDescending };
    for await (const { times } of queries.columns(view, STREAM.id, range)) {
      count += times.length;
      if (count % (100 * PER_HOUR) < times.length) most = Math.max(most, await usedMore());
    }
    assert.equal(count, HOURS * PER_HOUR);
    // Everything at once would be 29 bytes each: 209 MB.
    assert.ok(most <= MORE_BYTES_MAX, `${most} bytes more than before, for ${count * 29} bytes of readings`);
  });
}

test("nothing is read ahead of who takes, and nothing more once they are gone", async () => {
  const { blocks, counted } = endlessBlocks();
  const queries = queriesOf(blocks);
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
  const queries = queriesOf(blocks);
  let isVisible = true;
  const ending = { ...view, has: () => isVisible };
  const pieces = queries.columns(ending, STREAM.id, { from: FROM, to: FROM + 1000 * HOUR_MS, isDescending: false });
  assert.equal((await pieces.next()).done, false);
  isVisible = false;
  await assert.rejects(pieces.next(), /NOT_FOUND/);
});

test("the memory of a piece is used again for the next question only where that was agreed, and nothing stays in it", async () => {
  const queries = queriesOf({
    ...endlessBlocks().blocks,
    numericBetween: async (_ids, from, _to, memory) => {
      const made = block(from);
      const { columns } = made.content;
      const into = memory?.columns(PER_HOUR) ?? emptyColumns(PER_HOUR);
      into.times.set(columns.times);
      into.values.set(columns.values);
      return [{ ...made, content: { ...made.content, columns: into } }];
    },
  });
  const pieceOf = async (hour: number, isTransient: boolean) => {
    const from = FROM + hour * HOUR_MS;
    const range = { from, to: from + HOUR_MS, isDescending: false, isTransient };
    const pieces = queries.columns(view, STREAM.id, range);
    const { value } = await pieces.next();
    const first = value?.times[0];
    await pieces.return(undefined);
    return { first, times: value?.times as Float64Array };
  };
  const kept = await pieceOf(0, false);
  const [one, two] = [await pieceOf(1, true), await pieceOf(2, true)];
  assert.deepEqual(
    [kept.times[0], one.first, two.first],
    [0, 1, 2].map((hour) => FROM + hour * HOUR_MS),
  );
  assert.equal(one.times.buffer, two.times.buffer);
  assert.ok(two.times.every((time) => time === 0));
});
