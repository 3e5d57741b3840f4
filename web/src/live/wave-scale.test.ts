import assert from "node:assert/strict";
import { test } from "node:test";
import { createWaveScale } from "./wave-scale.ts";

test("an ECG within its scale never moves it", () => {
  const scale = createWaveScale("ecg-lead-ii");
  const before = scale.range();
  for (let pass = 0; pass < 5; pass++) {
    for (const v of [-0.2, 0.1, 1.1, -0.3]) scale.see(v);
    assert.equal(scale.turn(), false);
  }
  assert.deepEqual(scale.range(), before);
});

test("the scale changes at the end of a pass and not within it", () => {
  const scale = createWaveScale("art-waveform");
  for (const v of [95, 105]) scale.see(v);
  scale.turn();
  const during = scale.range();
  for (const v of [70, 130]) scale.see(v);
  assert.deepEqual(scale.range(), during);
  assert.equal(scale.turn(), true);
  assert.ok(scale.range().low < 70 && scale.range().high > 130);
});

test("in the first pass the scale grows with what it sees, and says so", () => {
  const scale = createWaveScale("pleth");
  assert.equal(scale.see(0), true);
  assert.equal(scale.see(1), true);
  assert.equal(scale.see(0.5), false);
  assert.ok(scale.range().low < 0 && scale.range().high > 1);
});

test("a flat ECG is not blown up into noise", () => {
  const scale = createWaveScale("ecg-lead-ii");
  for (const v of [0.001, -0.001]) scale.see(v);
  scale.turn();
  assert.ok(scale.range().high - scale.range().low >= 1.2);
});
