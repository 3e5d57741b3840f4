import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Compressor, NumericColumns, WaveformRun } from "../index.ts";

export const zstd: Compressor = {
  id: 1,
  compress: (bytes) => zstdCompressSync(bytes),
  decompress: (bytes, length) => zstdDecompressSync(bytes, { maxOutputLength: Math.max(length, 1) }),
};

export const ASSOCIATION = "018f0000-0000-7000-8000-00000000abcd";
export const ORIGIN = { unit: "/min", associationId: ASSOCIATION };
export const START = Date.UTC(2026, 10, 22, 6);

/** The same in every run, so that what fails fails again; another by SEED. Campaigns draw new ones. */
export const testSeed = (): number => Number(process.env.SEED ?? 20_261_122);

/** Seeded; prints its seed so that a failure can be run again. */
export function seeded(seed = testSeed()) {
  console.log(`SEED=${seed}`);
  let state = seed >>> 0;
  const float = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (below: number) => Math.floor(float() * below);
  return { float, int, pick: <T>(items: readonly T[]): T => items[int(items.length)] as T };
}

export type Seeded = ReturnType<typeof seeded>;

const VALUES: readonly ((r: Seeded) => number)[] = [
  (r) => 60 + r.int(40),
  (r) => Math.round(360 + r.float() * 30) / 10,
  (r) => r.float() * 100,
  (r) => r.pick([0, -0, 1e-7, 1e15, -1e15, 2 ** 52, Number.MAX_VALUE, Number.MIN_VALUE, -5e-324, 0.1 + 0.2, 1 / 3]),
  (r) => r.pick([1e-7, 3e-7, 0.25, -0.5]),
  () => 97,
];

/** Ordered by (time, ordinal), with some repeats, gaps and changes of everything. */
export function randomColumns(r: Seeded, count = 1 + r.int(400)): NumericColumns {
  const columns = {
    times: new Float64Array(count),
    values: new Float64Array(count),
    quality: new Uint8Array(count),
    ordinals: new Uint16Array(count),
    receivedAt: new Float64Array(count),
    utcOffsets: new Int16Array(count),
  };
  const value = r.pick(VALUES);
  const step = r.pick([1000, 1, 60_000, 997]);
  const isJittery = r.int(2) === 0;
  let time = START;
  let offset = r.pick([-32768, 0, 60, -570]);
  for (let i = 0; i < count; i++) {
    const isRepeat = i > 0 && r.int(50) === 0;
    if (!isRepeat) time += step + (isJittery ? r.int(30) : 0) + (r.int(100) === 0 ? 3_600_000 : 0);
    if (r.int(200) === 0) offset = 120;
    columns.times[i] = time;
    columns.values[i] = value(r);
    columns.ordinals[i] = isRepeat ? (columns.ordinals[i - 1] as number) + 1 : 0;
    columns.quality[i] = r.int(20) === 0 ? r.int(16) : 0;
    columns.receivedAt[i] = Math.floor((time + 180 + (r.int(80) === 0 ? 5_000_000 : 0)) / 60_000) * 60_000;
    columns.utcOffsets[i] = offset;
  }
  return columns;
}

export function randomRun(r: Seeded, start = START, count = 1 + r.int(3000)): WaveformRun {
  const samples = new Int32Array(count);
  let value = r.int(2000) - 1000;
  for (let i = 0; i < count; i++) {
    value += r.int(41) - 20;
    samples[i] = r.int(300) === 0 ? -2147483648 : r.int(1000) === 0 ? r.pick([2147483647, -2147483647]) : value;
  }
  return {
    start,
    rateHz: r.pick([125, 250, 360, 500, 0.5]),
    scale: r.pick([0.005, -1, 1 / 200]),
    origin: r.pick([0, -1.5]),
    quality: r.int(4) === 0 ? 8 : 0,
    utcOffsetMinutes: r.pick([null, 0, -60]),
    receivedAt: START + 120_000,
    samples,
  };
}
