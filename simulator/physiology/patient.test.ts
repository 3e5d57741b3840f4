import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@openward/signals";
import { createPatient, type PatientOptions, type SecondInput, WAVEFORMS, type WaveformSignal } from "./patient.ts";
import type { AgeKind } from "./vitals.ts";

function run(options: PatientOptions, seconds: number, input: Partial<SecondInput> = {}) {
  const patient = createPatient(options);
  return Array.from({ length: seconds }, (_, s) => patient.step({ at: s * 1000, ...input }));
}

function leadII(seconds: ReturnType<typeof run>): number[] {
  return seconds.flatMap((s) => [...(s.waveforms["ecg-lead-ii"] ?? [])].map((v) => v * 0.005));
}

/** Times of R peaks in seconds: the highest sample of each stretch above 0.55 mV, 0.2 s apart at least. */
function rPeaks(mv: readonly number[]): number[] {
  const peaks: number[] = [];
  for (let i = 1; i < mv.length - 1; i++) {
    if (mv[i]! < 0.55 || mv[i]! < mv[i - 1]! || mv[i]! <= mv[i + 1]!) continue;
    if (i / 250 - (peaks.at(-1) ?? -1) > 0.2) peaks.push(i / 250);
  }
  return peaks;
}

const rateOf = (peaks: readonly number[]) => (60 * (peaks.length - 1)) / (peaks.at(-1)! - peaks[0]!);
const intervals = (peaks: readonly number[]) => peaks.slice(1).map((p, i) => p - peaks[i]!);
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const sd = (values: readonly number[]) => Math.sqrt(mean(values.map((v) => (v - mean(values)) ** 2)));

for (const rate of [45, 60, 75, 110, 150, 180]) {
  test(`an ECG set to ${rate} /min has that many R waves a minute, within 2 %, as the monitor shows`, () => {
    const seed = 17 + rate;
    const seconds = run({ seed, artefacts: 0, variation: 0 }, 120, { set: { "heart-rate": rate } });
    const found = rateOf(rPeaks(leadII(seconds)));
    assert.ok(Math.abs(found / rate - 1) < 0.02, `seed ${seed}: ${found}`);
    const shown = mean(seconds.slice(20).map((s) => s.values["heart-rate"]!));
    assert.ok(Math.abs(shown / rate - 1) < 0.02, `seed ${seed}: shown ${shown}`);
  });
}

test("a resting person's R waves come at the rate that the monitor shows, and vary as breath and Mayer waves do", () => {
  const seed = 4;
  const seconds = run({ seed, artefacts: 0 }, 300, { set: { "heart-rate": 66, "respiratory-rate": 15 } });
  const peaks = rPeaks(leadII(seconds));
  const shown = mean(seconds.slice(10).map((s) => s.values["heart-rate"]!));
  assert.ok(Math.abs(rateOf(peaks) / shown - 1) < 0.02, `seed ${seed}`);
  const rr = intervals(peaks);
  const power = (low: number, high: number) => bandPower(peaks.slice(1), rr, low, high);
  const lf = power(0.06, 0.14);
  const hf = power(0.2, 0.3);
  const other = power(0.32, 0.48);
  assert.ok(lf > 3 * other && hf > 3 * other, `seed ${seed}: LF ${lf}, HF ${hf}, elsewhere ${other}`);
});

/** Mean Lomb-like power of the intervals in a band: projections on sines and cosines at the beat times. */
function bandPower(times: readonly number[], values: readonly number[], low: number, high: number): number {
  const centre = mean(values);
  let sum = 0;
  let count = 0;
  for (let hz = low; hz <= high; hz += 1 / 300) {
    let re = 0;
    let im = 0;
    for (const [i, t] of times.entries()) {
      re += (values[i]! - centre) * Math.cos(2 * Math.PI * hz * t);
      im += (values[i]! - centre) * Math.sin(2 * Math.PI * hz * t);
    }
    sum += (re * re + im * im) / values.length;
    count++;
  }
  return sum / count;
}

test("atrial fibrillation is irregular, has no P wave, and keeps its mean rate within 5 %", () => {
  const seed = 9;
  const set = { "heart-rate": 90 };
  const fibrillating = rPeaks(leadII(run({ seed, artefacts: 0 }, 300, { rhythm: "atrial-fibrillation", set })));
  const regular = leadII(run({ seed, artefacts: 0 }, 300, { set }));
  const spread = (peaks: readonly number[]) => sd(intervals(peaks)) / mean(intervals(peaks));
  assert.ok(spread(fibrillating) > 0.15, `seed ${seed}: ${spread(fibrillating)}`);
  assert.ok(spread(rPeaks(regular)) < 0.08, `seed ${seed}: ${spread(rPeaks(regular))}`);
  assert.ok(Math.abs(rateOf(fibrillating) / 90 - 1) < 0.05, `seed ${seed}: ${rateOf(fibrillating)}`);
  const ecg = leadII(run({ seed, artefacts: 0, variation: 0 }, 120, { rhythm: "atrial-fibrillation", set }));
  // Averaged over beats, a P wave stands out of what comes before it; fibrillatory waves average away.
  const hump = (mv: readonly number[]) => {
    const peaks = rPeaks(mv).filter((p) => p > 1);
    const at = (offsetS: number) => mean(peaks.map((p) => mv[Math.round((p + offsetS) * 250)]!));
    const around = mean([-0.13, -0.12, -0.11].map(at));
    return around - mean([-0.21, -0.2].map(at));
  };
  assert.ok(hump(regular) > 0.08, `seed ${seed}: sinus ${hump(regular)}`);
  assert.ok(Math.abs(hump(ecg)) < 0.05, `seed ${seed}: fibrillating ${hump(ecg)}`);
});

