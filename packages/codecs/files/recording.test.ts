import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { decodeRaw } from "../raw.ts";
import { contextOf } from "../testing/vectors.ts";
import { ABSENT_SAMPLE } from "../waveform.ts";
import { writeEdf } from "./edf/write.ts";
import { recogniseFile } from "./index.ts";
import { gapsOf, type Run, type Track, trackOfReadings, tracksOfRuns } from "./track.ts";
import { writeWfdb } from "./wfdb/write.ts";

const START = Date.UTC(2026, 10, 22, 6) + 250;
const run = (start: number, samples: number[], more: Partial<Run> = {}): Run => ({
  start,
  rateHz: 250,
  scale: 0.005,
  origin: 0,
  samples: Int32Array.from(samples),
  ...more,
});
const ramp = (count: number, from = -100) => Array.from({ length: count }, (_, i) => from + (i % 201));

test("runs of one grid are one track with a gap, others begin anew; no sample is moved", () => {
  const tracks = tracksOfRuns([
    run(START, ramp(500)),
    run(START + 2_000, ramp(250)),
    run(START + 4_000, ramp(250, 5)),
    run(START + 5_001.75, ramp(10)),
    run(START + 6_000, ramp(10), { scale: 0.01 }),
    run(START + 3_600_000, ramp(10), { scale: 0.01 }),
  ]);
  assert.deepEqual(
    tracks.map(({ start, samples }) => [start - START, samples.length]),
    [
      [0, 1_250],
      [5_001.75, 10],
      [6_000, 10],
      [3_600_000, 10],
    ],
  );
  const [first] = tracks as [Track];
  assert.deepEqual(gapsOf(first), [{ at: 750, length: 250 }]);
  assert.equal(first.samples[1_000], 5);
});

test("readings lie on the longest step that holds them; what has no place is counted", () => {
  const exact = trackOfReadings([0, 300_000, 900_000], [5.6, 6.25, -0.1]) as Track;
  assert.deepEqual(
    [exact.rateHz, exact.scale, [...exact.samples], exact.moved, exact.left],
    [1 / 300, 0.01, [560, 625, ABSENT_SAMPLE, -10], 0, 0],
  );
  const uneven = trackOfReadings([0, 1_040, 1_060, 3_970], [71, 72, 73, 74]) as Track;
  assert.deepEqual(
    [[...uneven.samples], uneven.moved, uneven.left],
    [[71, 72, ABSENT_SAMPLE, ABSENT_SAMPLE, 74], 2, 1],
  );
  assert.equal(trackOfReadings([1], [Number.NaN]), undefined);
  const short = trackOfReadings([0, 1_000], [300.125, 0.5], 32_767) as Track;
  assert.deepEqual([short.scale, [...short.samples], short.rounded], [0.01, [30_013, 50], 1]);
});

const track = (more: Partial<Track> = {}): Track => ({
  start: START,
  rateHz: 250,
  scale: 0.005,
  origin: 0,
  samples: Int32Array.from([...ramp(700), ...Array(300).fill(ABSENT_SAMPLE), ...ramp(333, -32_000)]),
  moved: 0,
  rounded: 0,
  left: 0,
  ...more,
});

test("EDF+ that we write is read back: every sample, its time, and what is absent", () => {
  for (const given of [
    track(),
    track({ rateHz: 62.5, origin: 1.25 }),
    track({ rateHz: 0.2, samples: Int32Array.from([1, ABSENT_SAMPLE, 3]) }),
  ]) {
    const file = writeEdf(given, { signal: "ecg-lead-ii", unit: "mV", patient: "p-1" });
    assert.ok(file && !file.isScaleRounded);
    const { waveforms } = decodeRaw(file.bytes, "files/edf", contextOf({ utcOffset: 0 }));
    assert.equal(waveforms[0]?.start, START);
    assert.deepEqual(
      [waveforms[0]?.rateHz, waveforms[0]?.scale, waveforms[0]?.origin],
      [given.rateHz, given.scale, given.origin],
    );
    const samples = waveforms.flatMap((one) => [...one.samples]);
    assert.deepEqual(samples.slice(0, given.samples.length), [...given.samples]);
    assert.ok(samples.slice(given.samples.length).every((sample) => sample === ABSENT_SAMPLE));
  }
  const numeric = trackOfReadings([START, START + 60_000, START + 180_000], [36.6, 36.7, 38.2]) as Track;
  const file = writeEdf(numeric, { signal: "body-temperature", unit: "Cel", patient: "p-1" });
  assert.ok(file);
  const { readings } = decodeRaw(file.bytes, "files/edf", contextOf({ utcOffset: 0 }));
  assert.deepEqual(
    readings.flatMap(({ times, values }) => Array.from(values, (value, i) => [(times[i] as number) - START, value])),
    [
      [0, 36.6],
      [60_000, 36.7],
      [180_000, 38.2],
    ],
  );
  assert.equal(
    writeEdf(track({ samples: Int32Array.of(40_000) }), { signal: "pleth", unit: "1", patient: "p-1" }),
    undefined,
  );
});

