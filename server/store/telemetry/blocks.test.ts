import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeWaveformBlock, encodeNumericBlock, encodeWaveformBlock } from "@openward/timeseries";
import { ASSOCIATION, ORIGIN, randomColumns, randomRun, seeded } from "../../../packages/timeseries/testing/random.ts";
import type { BlockRow } from "./block-store.ts";
import { createBlocks } from "./blocks.ts";
import { zstd } from "./compression.ts";
import type { BlockReads } from "./file-cache.ts";
import { mergeIntoBlock } from "./seal-content.ts";

const quiet = { info() {}, warn() {}, error() {} };
const packing = { of: () => zstd, for: () => zstd };
const rowOf = (payload: Uint8Array, periodStart = 0): BlockRow => ({
  streamId: "s",
  periodStart,
  associationId: ASSOCIATION,
  payload,
});

/** Blocks of these rows, and how often they gave way. */
function blocksOf(rows: readonly BlockRow[]) {
  const state = { turns: 0 };
  const reads = { blocksBetween: async () => [...rows], blocksNext: async () => [...rows] };
  const blocks = createBlocks(reads as unknown as BlockReads, packing, quiet, async () => void state.turns++); // no other is asked
  return { blocks, state };
}

test("a block of fast waveforms is decoded in turns of some thousand samples, and is the same as in one", async () => {
  const r = seeded();
  const run = randomRun(r);
  const samples = Int32Array.from({ length: 50_000 }, () => r.int(60_000));
  const file = encodeWaveformBlock([{ ...run, samples }], ORIGIN, zstd);
  const { blocks, state } = blocksOf([rowOf(file), rowOf(file.slice(0, -1))]);
  const [first, second] = await blocks.waveformBetween("s", 0, 1);
  assert.deepEqual(first?.content?.[0]?.samples, samples);
  assert.deepEqual([second?.content, blocks.damaged], [undefined, 1], "one that cannot be read is counted");
  assert.ok(state.turns >= 50_000 / 5_000, `${state.turns} turns`);
});

test("between any two numeric blocks there is a turn", async () => {
  const file = encodeNumericBlock(randomColumns(seeded(), 100), ORIGIN, zstd);
  const rows = Array.from({ length: 24 }, (_, hour) => rowOf(file, hour));
  for (const ask of [
    ({ blocks }: ReturnType<typeof blocksOf>) => blocks.numericBetween(["s"], 0, 24),
    ({ blocks }: ReturnType<typeof blocksOf>) => blocks.numericNext([{ streamId: "s", from: 0, to: 24 }], false, 24),
    ({ blocks }: ReturnType<typeof blocksOf>) => blocks.eachPeriod(["s"], 0, 24, () => {}),
  ]) {
    const asked = blocksOf(rows);
    await ask(asked);
    assert.ok(asked.state.turns >= 24, `${asked.state.turns} turns`);
  }
});

test("a period of fast waveforms is sealed in pieces of some thousand samples, merged with what is stored", () => {
  const r = seeded();
  const run = { ...randomRun(r), rateHz: 250, associationId: ASSOCIATION };
  const samples = Int32Array.from({ length: 50_000 }, () => r.int(2_000));
  const stored = encodeWaveformBlock([{ ...run, samples: samples.slice(0, 20_000) }], ORIGIN, zstd);
  const rest = { ...run, start: run.start + 20_000 * 4, samples: samples.slice(20_000) };
  const snapshot = { kind: "waveform", parts: new Map([[ASSOCIATION, [rest]]]) } as const;
  const work = mergeIntoBlock("mV", snapshot, ASSOCIATION, stored, zstd);
  let stops = 0;
  let step = work.next();
  for (; !step.done; step = work.next()) stops++;
  const sealed = decodeWaveformBlock(step.value?.payload ?? new Uint8Array(), zstd).runs;
  assert.deepEqual(
    sealed.flatMap((each) => [...each.samples]),
    [...samples],
  );
  assert.ok(stops >= (20_000 + 50_000) / 5_000, `${stops} stops`);
});
