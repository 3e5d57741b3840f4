import assert from "node:assert/strict";
import { test } from "node:test";
import { roundStep, runsOf, scaleOf } from "./strip-geometry.ts";

const piece = (start: number, samples: (number | null)[]) => ({
  start,
  rateHz: 250,
  scale: 0.01,
  origin: 0.5,
  samples,
});

test("samples are value = sample x scale + origin at their times", () => {
  assert.deepEqual(runsOf([piece(1000, [0, 100])], 1000, 11_000), [
    [
      { t: 0, value: 0.5 },
      { t: 4, value: 1.5 },
    ],
  ]);
});

test("a missing sample and a missing piece part the trace", () => {
  const runs = runsOf([piece(0, [1, 2, null, 3]), piece(1000, [4])], 0, 10_000);
  assert.deepEqual(
    runs.map((r) => r.length),
    [2, 1, 1],
  );
});

test("pieces that follow without a gap are one trace", () => {
  assert.equal(runsOf([piece(8, [3, 4]), piece(0, [1, 2])], 0, 10_000).length, 1);
});

test("samples outside the strip are left out", () => {
  assert.equal(runsOf([piece(-8, [1, 2, 3, 4])], 0, 10_000)[0]?.length, 2);
});

test("an ECG stands at half a millivolt a square whatever its size", () => {
  for (const size of [0.2, 1, 3]) {
    const scale = scaleOf("ecg-lead-ii", [
      [
        { t: 0, value: -size / 3 },
        { t: 1, value: size },
      ],
    ]);
    assert.equal(scale.perSquare, 0.5);
    assert.ok(scale.low <= -size / 3 && scale.high >= size);
    assert.ok(Math.abs((scale.high - scale.low) / 0.5 - scale.heightMm / 5) < 1e-9);
  }
});

test("other waveforms fill their strip in round steps", () => {
  const scale = scaleOf("art-waveform", [
    [
      { t: 0, value: 71 },
      { t: 1, value: 128 },
    ],
  ]);
  assert.equal(scale.perSquare, 20);
  assert.ok(scale.low <= 71 && scale.high >= 128);
});

test("a strip without samples has a scale too", () => assert.ok(scaleOf("pleth", []).high > scaleOf("pleth", []).low));

test("steps are 1, 2 or 5", () => assert.deepEqual([0.03, 0.11, 1, 4.2, 51].map(roundStep), [0.05, 0.2, 1, 5, 100]));
