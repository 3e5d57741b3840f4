import assert from "node:assert/strict";
import { test } from "node:test";
import { ABSENT_SAMPLE, type Waveform } from "@openward/model";
import { seededRandom } from "@openward/runtime/manual";
import { NOW, organisation, streamOf, T0, waveformOf } from "../testing/ward.ts";
import { cutIntoWindows, mapSegment } from "./sampled-data.ts";

const stream = streamOf("ecg-lead-ii", "mV", { kind: "waveform" });
const cut = (waveforms: Waveform[], from = T0, to = T0 + 60_000) => cutIntoWindows(waveforms, from, to);
const shape = (waveforms: Waveform[]) =>
  cut(waveforms).map((s) => [s.windowStart - T0, s.start - T0, s.samples.length]);

for (const rateHz of [128, 250, 256, 300, 360, 500, 25, 62.5, 1, 1000, 2000]) {
  const seed = 20260 + rateHz;
  test(`${rateHz} Hz in chunks of any length is read back sample for sample (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const total = Math.floor(rateHz * 47);
    const samples = Array.from({ length: total }, () => Math.floor(random.float() * 4096) - 2048);
    const chunks: Waveform[] = [];
    for (let i = 0; i < total; ) {
      const length = Math.min(total - i, 1 + Math.floor(random.float() * rateHz * 3));
      const exact = T0 + 3_217 + (i * 1000) / rateHz;
      // Devices name the start of a chunk to the millisecond at best; from 1000 Hz on that would name another sample.
      const start = random.float() < 0.5 && rateHz < 1000 ? Math.round(exact) : exact;
      chunks.push(waveformOf(stream, start, rateHz, samples.slice(i, i + length)));
      i += length;
    }
    const segments = cut(chunks);
    assert.deepEqual(
      segments.flatMap((segment) => segment.samples),
      samples,
    );
    for (const segment of segments) {
      const end = segment.start + ((segment.samples.length - 1) * 1000) / rateHz;
      assert.ok(segment.start >= segment.windowStart - 2 && end < segment.windowStart + 10_002);
    }
    // However the store cuts its answers, a window is the same: read one by one, with a margin, as the sources do.
    const oneByOne = [0, 1, 2, 3, 4, 5].flatMap((n) => cut(chunks, T0 + n * 10_000, T0 + (n + 1) * 10_000));
    assert.deepEqual(oneByOne, segments);
  });
}

test("a gap on the same grid is filled with E", () => {
  const [segment] = cut([waveformOf(stream, T0, 100, [1, 2]), waveformOf(stream, T0 + 50, 100, [3])]);
  assert.deepEqual(segment?.samples, [1, 2, ABSENT_SAMPLE, ABSENT_SAMPLE, ABSENT_SAMPLE, 3]);
  const observation = segment && mapSegment(segment, 0, stream, organisation, NOW);
  assert.equal(observation?.valueSampledData?.data, "1 2 E E E 3");
});

test("another rate, scale, origin or phase, or an overlap, begins a piece of its own", () => {
  const first = waveformOf(stream, T0, 100, [1, 2, 3]);
  assert.deepEqual(shape([first, waveformOf(stream, T0 + 30, 50, [4])]), [
    [0, 0, 3],
    [0, 30, 1],
  ]);
  assert.deepEqual(shape([first, waveformOf(stream, T0 + 30, 100, [4], { scale: 1 })]), [
    [0, 0, 3],
    [0, 30, 1],
  ]);
  assert.deepEqual(shape([first, waveformOf(stream, T0 + 30, 100, [4], { origin: 1 })]), [
    [0, 0, 3],
    [0, 30, 1],
  ]);
  assert.deepEqual(shape([first, waveformOf(stream, T0 + 34, 100, [4])]), [
    [0, 0, 3],
    [0, 34, 1],
  ]);
  assert.deepEqual(shape([first, waveformOf(stream, T0 + 10, 100, [4])]), [
    [0, 0, 3],
    [0, 10, 1],
  ]);
});

test("a start off by less than rounding is the same grid, and one off by a whole millisecond keeps its time", () => {
  const first = waveformOf(stream, T0, 50, [1, 2, 3]);
  for (const off of [-0.9, 0.9])
    assert.deepEqual(shape([first, waveformOf(stream, T0 + 60 + off, 50, [4])]), [[0, 0, 4]]);
  for (const off of [-1, 1, 2])
    assert.deepEqual(
      shape([first, waveformOf(stream, T0 + 60 + off, 50, [4])]),
      [
        [0, 0, 3],
        [0, 60 + off, 1],
      ],
      `${off} ms`,
    );
  // The same behind a gap.
  assert.deepEqual(shape([first, waveformOf(stream, T0 + 80.9, 50, [4])]), [[0, 0, 5]]);
  assert.equal(shape([first, waveformOf(stream, T0 + 81, 50, [4])]).length, 2);
});

test("a piece without a single sample is not there", () => {
  assert.deepEqual(shape([waveformOf(stream, T0, 1, Array(30).fill(ABSENT_SAMPLE).fill(5, 12, 13))]), [
    [10_000, 10_000, 10],
  ]);
});

test("pieces are cut at multiples of ten seconds since 1970, whatever the chunks", () => {
  const chunk = waveformOf(
    stream,
    T0 + 4_000,
    2,
    Array.from({ length: 40 }, (_, i) => i),
  );
  assert.deepEqual(shape([chunk]), [
    [0, 4_000, 12],
    [10_000, 10_000, 20],
    [20_000, 20_000, 8],
  ]);
});

test("the window that is still running is preliminary", () => {
  const [segment] = cut([waveformOf(stream, T0, 100, [1])]);
  assert.ok(segment);
  assert.equal(mapSegment(segment, 0, stream, organisation, T0 + 9_999).status, "preliminary");
  assert.equal(mapSegment(segment, 0, stream, organisation, T0 + 10_000).status, "final");
});

test("factor, origin and period stand as decimals that give the values exactly", () => {
  const [segment] = cut([waveformOf(stream, T0, 360, [1024, -3], { scale: 0.005, origin: -5.12 })]);
  assert.ok(segment);
  const data = mapSegment(segment, 0, stream, organisation, NOW).valueSampledData;
  assert.deepEqual([data?.factor, data?.origin.value, data?.data], [0.005, -5.12, "1024 -3"]);
  assert.equal(1000 / (data?.period ?? 0), 360);
});
