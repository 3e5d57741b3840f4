import assert from "node:assert/strict";
import { test } from "node:test";
import { ABSENT_SAMPLE, type Waveform } from "@openward/model";
import { createWaveforms } from "./waveforms.ts";

const piece = (signal: string, start: number, samples: number[], more: Partial<Waveform> = {}): Waveform => ({
  stream: {
    id: `s-${signal}`,
    organisationId: "o",
    patientId: "p",
    deviceId: "d",
    signal,
    kind: "waveform",
    unit: "mV",
  },
  associationId: "a",
  start,
  rateHz: 100,
  scale: 0.005,
  origin: 0,
  samples: Int32Array.from(samples),
  quality: 0,
  utcOffsetMinutes: null,
  receivedAt: start + 10 * samples.length,
  ...more,
});
const parse = (text: string) =>
  JSON.parse(`[${text}]`) as { signal: string; start: number; samples: (number | null)[] }[];

test("pieces that follow one another become one chunk, a gap begins another, a missing sample stays missing", () => {
  const waves = createWaveforms("p");
  waves.take(piece("ecg-lead-ii", 1_000, [1, 2]), 1_020);
  waves.take(piece("ecg-lead-ii", 1_020, [ABSENT_SAMPLE, 4]), 1_040);
  waves.take(piece("ecg-lead-ii", 1_100, [5]), 1_110);
  const chunks = parse(waves.chunks("all", 1_110));
  assert.deepEqual(
    chunks.map(({ start, samples }) => [start, samples]),
    [
      [1_000, [1, 2, null, 4]],
      [1_100, [5]],
    ],
  );
  waves.clear();
  assert.equal(waves.chunks("all", 1_200), "");
});

test("what is sent twice, late or long ago is not swept", () => {
  const waves = createWaveforms("p");
  waves.take(piece("ecg-lead-ii", 2_000, [1]), 2_010);
  waves.take(piece("ecg-lead-ii", 2_000, [1]), 2_020);
  waves.take(piece("ecg-lead-ii", 1_000, [9]), 2_030);
  waves.take(piece("pleth", 1_000, [9], { receivedAt: 90_000 }), 90_000);
  assert.deepEqual(
    parse(waves.chunks("all", 2_030)).map(({ samples }) => samples),
    [[1]],
  );
});

test("one waveform per patient: ECG lead II, and another when it falls silent", () => {
  const waves = createWaveforms("p");
  waves.take(piece("pleth", 1_000, [7]), 1_010);
  waves.take(piece("ecg-lead-v1", 1_000, [8]), 1_010);
  waves.take(piece("ecg-lead-ii", 1_000, [9]), 1_010);
  assert.deepEqual(
    parse(waves.chunks("one", 1_010)).map(({ signal }) => signal),
    ["ecg-lead-ii"],
  );
  assert.equal(parse(waves.chunks("all", 1_010)).length, 3);
  assert.equal(waves.chunks("none", 1_010), "");
  waves.clear();
  waves.take(piece("pleth", 1_010, [7]), 1_020);
  assert.equal(waves.chunks("one", 1_020), "", "lead II has its place a while longer");
  waves.clear();
  waves.take(piece("pleth", 12_000, [7]), 12_010);
  assert.deepEqual(
    parse(waves.chunks("one", 12_010)).map(({ signal }) => signal),
    ["pleth"],
  );
});

test("a flood of samples is cut to the newest", () => {
  const waves = createWaveforms("p");
  const second = Array.from({ length: 1_000 }, (_, i) => i);
  for (let i = 0; i < 100; i++)
    waves.take(piece("ecg-lead-ii", i * 10_000, second, { receivedAt: i * 10_000 }), i * 10_000);
  const chunks = parse(waves.chunks("all", 1_000_000));
  const count = chunks.reduce((sum, { samples }) => sum + samples.length, 0);
  assert.equal(count, 20_000);
  assert.equal(chunks[0]?.start, 800_000);
});
