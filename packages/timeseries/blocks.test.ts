import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import {
  decodeNumericBlock,
  decodeOverview,
  decodeRollup,
  decodeWaveformBlock,
  encodeNumericBlock,
  encodeOverview,
  encodeRollup,
  encodeWaveformBlock,
  endOfRun,
  readBlockHeader,
  rollupSlots,
} from "./index.ts";
import { ASSOCIATION, ORIGIN, randomColumns, randomRun, START, seeded, zstd } from "./testing/random.ts";

const code = (expected: string) => (error: unknown) => error instanceof RefusedInput && error.code === expected;

test("a numeric block gives back exactly what went in, for any readings", () => {
  const r = seeded();
  for (let n = 0; n < 300; n++) {
    const columns = randomColumns(r);
    const block = decodeNumericBlock(encodeNumericBlock(columns, ORIGIN, zstd), zstd);
    for (const key of ["times", "values", "quality", "ordinals", "receivedAt", "utcOffsets"] as const) {
      for (let i = 0; i < columns.times.length; i++) {
        assert.ok(
          Object.is(block.columns[key][i], columns[key][i]),
          `${key}[${i}]: ${block.columns[key][i]} for ${columns[key][i]}`,
        );
      }
    }
    assert.equal(block.header.count, columns.times.length);
    assert.equal(block.header.associationId, ASSOCIATION);
    assert.equal(block.header.unit, "/min");
    assert.equal(block.header.firstTime, columns.times[0]);
    assert.equal(block.header.lastTime, columns.times.at(-1));
  }
});

test("receivedAt is cut down to its minute and to nothing coarser", () => {
  const columns = randomColumns(seeded(), 100);
  columns.receivedAt.set(columns.times.map((time) => time + 1234));
  const { receivedAt } = decodeNumericBlock(encodeNumericBlock(columns, ORIGIN, zstd), zstd).columns;
  assert.deepEqual(
    receivedAt,
    columns.receivedAt.map((at) => Math.floor(at / 60_000) * 60_000),
  );
});

test("an hour of a steady heart rate takes less than a quarter of a byte a reading", () => {
  const columns = randomColumns(seeded(7), 3600);
  for (let i = 0; i < 3600; i++) {
    columns.times[i] = START + i * 1000;
    columns.values[i] = Math.round(72 + 3 * Math.sin(i / 40));
    columns.quality[i] = 0;
    columns.ordinals[i] = 0;
    columns.utcOffsets[i] = 60;
    columns.receivedAt[i] = START + i * 1000 + 80;
  }
  const bytes = encodeNumericBlock(columns, ORIGIN, zstd).length;
  assert.ok(bytes < 800, `${bytes} bytes`);
});

test("a waveform block gives back every sample, absent and extreme ones too", () => {
  const r = seeded();
  for (let n = 0; n < 60; n++) {
    const first = randomRun(r);
    const runs = [first, randomRun(r, endOfRun(first) + r.float() * 500), randomRun(r, endOfRun(first) + 9e6)];
    const block = decodeWaveformBlock(encodeWaveformBlock(runs, ORIGIN, zstd), zstd);
    assert.deepEqual(block.runs, runs);
    assert.equal(
      block.header.count,
      runs.reduce((sum, run) => sum + run.samples.length, 0),
    );
  }
});

test("the overview of a waveform has the least and greatest of every second", () => {
  const r = seeded();
  for (let n = 0; n < 40; n++) {
    const run = randomRun(r, START + r.float() * 1000);
    const expected = new Map<number, { min: number; max: number }>();
    run.samples.forEach((sample, i) => {
      if (sample === -2147483648) return;
      const second = Math.floor(run.start / 1000 + i * (1 / run.rateHz)) * 1000;
      const value = sample * run.scale + run.origin;
      const known = expected.get(second) ?? { min: value, max: value };
      expected.set(second, { min: Math.min(known.min, value), max: Math.max(known.max, value) });
    });
    const overview = decodeOverview(encodeOverview([run], ORIGIN, zstd), zstd);
    assert.deepEqual([...overview.starts], [...expected.keys()]);
    assert.deepEqual(
      [...overview.min],
      [...expected.values()].map((each) => each.min),
    );
    assert.deepEqual(
      [...overview.max],
      [...expected.values()].map((each) => each.max),
    );
  }
});

test("a day's rollup gives back its slots", () => {
  const r = seeded();
  const day = Date.UTC(2026, 10, 22);
  for (let n = 0; n < 40; n++) {
    const columns = randomColumns(r, 50);
    const times = columns.times.map(() => day + r.int(24 * 3_600_000)).sort();
    const slots = rollupSlots(times, columns.values);
    assert.equal(
      slots.reduce((sum, slot) => sum + slot.count, 0),
      50,
    );
    assert.deepEqual(decodeRollup(encodeRollup(day, slots, ORIGIN, zstd), zstd), slots);
  }
});

test("a flipped bit anywhere in a block is noticed", () => {
  const r = seeded();
  const file = encodeNumericBlock(randomColumns(r, 60), ORIGIN, zstd);
  for (let bit = 0; bit < file.length * 8; bit++) {
    const broken = file.slice();
    broken[bit >> 3] = (broken[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.throws(() => decodeNumericBlock(broken, zstd), code("BLOCK_CORRUPT"));
  }
  for (let length = 0; length < file.length; length++) {
    assert.throws(() => decodeNumericBlock(file.subarray(0, length), zstd), code("BLOCK_CORRUPT"));
  }
});

test("a block of a later version, or of another kind, is refused as such", async () => {
  const { crc32 } = await import("./crc32.ts");
  const file = encodeNumericBlock(randomColumns(seeded(3), 20), ORIGIN, zstd);
  assert.throws(() => decodeWaveformBlock(file, zstd), code("BLOCK_VERSION"));
  const later = file.slice();
  later[3] = 3;
  new DataView(later.buffer).setUint32(later.length - 4, crc32(later.subarray(0, -4)), true);
  assert.throws(() => readBlockHeader(later), code("BLOCK_VERSION"));
});

test("the checksum is the CRC-32 of zlib", async () => {
  const { crc32 } = await import("./crc32.ts");
  const zlib = await import("node:zlib");
  const r = seeded();
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, () => r.int(256));
    assert.equal(crc32(bytes), zlib.crc32(bytes));
  }
});
