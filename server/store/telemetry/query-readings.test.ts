import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyColumns, type NumericBlock, TailMemory } from "@openward/timeseries";
import { ASSOCIATION, testStream } from "../journal/testing/entries.ts";
import type { Stored } from "./blocks.ts";
import { HOUR_MS } from "./periods.ts";
import type { Reading } from "./ports.ts";
import { queryReadings, type ReadingBlocks } from "./query-readings.ts";
import { StreamMemory } from "./stream-memory.ts";

const FROM = Date.UTC(2026, 10, 22);
const HOURS = 48;
const TO = FROM + HOURS * HOUR_MS;

/** Streams that are all in blocks, a reading of each every so many milliseconds; and how many blocks were asked for. */
function sealed(streams: number, everyMs: number) {
  const memories = Array.from(
    { length: streams },
    (_, n) => new StreamMemory(testStream(n), Number.POSITIVE_INFINITY, new TailMemory()),
  );
  const state = { decoded: 0, rounds: 0, byName: 0 };
  const blockOf = (hour: number): NumericBlock => {
    const columns = emptyColumns(Math.ceil(HOUR_MS / everyMs));
    for (let i = 0; i < columns.times.length; i++) columns.times[i] = hour + i * everyMs;
    return { columns } as NumericBlock; // nothing else of it is looked at
  };
  const stored = (streamId: string, hour: number): Stored<NumericBlock> => ({
    streamId,
    periodStart: hour,
    associationId: ASSOCIATION,
    content: blockOf(hour),
  });
  const hour: ReadingBlocks["hour"] = async (streamId, at) => {
    state.byName++;
    return at >= FROM && at < TO ? [stored(streamId, at)] : [];
  };
  const numericNext: ReadingBlocks["numericNext"] = async (cursors, isDescending, periods) => {
    if (cursors.length > 0) state.rounds++;
    return cursors.flatMap(({ streamId, from, to }) => {
      const all: Stored<NumericBlock>[] = [];
      for (let hour = FROM; hour < TO; hour += HOUR_MS) if (hour >= from && hour < to) all.push(stored(streamId, hour));
      const some = isDescending ? all.slice(-periods) : all.slice(0, periods);
      state.decoded += some.length;
      return some;
    });
  };
  const page = (order: "ascending" | "descending", limit: number, after?: Reading) =>
    queryReadings(
      memories,
      {
        from: FROM,
        to: TO,
        isDescending: order === "descending",
        limit,
        after: after && { time: after.time, streamId: after.stream.id, ordinal: after.ordinal },
      },
      { numericNext, hour },
    );
  /** What memory knows when somebody measured last. */
  const remember = (time: number) => {
    for (const { numeric } of memories)
      numeric?.remember({ time, value: 1, ordinal: 0, quality: 0, utcOffsetMinutes: null, receivedAt: time });
  };
  return { state, page, remember };
}

for (const order of ["ascending", "descending"] as const) {
  test(`a page of many dense streams decodes an hour of each, ${order}`, async () => {
    const { state, page } = sealed(12, 1_000);
    const first = await page(order, 1_000);
    assert.equal(first.length, 1_000);
    assert.equal(state.decoded, 12);
    const second = await page(order, 1_000, first.at(-1));
    assert.equal(state.decoded, 24);
    const keys = [...first, ...second].map(({ time, stream }) => `${time} ${stream.id}`);
    assert.equal(new Set(keys).size, 2_000, "nothing twice");
    assert.deepEqual(keys, order === "ascending" ? [...keys].sort() : [...keys].sort().reverse(), "in order");
  });

  test(`a page of what is measured every ten minutes takes few rounds, ${order}`, async () => {
    const { state, page } = sealed(1, 600_000);
    const all = await page(order, 1_000);
    assert.equal(all.length, HOURS * 6);
    assert.ok(state.rounds <= 8, `${state.rounds} rounds for ${HOURS} hours`);
  });
}

test("the newest hour is asked for by its name, and the database where memory does not know it, or it is not there", async () => {
  const { state, page, remember } = sealed(3, 1_000);
  const plain = await page("descending", 1_000);
  assert.deepEqual({ ...state }, { decoded: 3, rounds: 1, byName: 0 });
  remember(TO - 1_000);
  const known = await page("descending", 1_000);
  assert.deepEqual({ ...state }, { decoded: 3, rounds: 1, byName: 3 });
  assert.deepEqual(known, plain);
  const second = await page("descending", 20_000, known.at(-1));
  assert.equal(second.length, 20_000);
  assert.equal(second[0]?.time, TO - 334_000, "what comes behind it is there, and once");
  // Of an hour that is in no block yet.
  remember(TO + HOUR_MS);
  assert.deepEqual(await page("descending", 1_000), plain);
});