/** A reader of its own: from the guide's description of header(5), signal(5) and annot(5), and nothing of what writes. */
function readWfdb({ header, samples, gaps }: ReturnType<typeof writeWfdb>) {
  const [record = "", signal = ""] = new TextDecoder().decode(header).split("\n");
  const [, , rate, count, time, date] = record.split(" ");
  const [, format, gainText = "", bits, zero, first, checksum] = signal.split(" ");
  const [, gain, baseline] = /^([\d.e-]+)\((-?\d+)\)/.exec(gainText) ?? [];
  const values: number[] = [];
  const signed = (value: number, width: number) => (value >= 2 ** (width - 1) ? value - 2 ** width : value);
  for (let i = 0; i < Number(count); i++) {
    if (format === "212") {
      const at = Math.floor(i / 2) * 3;
      const [a = 0, b = 0, c = 0] = samples.subarray(at, at + 3);
      values.push(signed(i % 2 === 0 ? a + (b % 16) * 256 : c + (b >> 4) * 256, 12));
    } else if (format === "16")
      values.push(signed((samples[2 * i] as number) + (samples[2 * i + 1] as number) * 256, 16));
    else
      values.push(
        signed(
          [0, 1, 2, 3].reduce((sum, n) => sum + (samples[4 * i + n] as number) * 256 ** n, 0),
          32,
        ),
      );
  }
  const notes: [number, string][] = [];
  for (let i = 0, at = 0; gaps && i < gaps.length; ) {
    const word = (gaps[i] as number) + (gaps[i + 1] as number) * 256;
    const [code, interval] = [word >> 10, word % 1_024];
    i += 2;
    if (word === 0) break;
    if (code === 59) {
      at +=
        ((gaps[i] as number) + (gaps[i + 1] as number) * 256) * 65_536 +
        (gaps[i + 2] as number) +
        (gaps[i + 3] as number) * 256;
      i += 4;
    } else if (code === 63) {
      (notes.at(-1) as [number, string])[1] = new TextDecoder().decode(gaps.subarray(i, i + interval));
      i += interval + (interval % 2);
    } else {
      at += interval;
      notes.push([at, ""]);
    }
  }
  const sum = values.reduce((all, value) => all + value, 0);
  assert.equal(((sum % 65_536) + 65_536) % 65_536, ((Number(checksum) % 65_536) + 65_536) % 65_536, "checksum");
  assert.equal(values[0] ?? 0, Number(first));
  assert.equal(zero, "0");
  return { rate: Number(rate), time, date, bits, gain: Number(gain), baseline: Number(baseline), values, notes };
}

test("WFDB that we write is read by a reader that knows only its guide, in each format", () => {
  for (const [format, top] of [
    [212, 2_047],
    [16, 32_767],
    [32, 2_147_483_647],
  ] as const) {
    const given = track({
      samples: Int32Array.from([...ramp(701), ...Array(4_000).fill(ABSENT_SAMPLE), top, -top, 7, ABSENT_SAMPLE]),
    });
    const written = writeWfdb("ecg-lead-ii-1", given, { description: "ecg-lead-ii", unit: "mV" });
    assert.equal(written.format, format);
    const absent = { 212: -2_048, 16: -32_768, 32: ABSENT_SAMPLE }[format];
    const read = readWfdb(written);
    assert.deepEqual(
      [read.rate, read.time, read.date, read.gain, read.baseline],
      [250, "06:00:00.250", "22/11/2026", 200, 0],
    );
    assert.deepEqual(
      read.values.map((value) => (value === absent ? ABSENT_SAMPLE : value)),
      [...given.samples],
    );
    assert.deepEqual(read.notes, [
      [701, "gap 16 s"],
      [4_704, "gap 0.004 s"],
    ]);
  }
  const odd = readWfdb(
    writeWfdb("a", track({ origin: -1.25, samples: Int32Array.of(1, 2, 3) }), { description: "x", unit: "mm Hg" }),
  );
  assert.deepEqual([odd.baseline, odd.values], [250, [1, 2, 3]]);
  assert.throws(() => writeWfdb("a b", track(), { description: "x", unit: "1" }));
});

test("WFDB that we write is brought in again: each sample at its time, in its value, and what is absent", async () => {
  const given = track({ origin: 0.00125, start: START + 0.75 });
  const { header, samples } = writeWfdb("night-1", given, { description: "ecg-lead-ii", unit: "mV" });
  const files: Readonly<Record<string, Uint8Array>> = { "night-1.hea": header, "night-1.dat": samples };
  const chunks = (bytes: Uint8Array) => Readable.from([bytes]);
  const format = recogniseFile("night-1.hea", header);
  assert.ok(format);
  const open = async (name: string) => (files[name] ? chunks(files[name]) : null);
  const found = [];
  for await (const piece of format.cut(chunks(header), { name: "night-1.hea", beganAt: null, open })) {
    found.push(...decodeRaw(piece.bytes, "files/wfdb", contextOf({ timeZone: "Europe/Oslo" })).waveforms);
  }
  assert.deepEqual(
    found.map(({ signal, unit, start, rateHz, scale, origin, quality }) => [
      signal,
      unit,
      start,
      rateHz,
      scale,
      origin,
      quality,
    ]),
    [["ecg-lead-ii", "mV", START + 0.75, 250, 0.005, 0.00125, 0]],
  );
  assert.deepEqual([...(found[0]?.samples ?? [])], [...given.samples]);
});
