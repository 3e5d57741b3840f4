import assert from "node:assert/strict";
import { test } from "node:test";
import { burstOf, type TonePriority, waveFile } from "./index.ts";

/** The spans in which something sounds, in milliseconds: silence of less than 20 ms is none. */
function spansOf(bytes: Uint8Array): [number, number][] {
  const view = new DataView(bytes.buffer);
  const rate = view.getUint32(24, true);
  const spans: [number, number][] = [];
  for (let i = 0; i < view.getUint32(40, true) / 2; i++) {
    if (Math.abs(view.getInt16(44 + i * 2, true)) < 300) continue;
    const at = (i * 1_000) / rate;
    const last = spans.at(-1);
    if (last && at - last[1] < 20) last[1] = at;
    else spans.push([at, at]);
  }
  return spans;
}

for (const priority of ["high", "medium", "low"] satisfies TonePriority[]) {
  test(`a burst of ${priority} priority as a file has the pulses of the standard`, () => {
    const burst = burstOf(priority, "oxygen");
    const bytes = waveFile(burst);
    assert.equal(Buffer.from(bytes.subarray(0, 4)).toString(), "RIFF");
    const view = new DataView(bytes.buffer);
    assert.equal(view.getUint32(4, true), bytes.length - 8);
    assert.equal(view.getUint32(40, true), bytes.length - 44);
    const spans = spansOf(bytes);
    assert.equal(spans.length, burst.pulses.length);
    for (const [i, [from, to]] of spans.entries()) {
      const { onsetMs, durationMs } = burst.pulses[i] ?? assert.fail();
      assert.ok(
        Math.abs(from - onsetMs) < 15 && Math.abs(to - onsetMs - durationMs) < 15,
        `pulse ${i}: ${from} to ${to}`,
      );
    }
  });
}

test("a pulse has its pitch and four harmonics within 15 dB of it", () => {
  const burst = burstOf("medium");
  const view = new DataView(waveFile(burst).buffer);
  const [pulse = assert.fail()] = burst.pulses;
  const rate = view.getUint32(24, true);
  const from = Math.round((0.2 * pulse.durationMs * rate) / 1_000);
  const count = Math.round((0.6 * pulse.durationMs * rate) / 1_000);
  const power = (frequencyHz: number) => {
    let [re, im] = [0, 0];
    for (let i = 0; i < count; i++) {
      const sample = view.getInt16(44 + (from + i) * 2, true);
      re += sample * Math.cos((2 * Math.PI * frequencyHz * i) / rate);
      im += sample * Math.sin((2 * Math.PI * frequencyHz * i) / rate);
    }
    return Math.hypot(re, im);
  };
  const fundamental = power(pulse.frequencyHz);
  for (let n = 2; n <= 5; n++) {
    const decibel = 20 * Math.log10(power(pulse.frequencyHz * n) / fundamental);
    assert.ok(decibel > -15 && decibel < 3, `harmonic ${n}: ${decibel} dB`);
  }
  assert.ok(power(pulse.frequencyHz * 1.5) < fundamental / 8);
});
