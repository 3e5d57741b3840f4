import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { crc32 } from "./crc32.ts";
import {
  decodeNumericBlock,
  decodeOverview,
  decodeRollup,
  decodeWaveformBlock,
  encodeNumericBlock,
  encodeOverview,
  encodeRollup,
  encodeWaveformBlock,
  rollupSlots,
  type WaveformRun,
} from "./index.ts";
import { adversarialColumns, adversarialSamples } from "./testing/adversarial.ts";
import { ORIGIN, randomRun, type Seeded, START, seeded, zstd } from "./testing/random.ts";

const COLUMNS = ["times", "values", "quality", "ordinals", "receivedAt", "utcOffsets"] as const;

const runOf = (samples: Int32Array): WaveformRun => ({
  start: START,
  rateHz: 250,
  scale: 0.005,
  origin: 0,
  quality: 0,
  utcOffsetMinutes: null,
  receivedAt: START,
  samples,
});

test("whatever finite or infinite values come at whatever times, they come back bit for bit", () => {
  const r = seeded();
  for (let n = 0; n < 1500; n++) {
    const columns = adversarialColumns(r);
    const { columns: back } = decodeNumericBlock(encodeNumericBlock(columns, ORIGIN, zstd), zstd);
    for (const key of COLUMNS)
      for (let i = 0; i < columns.times.length; i++)
        assert.ok(
          Object.is(back[key][i], columns[key][i]),
          `${n}: ${key}[${i}] ${back[key][i]} for ${columns[key][i]}`,
        );
  }
});

test("whatever samples come, they come back", () => {
  const r = seeded();
  for (let n = 0; n < 600; n++) {
    const samples = adversarialSamples(r);
    const file = encodeWaveformBlock([runOf(samples)], ORIGIN, zstd);
    assert.deepEqual(decodeWaveformBlock(file, zstd).runs[0]?.samples, samples);
  }
});

test("the same samples give the same bytes", () => {
  const samples = randomRun(seeded(11), START, 5000).samples;
  const encode = () => encodeWaveformBlock([runOf(samples)], ORIGIN, zstd);
  assert.deepEqual(encode(), encode());
});

interface FileKind {
  readonly name: string;
  readonly make: (r: Seeded) => Uint8Array;
  readonly decode: (file: Uint8Array) => unknown;
}

const FILES: readonly FileKind[] = [
  {
    name: "numeric",
    make: (r) => encodeNumericBlock(adversarialColumns(r, 40), ORIGIN, zstd),
    decode: (file) => decodeNumericBlock(file, zstd),
  },
  {
    name: "waveform",
    make: (r) => encodeWaveformBlock([runOf(adversarialSamples(r, 60))], ORIGIN, zstd),
    decode: (file) => decodeWaveformBlock(file, zstd),
  },
  {
    name: "overview",
    make: (r) => encodeOverview([randomRun(r, START, 900)], ORIGIN, zstd),
    decode: (file) => decodeOverview(file, zstd),
  },
  {
    name: "rollup",
    make: (r) => {
      const { times, values } = adversarialColumns(r, 60);
      const day = Math.floor(START / 86_400_000) * 86_400_000;
      const inDay = times.map((_, i) => day + i * 1_400_000);
      return encodeRollup(day, rollupSlots(inDay, values), ORIGIN, zstd);
    },
    decode: (file) => decodeRollup(file, zstd),
  },
];

/** The checksum made right again: what a hand with the format's description could write. */
function resealed(file: Uint8Array): Uint8Array {
  new DataView(file.buffer, file.byteOffset).setUint32(file.length - 4, crc32(file.subarray(0, -4)), true);
  return file;
}

for (const { name, make, decode } of FILES) {
  test(`a ${name} file that is cut or has a flipped bit is refused`, () => {
    const r = seeded();
    const refused = (error: unknown) => error instanceof RefusedInput && error.code === "BLOCK_CORRUPT";
    for (let n = 0; n < 4; n++) {
      const file = make(r);
      for (let length = 0; length < file.length; length++) assert.throws(() => decode(file.slice(0, length)), refused);
      for (let bit = 0; bit < file.length * 8; bit++) {
        const broken = file.slice();
        broken[bit >> 3] = (broken[bit >> 3] as number) ^ (1 << (bit & 7));
        assert.throws(() => decode(broken), refused);
      }
    }
  });

  test(`a ${name} file of nonsense under a right checksum is read as something or refused, and nothing else`, () => {
    const r = seeded();
    let refused = 0;
    for (let n = 0; n < 1500; n++) {
      const file = make(r);
      for (let times = 1 + r.int(4); times > 0; times--) file[4 + r.int(file.length - 8)] = r.int(256);
      try {
        decode(resealed(file));
      } catch (error) {
        if (!(error instanceof RefusedInput)) throw error;
        refused++;
      }
    }
    assert.ok(refused > 0);
  });
}
