import assert from "node:assert/strict";
import { test } from "node:test";
import { ASSOCIATION, PATIENT, testStream } from "../journal/testing/entries.ts";
import { createMemory } from "./memory.ts";
import { PERIOD_MS } from "./periods.ts";
import { createWaveformCache } from "./waveform-cache.ts";

const FROM = Date.UTC(2024, 0, 1);
const STREAM = testStream(1, "waveform");
const PERIOD = PERIOD_MS.waveform;
const SAMPLES = 1_000;

function opened({ bytesMax = 1_000_000 } = {}) {
  const memory = createMemory(
    () => FROM,
    () => false,
  );
  const stream = memory.open(STREAM);
  const state = { decoded: [] as number[], isBroken: false, during: () => {} };
  const cache = createWaveformCache(
    {
      async waveformBetween(streamId, from, to) {
        const all = [];
        for (let periodStart = Math.ceil(from / PERIOD) * PERIOD; periodStart < to; periodStart += PERIOD) {
          state.decoded.push((periodStart - FROM) / PERIOD);
          const run = {
            start: periodStart,
            rateHz: SAMPLES / (PERIOD / 1_000),
            scale: 1,
            origin: 0,
            quality: 0,
            utcOffsetMinutes: null,
            receivedAt: periodStart,
            samples: new Int32Array(SAMPLES),
          };
          all.push({ streamId, periodStart, associationId: ASSOCIATION, content: state.isBroken ? undefined : [run] });
        }
        state.during();
        return all;
      },
    },
    { streams: memory.streams, bytesMax },
  );
  /** @returns the periods that were decoded for it, counted from FROM */
  const decodedFor = async (period: number, count = 1) => {
    state.decoded = [];
    const from = FROM + period * PERIOD;
    const blocks = await cache.waveformBetween(STREAM.id, from, from + count * PERIOD);
    assert.deepEqual(
      blocks.map(({ periodStart }) => (periodStart - FROM) / PERIOD),
      Array.from({ length: count }, (_, i) => period + i),
      "whatever is kept, all are there, in order",
    );
    return state.decoded;
  };
  return { memory, stream, state, cache, decodedFor };
}

test("a period is decoded once for who reads on through it, and its neighbours only where they are asked for", async () => {
  const { decodedFor } = opened();
  assert.deepEqual(await decodedFor(0), [0]);
  assert.deepEqual(await decodedFor(0), []);
  assert.deepEqual(await decodedFor(0, 2), [1]);
  assert.deepEqual(await decodedFor(1, 2), [2]);
  assert.deepEqual(await decodedFor(0, 3), []);
});

test("a period is decoded again once it was sealed again, and none is kept that was read while it was", async () => {
  const { stream, state, decodedFor } = opened();
  await decodedFor(0, 2);
  stream.addWaveform(
    {
      associationId: ASSOCIATION,
      start: FROM,
      rateHz: 1,
      scale: 1,
      origin: 0,
      quality: 0,
      utcOffsetMinutes: null,
      receivedAt: FROM,
      samples: Int32Array.of(1),
    },
    1,
  );
  assert.deepEqual(await decodedFor(0, 2), [], "what is late is in memory, and merged there");
  stream.beginSealing(FROM);
  assert.deepEqual(await decodedFor(0, 2), [0]);
  assert.deepEqual(await decodedFor(0), [0], "nothing is kept while a sealing runs");
  state.during = () => {
    stream.endSealing(FROM, true);
    state.during = () => {};
  };
  assert.deepEqual(await decodedFor(0), [0]);
  assert.deepEqual(await decodedFor(0), [0], "it was read before the sealing ended");
  assert.deepEqual(await decodedFor(0), []);
});

test("what could not be read is asked for again", async () => {
  const { state, decodedFor } = opened();
  state.isBroken = true;
  assert.deepEqual(await decodedFor(0), [0]);
  state.isBroken = false;
  assert.deepEqual(await decodedFor(0), [0]);
  assert.deepEqual(await decodedFor(0), []);
});

test("no more is kept than there is room for, and nothing of a patient who was erased", async () => {
  const { memory, cache, decodedFor } = opened({ bytesMax: 40_000 });
  for (let period = 0; period < 30; period++) await decodedFor(period);
  assert.ok(cache.bytes <= 40_000 && cache.bytes > 20_000, `${cache.bytes} bytes`);
  assert.deepEqual(await decodedFor(0), [0], "the longest unused went first");
  cache.forget(memory.forget(PATIENT));
  assert.equal(cache.bytes, 0);
  assert.deepEqual(await decodedFor(0), [0]);
  assert.equal(cache.bytes, 0, "nor is anything kept of what was under way");
});
