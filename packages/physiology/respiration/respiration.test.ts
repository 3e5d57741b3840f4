import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { madeEcg } from "../testing/ecg.ts";
import { madePulse } from "../testing/pulse.ts";
import {
  type Apnoea,
  createApnoeaDetector,
  createDesaturationMeter,
  createRespiratoryRate,
  type Desaturation,
  type RespiratoryRate,
} from "./index.ts";

const SEED = Number(process.env.SEED ?? 20261128);
console.log(`seed ${SEED}`);
const RATE_HZ = 125;
const SECONDS = 64;

type Signals = { impedance?: Float64Array; pulse?: Float64Array; ecg?: Float64Array };
function rates({ impedance, pulse, ecg }: Signals, length = SECONDS * RATE_HZ): RespiratoryRate[] {
  const found: RespiratoryRate[] = [];
  const used = [impedance, pulse, ecg].filter((samples) => samples !== undefined);
  const meter = createRespiratoryRate({
    rateHz: RATE_HZ,
    impedance: impedance !== undefined,
    pulse: pulse !== undefined,
    leads: ecg ? 1 : 0,
    onRate: (rate) => found.push(rate),
  });
  for (let i = 0; i < length; i++) meter.push(used.map((samples) => samples[i] as number));
  return found;
}

function rhythm(rate: number) {
  const breath = (seconds: number) => Math.sin((2 * Math.PI * rate * seconds) / 60);
  const beats = [0.5];
  while ((beats.at(-1) as number) < SECONDS - 1)
    beats.push((beats.at(-1) as number) + 0.7 + 0.03 * breath(beats.at(-1) as number));
  return { beats, breath };
}

/** Breathing at `rate` moves the chest, the size of pulses and beats, and the rhythm. */
function patient(rate: number, noise = 0) {
  const random = seededRandom(SEED).float;
  const { beats, breath } = rhythm(rate);
  const noisy = (samples: Float64Array) => samples.map((sample) => sample + noise * (random() - 0.5));
  return {
    impedance: noisy(Float64Array.from({ length: SECONDS * RATE_HZ }, (_, i) => 0.5 * breath(i / RATE_HZ))),
    pulse: noisy(madePulse(beats, SECONDS, RATE_HZ, (beat) => 1 + 0.1 * breath(beat))),
    ecg: noisy(madeEcg(beats, SECONDS, RATE_HZ).map((sample, i) => sample * (1 + 0.1 * breath(i / RATE_HZ)))),
  };
}

test("each signal alone and all together tell how fast somebody breathes", () => {
  for (const rate of [7, 18, 30]) {
    const made = patient(rate, 0.05);
    for (const signals of [{ impedance: made.impedance }, { pulse: made.pulse }, { ecg: made.ecg }, made]) {
      const last = rates(signals).at(-1);
      assert.ok(
        Math.abs((last?.rate ?? 0) - rate) < 1 && (last?.confidence ?? 0) > 0.8,
        `${rate}: ${Object.keys(signals)} ${JSON.stringify(last)}`,
      );
    }
  }
});

test("vessels that drift are no slow breath", () => {
  const { beats, breath } = rhythm(18);
  const drift = (at: number) =>
    0.9 * Math.sin((2 * Math.PI * 4.5 * at) / 60) + 0.4 * Math.sin((2 * Math.PI * 2 * at) / 60);
  const pulse = madePulse(beats, SECONDS, RATE_HZ, (beat) => 4 + 0.45 * breath(beat) + drift(beat));
  assert.ok(Math.abs((rates({ pulse }).at(-1)?.rate ?? 0) - 18) < 1);
});

test("a lead of noise or nothing beside a good signal does not change the rate", () => {
  const { impedance } = patient(15);
  const random = seededRandom(SEED).float;
  for (const pulse of [impedance.map(() => random()), impedance.map(() => 0), impedance.map(() => Number.NaN)])
    assert.ok(Math.abs((rates({ impedance, pulse }).at(-1)?.rate ?? 0) - 15) < 1);
});

test("no signal is no rate, and says so; noise is unclear", () => {
  const nothing = [0, 1e9, Number.NaN, Number.POSITIVE_INFINITY].map((value) =>
    new Float64Array(SECONDS * RATE_HZ).fill(value),
  );
  for (const samples of nothing) {
    const found = rates({ impedance: samples, pulse: samples, ecg: samples });
    assert.ok(found.length === 16 && found.every(({ rate, confidence }) => rate === null && confidence === 0));
    assert.deepEqual([found[0]?.absent, found.at(-1)?.absent], ["learning", "no signal"]);
  }
  const random = seededRandom(SEED).float;
  const noise = () => Float64Array.from({ length: SECONDS * RATE_HZ }, () => random());
  const told = rates({ impedance: noise(), pulse: noise(), ecg: noise() }).filter(({ confidence }) => confidence > 0.8);
  assert.deepEqual(told, []);
});