test("the same seed gives the same samples and values, another seed gives others", () => {
  const a = run({ seed: 5 }, 60);
  assert.deepEqual(a, run({ seed: 5 }, 60));
  assert.notDeepEqual(leadII(a), leadII(run({ seed: 6 }, 60)));
});

for (const age of ["adult", "child", "neonate"] as AgeKind[]) {
  test(`whatever happens to a simulated ${age}, every value and sample stays within its signal's hard limits`, () => {
    const seed = 31;
    const patient = createPatient({ seed, age, artefacts: 20, withV5: true });
    const extremes = [
      {},
      {
        "heart-rate": 0,
        spo2: 0,
        "respiratory-rate": 0,
        "body-temperature": 20,
        "nibp-systolic": 20,
        "nibp-diastolic": 10,
      },
      { "heart-rate": 350, spo2: 100, "respiratory-rate": 150, "body-temperature": 45, "glucose-interstitial": 600 },
      { "glucose-interstitial": 20, "perfusion-index": 30, etco2: 150, "nibp-systolic": 300, "nibp-diastolic": 250 },
    ];
    for (let s = 0; s < 400; s++) {
      const second = patient.step({
        at: s * 1000,
        rhythm: s % 90 < 45 ? "sinus" : "atrial-fibrillation",
        set: extremes[Math.floor(s / 50) % extremes.length]!,
        artefacts: new Set(s % 7 === 0 ? ["motion", "baseline-wander"] : []),
      });
      for (const [key, value] of Object.entries(second.values)) {
        if (value === null) continue;
        const { hardMin = -Infinity, hardMax = Infinity } = signal(key);
        assert.ok(value >= hardMin && value <= hardMax, `seed ${seed}, second ${s}: ${key} ${value}`);
      }
      for (const [key, samples] of Object.entries(second.waveforms)) {
        if (!samples) continue;
        const { scale, origin, rateHz } = WAVEFORMS[key as WaveformSignal];
        const { hardMin = -Infinity, hardMax = Infinity } = signal(key);
        assert.equal(samples.length, rateHz);
        for (const sample of samples) {
          const value = sample * scale + origin;
          assert.ok(value >= hardMin && value <= hardMax, `seed ${seed}, second ${s}: ${key} ${value}`);
        }
      }
    }
  });
}

test("the pulse follows the beat by the transit time and its rate is the heart's", () => {
  const seed = 12;
  const seconds = run({ seed, artefacts: 0, variation: 0 }, 60, { set: { "heart-rate": 72 } });
  assert.ok(Math.abs(mean(seconds.slice(20).map((s) => s.values["pulse-rate-spo2"]!)) - 72) < 1);
  const pleth = seconds.flatMap((s) => [...s.waveforms.pleth!]);
  const delays: number[] = [];
  for (const r of rPeaks(leadII(seconds)).slice(5, -2)) {
    const from = Math.round(r * 125);
    const window = pleth.slice(from, from + 75);
    delays.push(window.indexOf(Math.max(...window)) / 125);
  }
  assert.ok(mean(delays) > 0.3 && mean(delays) < 0.42, `seed ${seed}: ${mean(delays)}`);
  assert.ok(sd(delays) < 0.02, `seed ${seed}: ${sd(delays)}`);
});

test("the breath is measured at the rate that was set", () => {
  for (const rate of [8, 15, 30, 44]) {
    const seconds = run({ seed: 2, artefacts: 0, variation: 0 }, 120, { set: { "respiratory-rate": rate } });
    assert.equal(seconds.at(-1)!.values["respiratory-rate"], rate);
  }
});

test("an electrode that is off takes ECG, heart rate and breath away, and leaves the finger's values", () => {
  const patient = createPatient({ seed: 8, artefacts: 0 });
  for (let s = 0; s < 20; s++) patient.step({ at: s * 1000 });
  const second = patient.step({ at: 20_000, artefacts: new Set(["lead-off"]) });
  assert.equal(second.values["heart-rate"], null);
  assert.equal(second.values["respiratory-rate"], null);
  assert.equal(second.waveforms["ecg-lead-ii"], null);
  assert.ok(second.values.spo2 !== null && second.waveforms.pleth !== null);
});

test("fever and lack of oxygen speed the heart, unless the scenario sets its rate", () => {
  const shown = (set: SecondInput["set"]) =>
    mean(
      run({ seed: 3, artefacts: 0, variation: 0 }, 60, set ? { set } : {})
        .slice(20)
        .map((s) => s.values["heart-rate"]!),
    );
  const rest = shown({});
  assert.ok(shown({ "body-temperature": 39.8 }) - rest > 20);
  assert.ok(shown({ spo2: 80 }) - rest > 8);
  assert.ok(Math.abs(shown({ "body-temperature": 39.8, "heart-rate": 70 }) - 70) < 1.5);
});

test("the breath goes on without a step from one breath to the next", () => {
  const seed = 21;
  const seconds = run({ seed, artefacts: 0 }, 120, { set: { "respiratory-rate": 16 } });
  const samples = seconds.flatMap((s) => [...s.waveforms["resp-waveform"]!]);
  const largest = Math.max(...samples.slice(1).map((v, i) => Math.abs(v - samples[i]!)));
  assert.ok(largest < 120, `seed ${seed}: ${largest} mOhm in 20 ms`);
});
