import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { madePulse } from "../testing/pulse.ts";
import { createPulseDetector, createRateMeter, type Pulse, perfusionIndex } from "./index.ts";

const SEED = Number(process.env.SEED ?? 20261128);
console.log(`seed ${SEED}`);

function detect(samples: ArrayLike<number>, rateHz: number): Pulse[] {
  const pulses: Pulse[] = [];
  const detector = createPulseDetector({ rateHz, onPulse: (pulse) => pulses.push(pulse) });
  for (let i = 0; i < samples.length; i++) detector.push(samples[i] as number);
  detector.finish();
  return pulses;
}
const every = (seconds: number, until: number, from = 0.5) =>
  Array.from({ length: Math.floor((until - from) / seconds) }, (_, i) => from + i * seconds);
/** After learning, each beat has its pulse within its upstroke, and there is no other. */
function assertFound(pulses: readonly Pulse[], beats: readonly number[], rateHz: number, what: string, from = 4) {
  const times = pulses.map(({ at }) => at / rateHz).filter((time) => time > from);
  const off = times.filter((time) => !beats.some((beat) => time > beat && time < beat + 0.25));
  const missed = beats.filter((beat) => beat > from && !times.some((time) => time > beat && time < beat + 0.25));
  assert.deepEqual([off, missed], [[], []], what);
}

test("every pulse is found once, at any rate of sampling and of the heart, and its dicrotic wave is none", () => {
  for (const rateHz of [50, 62.5, 125, 250])
    for (const interval of [0.4, 0.6, 0.8, 1, 1.5]) {
      const beats = every(interval, 39);
      const pulses = detect(madePulse(beats, 40, rateHz), rateHz);
      assertFound(pulses, beats, rateHz, `${rateHz} Hz, every ${interval} s`);
      assert.ok(
        pulses.slice(3, -1).every(({ quality, artefact }) => quality > 0.95 && artefact === null),
        `${rateHz} Hz, every ${interval} s`,
      );
    }
});

test("foot and size are those of the wave, and the perfusion index is their share of the light", () => {
  const wave = madePulse(every(0.8, 39), 40, 125, () => 40).map((sample) => sample + 80);
  const pulses = detect(wave, 125).slice(3, -1);
  for (const pulse of pulses) {
    assert.ok(Math.abs(pulse.foot - 80) < 1.5 && Math.abs(pulse.amplitude - 40) < 2.5, JSON.stringify(pulse));
    assert.equal(perfusionIndex(pulse), null);
  }
  const light = detect(
    wave.map((sample) => sample + 1_920),
    125,
  )[10] as Pulse;
  assert.ok(Math.abs((perfusionIndex(light) ?? 0) - (100 * 40) / 2_020) < 0.2);
  assert.equal(perfusionIndex({ ...light, artefact: "shape" }), null);
});

test("pulses that grow weak are followed, and where they end there are none", () => {
  const beats = every(0.8, 59);
  const weak = detect(
    madePulse(beats, 60, 125, (beat) => (beat < 30 ? 1 : 0.35)),
    125,
  );
  assertFound(weak, beats, 125, "weak", 39);
  const random = seededRandom(SEED).float;
  const stopped = madePulse(every(0.8, 30), 60, 125).map((sample) => sample + 0.02 * (random() - 0.5));
  assert.deepEqual(
    detect(stopped, 125).filter(({ at, artefact }) => at > 31 * 125 && at < 40 * 125 && artefact === null),
    [],
  );
});

test("movement, clipping and gaps are called so", () => {
  const random = seededRandom(SEED).float;
  const beats = every(0.8, 59);
  const clean = madePulse(beats, 60, 125);
  let walk = 0;
  const moved = clean.map((sample, i) => {
    walk = 0.97 * walk + 0.5 * (random() - 0.5);
    return i > 30 * 125 && i < 40 * 125 ? sample + 3 * walk : sample;
  });
  const during = detect(moved, 125).filter(({ at }) => at > 30.5 * 125 && at < 39.5 * 125);
  assert.ok(during.filter(({ artefact }) => artefact !== null).length > during.length / 2);
  const after = detect(moved, 125).filter(({ at }) => at > 46 * 125);
  assert.ok(after.length > 12 && after.slice(0, -1).every(({ artefact }) => artefact === null));
  // Cut off at a sixth of the height, the top is flat for more than 0.2 s.
  const clipped = detect(
    clean.map((sample) => Math.min(sample, 0.17)),
    125,
  ).slice(2, -1);
  assert.ok(clipped.length > 0 && clipped.every(({ artefact }) => artefact === "clipped"));
  const gap = detect(
    clean.map((sample, i) => (Math.floor(i / 125) % 7 === 0 ? Number.NaN : sample)),
    125,
  );
  assert.ok(gap.some(({ artefact }) => artefact === "missing samples"));
  assert.ok(gap.every(({ at }) => Math.floor(at / 125 - 0.3) % 7 !== 0 || Math.floor(at / 125) % 7 !== 0));
});

test("where there is nothing, no pulse is made up", () => {
  const length = 125 * 60;
  const made: Readonly<Record<string, Float64Array>> = {
    flat: new Float64Array(length),
    "flat and far off": new Float64Array(length).fill(1e9),
    absent: new Float64Array(length).fill(Number.NaN),
    infinite: new Float64Array(length).fill(Number.NEGATIVE_INFINITY),
    nothing: new Float64Array(0),
    "one sample": new Float64Array(1).fill(1),
  };
  for (const [name, samples] of Object.entries(made)) assert.deepEqual(detect(samples, 125), [], name);
  const random = seededRandom(SEED).float;
  const noise = detect(
    Float64Array.from({ length }, () => random()),
    125,
  );
  const trusted = noise.filter(({ artefact }) => artefact === null).length;
  assert.ok(trusted < 0.1 * noise.length + 3, `${trusted} of ${noise.length}`);
});

test("hours of noise, leaps and gaps: no throw, ascending, and nothing that is not a number", () => {
  const { float: random, integer } = { ...seededRandom(SEED), integer: (most: number) => Math.floor(random() * most) };
  let level = 0;
  const samples = Float64Array.from({ length: 50 * 1_800 }, () => {
    const what = integer(1_000);
    if (what === 0) level = 1e3 * (random() - 0.5);
    return what === 1 ? Number.NaN : what === 2 ? Number.POSITIVE_INFINITY : level + random();
  });
  let before = -1;
  for (const { at, foot, amplitude, quality } of detect(samples, 50)) {
    assert.ok(at > before && [foot, amplitude, quality].every(Number.isFinite) && quality >= 0 && quality <= 1);
    before = at;
  }
});

test("the rate is that of the intervals between trusted beats, and absent where they do not cover the time", () => {
  const meter = createRateMeter();
  for (const beat of every(0.75, 30)) meter.beat(beat);
  assert.ok(Math.abs((meter.at(29.5) ?? 0) - 80) < 1e-9);
  assert.equal(meter.at(45), null);
  const doubtful = createRateMeter();
  for (const [i, beat] of every(0.75, 30).entries()) doubtful.beat(beat, i % 2 === 0);
  assert.equal(doubtful.at(29.5), null);
  const empty = createRateMeter();
  for (const beat of [Number.NaN, 1, 1, 0, Number.POSITIVE_INFINITY, 90]) empty.beat(beat);
  assert.equal(empty.at(90), null);
});