test("a breath of ten seconds that does not come is an apnoea; a lead that is off is none", () => {
  const breathing = (seconds: number) => Math.sin((2 * Math.PI * 15 * seconds) / 60);
  const run = (wave: (seconds: number) => number) => {
    const found: Apnoea[] = [];
    const detector = createApnoeaDetector({ rateHz: 25, onApnoea: (apnoea) => found.push(apnoea) });
    const states = new Set<string>();
    for (let i = 0; i < 25 * 180; i++) {
      detector.push(wave(i / 25));
      states.add(detector.state);
    }
    detector.finish();
    return { found, states };
  };
  const heart = (seconds: number) => 0.05 * Math.sin(2 * Math.PI * 1.3 * seconds);
  const { found, states } = run((t) => heart(t) + (t > 100 && t < 125 ? 0 : breathing(t)));
  assert.equal(found.length, 1);
  assert.ok(Math.abs((found[0]?.at ?? 0) - 100) < 2 && Math.abs((found[0]?.seconds ?? 0) - 25) < 3);
  assert.deepEqual([...states], ["learning", "breathing", "apnoea"]);
  assert.deepEqual(run((t) => (t > 100 && t < 108 ? heart(t) : breathing(t))).found, []);
  for (const off of [Number.NaN, 0.3]) {
    const lost = run((t) => (t > 100 && t < 125 ? off : breathing(t)));
    assert.deepEqual(lost.found, [], `${off}`);
    assert.ok(lost.states.has("no signal"));
  }
  assert.deepEqual(run(() => 7).found, []);
});

test("a fall of saturation by 3 or 4 % for ten seconds is an event, and the index is events an hour", () => {
  // Every two minutes: to 93.5 % for twenty seconds, and to 91 % for five.
  const spo2 = (t: number): number =>
    t % 120 >= 60 && t % 120 < 80 ? 93.5 : t % 120 >= 100 && t % 120 < 105 ? 93 : 97;
  const run = (fall: 3 | 4, wave = spo2) => {
    const events: Desaturation[] = [];
    const meter = createDesaturationMeter({ fall, onEvent: (event) => events.push(event) });
    for (let t = 0; t < 7_200; t++) meter.push(t, wave(t));
    meter.finish();
    return { events, index: meter.index, hours: meter.hours };
  };
  // The mean of the two minutes before is 96.2 % (20 s at 93.5, 5 s at 93): 93.5 is not 3 below it.
  assert.ok(run(3).events.length <= 1, "but the first, before which nothing had fallen");
  const deeper = (t: number) => (spo2(t) < 97 ? spo2(t) - 2 : 97);
  const three = run(3, deeper);
  assert.ok(three.events.length >= 58 && three.events.length <= 60, `${three.events.length}`);
  assert.ok(Math.abs((three.index ?? 0) - 30) < 1.5);
  assert.ok(three.events.every(({ seconds, nadir }) => seconds === 20 && nadir === 91.5));
  assert.ok(run(4, (t) => (spo2(t) === 93.5 ? 92.5 : 97)).events.length <= 1);
  // One value that no blood reaches in a second is the probe's.
  assert.ok(run(3, (t) => (t % 120 === 70 ? 75 : deeper(t))).events.every(({ nadir }) => nadir === 91.5));
  assert.ok(run(4, (t) => (spo2(t) === 93.5 ? 90 : 97)).events.length >= 58);
});

test("a probe that is off is no desaturation, and less than an hour has no index", () => {
  const meter = createDesaturationMeter({ fall: 3 });
  for (let t = 0; t < 3_000; t++) meter.push(t, t % 300 > 250 ? [Number.NaN, 0, 127][t % 3]! : 97);
  meter.push(Number.NaN, 90);
  meter.push(5, 60);
  meter.finish();
  assert.deepEqual([meter.events, meter.index], [0, null]);
  const leaps = createDesaturationMeter({ fall: 3 });
  for (let t = 0; t < 7_200; t++) leaps.push(t, t % 60 === 30 ? 60 : 97);
  assert.equal(leaps.events, 0);
});
