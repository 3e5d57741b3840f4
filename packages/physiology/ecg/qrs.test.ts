import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { madeEcg } from "../testing/ecg.ts";
import { type Beat, createQrsDetector } from "./index.ts";

function detect(leads: readonly ArrayLike<number>[], rateHz: number): Beat[] {
  const beats: Beat[] = [];
  const detector = createQrsDetector({ rateHz, leads: leads.length, onBeat: (beat) => beats.push(beat) });
  for (let i = 0; i < (leads[0]?.length ?? 0); i++) detector.push(leads.map((lead) => lead[i] as number));
  detector.finish();
  return beats;
}
const every = (seconds: number, until: number, from = 0.5) =>
  Array.from({ length: Math.floor((until - from) / seconds) }, (_, i) => from + i * seconds);
/** Each beat is there once, within 40 ms, and nothing else is. */
function assertFound(found: readonly Beat[], beats: readonly number[], rateHz: number, what = "") {
  const times = found.map(({ at }) => at / rateHz);
  const off = times.filter((time) => !beats.some((beat) => Math.abs(beat - time) < 0.04));
  const missed = beats.filter((beat) => !times.some((time) => Math.abs(beat - time) < 0.04));
  assert.deepEqual([off, missed, times.length], [[], [], beats.length], what);
}

test("every beat is found once and where it is, at any sampling rate, polarity and size", () => {
  for (const rateHz of [125, 250, 360, 500, 1_000])
    for (const scale of [0.3, 1, -1.5, 4]) {
      const beats = every(0.8, 29.5);
      assertFound(detect([madeEcg(beats, 30, rateHz, scale)], rateHz), beats, rateHz, `${rateHz} Hz x ${scale}`);
    }
});

test("slow, fast and uneven hearts", () => {
  const seed = Number(process.env.SEED ?? 20261128);
  console.log(`seed ${seed}`);
  const random = seededRandom(seed).float;
  for (const interval of [0.3, 0.5, 1.2, 2]) {
    const beats = every(interval, 39.5);
    assertFound(detect([madeEcg(beats, 40, 250)], 250), beats, 250, `every ${interval} s`);
  }
  const uneven = [0.5];
  while ((uneven.at(-1) as number) < 58) uneven.push((uneven.at(-1) as number) + 0.45 + 0.7 * random());
  assertFound(detect([madeEcg(uneven, 60, 250)], 250), uneven, 250, "uneven");
});

test("a lead that is noise or nothing leaves the beats to the other", () => {
  const random = seededRandom(7).float;
  const beats = every(0.9, 59.5);
  const good = madeEcg(beats, 60, 250);
  const noise = Float64Array.from(good, () => 3 * (random() - 0.5));
  const absent = new Float64Array(good.length).fill(Number.NaN);
  const flat = new Float64Array(good.length);
  for (const other of [noise, absent, flat]) {
    const found = detect([good, other], 250);
    // The noise is learnt within seconds.
    const from = 10 * 250;
    assertFound(
      found.filter(({ at }) => at > from),
      beats.filter((beat) => beat * 250 > from + 10),
      250,
    );
  }
});

test("where there is nothing, no beat is made up", () => {
  const random = seededRandom(9).float;
  const length = 250 * 60;
  const made: Readonly<Record<string, Float64Array>> = {
    flat: new Float64Array(length),
    "flat and far off": new Float64Array(length).fill(312.5),
    absent: new Float64Array(length).fill(Number.NaN),
    "the noise of an amplifier": Float64Array.from({ length }, () => 0.004 * (random() - 0.5)),
    drift: Float64Array.from({ length }, (_, i) => 2 * Math.sin((2 * Math.PI * 0.2 * i) / 250)),
    infinite: new Float64Array(length).fill(Number.POSITIVE_INFINITY),
    clipped: Float64Array.from({ length }, () => 5),
    nothing: new Float64Array(0),
    "one sample": new Float64Array(1).fill(1),
  };
  for (const [name, samples] of Object.entries(made)) assert.deepEqual(detect([samples], 250), [], name);
});

test("when the heart stands still, P waves and noise are no beats, and it is heard when it begins again", () => {
  const random = seededRandom(11).float;
  const beats = [...every(0.8, 20), ...every(0.8, 59.5, 35)];
  const samples = madeEcg(beats, 60, 250).map((sample) => sample + 0.02 * (random() - 0.5));
  // P waves that nothing follows.
  for (const at of every(0.8, 35, 20.5))
    for (let i = -20; i <= 20; i++) {
      const where = Math.round(at * 250) + i;
      samples[where] = (samples[where] as number) + 0.12 * Math.exp(-0.5 * (i / 6.25) ** 2);
    }
  assertFound(detect([samples], 250), beats, 250);
});

test("a gap of a moment, and one of a minute, make no beat of their edges", () => {
  const beats = every(0.8, 119.5);
  for (const [from, to] of [
    [20.3, 20.34],
    [30.75, 31.2],
    [40, 100],
  ] as const) {
    const samples = madeEcg(beats, 120, 250).map((sample, i) =>
      i / 250 >= from && i / 250 < to ? Number.NaN : sample + (i / 250 >= to ? 1.5 : 0),
    );
    const found = detect([samples], 250).map(({ at }) => at / 250);
    const inside = found.filter((time) => time > from + 0.05 && time < to - 0.05);
    const off = found.filter((time) => !beats.some((beat) => Math.abs(beat - time) < 0.06));
    assert.deepEqual([inside, off], [[], []], `${from} to ${to}`);
    const outside = beats.filter(
      (beat) => (beat < from - 0.2 || beat > to + 0.5) && !found.some((time) => Math.abs(time - beat) < 0.04),
    );
    assert.deepEqual(outside, [], `${from} to ${to}`);
  }
});
