import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyColumns, type NumericBlock } from "@openward/timeseries";
import { ASSOCIATION, PATIENT, testStream } from "../journal/testing/entries.ts";
import { createMemory } from "./memory.ts";
import { createNumericCache } from "./numeric-cache.ts";
import { HOUR_MS } from "./periods.ts";

const HOUR = Date.UTC(2026, 10, 22);
const STREAM = testStream(1);

function opened() {
  const memory = createMemory(
    () => HOUR,
    () => false,
  );
  const stream = memory.open(STREAM);
  const state = { decoded: 0, isBroken: false, damaged: 0, during: () => {} };
  const blocks = {
    get damaged() {
      return state.damaged;
    },
    async numericOf([key]: readonly { streamId: string; period: number }[]) {
      state.decoded++;
      state.during();
      if (state.isBroken) state.damaged++;
      const content = { columns: emptyColumns(3_600) } as NumericBlock; // nothing else of it is looked at
      const { streamId = "", period = 0 } = key ?? {};
      return state.isBroken ? [] : [{ streamId, periodStart: period, associationId: ASSOCIATION, content }];
    },
  };
  const cache = createNumericCache(blocks, { streams: memory.streams, bytesMax: 3_000_000 });
  /** @returns whether it was decoded for this */
  const decodes = async (hour = HOUR) => {
    const before = state.decoded;
    await cache.hour(STREAM.id, hour);
    return state.decoded > before;
  };
  let time = HOUR;
  const seal = () => {
    stream.addReading(++time, 1, 0, null, time, ASSOCIATION, 1);
    stream.beginSealing(HOUR);
    stream.endSealing(HOUR, true);
  };
  return { state, cache, memory, decodes, seal };
}

test("an hour is decoded once, until it is sealed again; what was read while it was is not kept", async () => {
  const { state, decodes, seal } = opened();
  assert.deepEqual([await decodes(), await decodes(), await decodes(HOUR + HOUR_MS)], [true, false, true]);
  seal();
  assert.deepEqual([await decodes(), await decodes()], [true, false]);
  seal();
  state.during = seal;
  assert.deepEqual([await decodes(), await decodes()], [true, true]);
});

test("an hour of which something could not be read is looked at again", async () => {
  const { state, decodes } = opened();
  state.isBroken = true;
  assert.deepEqual([await decodes(), await decodes()], [true, true]);
  state.isBroken = false;
  assert.deepEqual([await decodes(), await decodes()], [true, false]);
});

test("nothing of a patient who was forgotten stays, and nothing of what had its time", async () => {
  const { cache, memory, decodes } = opened();
  await decodes();
  assert.ok(cache.bytes > 100_000);
  cache.forget(memory.forget(PATIENT));
  assert.equal(cache.bytes, 0);
  const other = opened();
  await other.decodes();
  other.cache.forgetAll();
  assert.equal(other.cache.bytes, 0);
  assert.ok(await other.decodes());
});
