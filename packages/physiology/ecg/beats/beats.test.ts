import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { madeEcg } from "../../testing/ecg.ts";
import { createQrsDetector } from "../qrs.ts";
import { BEAT_FEATURES, type ClassifiedBeat, classBy, createBeatStream } from "./index.ts";

const RATE = 250;
const seed = Number(process.env.SEED ?? 20261131);

type Kind = "usual" | "early" | "ventricular";
/** Each so many seconds; kinds by number; what comes early comes at two thirds, and a pause follows a ventricular one. */
function made(seconds: number, kindOf: (i: number) => Kind, rateHz = RATE) {
  const beats: { at: number; kind: Kind }[] = [];
  for (let i = 0, at = 0.6; at < seconds - 1; i++) {
    const kind = kindOf(i);
    if (kind !== "usual" && i > 0) at -= 0.28;
    beats.push({ at, kind });
    at += kind === "ventricular" ? 1.1 : 0.82;
  }
  const narrow = beats.filter(({ kind }) => kind !== "ventricular").map(({ at }) => at);
  const samples = madeEcg(narrow, seconds, rateHz);
  for (const { at, kind } of beats) {
    if (kind !== "ventricular") continue;
    for (let i = Math.round((at - 0.15) * rateHz); i < (at + 0.5) * rateHz && i < samples.length; i++) {
      const t = i / rateHz - at;
      const bell = (middle: number, width: number) => Math.exp(-0.5 * ((t - middle) / width) ** 2);
      samples[i] = (samples[i] as number) + 1.4 * bell(0, 0.028) - 0.5 * bell(0.07, 0.025) - 0.4 * bell(0.3, 0.06);
    }
  }
  return { beats, samples };
}

function classify(leads: readonly ArrayLike<number>[], rateHz = RATE) {
  const found: (ClassifiedBeat & { readonly toldAt: number })[] = [];
  let n = 0;
  const stream = createBeatStream({
    rateHz,
    leads: leads.length,
    onBeat: (beat) => found.push({ ...beat, toldAt: n }),
  });
  const detector = createQrsDetector({ rateHz, leads: leads.length, onBeat: (beat) => stream.beat(beat) });
  for (; n < (leads[0]?.length ?? 0); n++) {
    const frame = leads.map((lead) => lead[n] as number);
    stream.push(frame);
    detector.push(frame);
  }
  detector.finish();
  stream.finish();
  return found;
}
const at = (found: readonly ClassifiedBeat[], seconds: number, rateHz = RATE) =>
  found.find((beat) => Math.abs(beat.at / rateHz - seconds) < 0.06);

test("usual beats are N, early ones like them S, wide ones unlike them V: by the rule alone, at any rate and polarity", () => {
  for (const [rateHz, scale] of [
    [125, 1],
    [250, -0.7],
    [360, 0.5],
    [500, 2],
  ] as const) {
    const kindOf = (i: number): Kind => (i % 12 === 7 ? "ventricular" : i % 12 === 2 ? "early" : "usual");
    const { beats, samples } = made(90, kindOf, rateHz);
    const found = classify([samples.map((one) => scale * one), samples.map((one) => -0.4 * scale * one)], rateHz);
    const expected = { usual: "N", early: "S", ventricular: "V" };
    for (const { at: seconds, kind } of beats.filter((beat) => beat.at > 15 && beat.at < 85))
      assert.equal(
        at(found, seconds, rateHz)?.class,
        expected[kind],
        `${kind} at ${seconds} s, ${rateHz} Hz x ${scale}`,
      );
  }
});

test("every other beat from a ventricle: the usual ones stay N, though they are no more than the others", () => {
  const { beats, samples } = made(90, (i) => (i > 12 && i % 2 === 0 ? "ventricular" : "usual"));
  const found = classify([samples]);
  for (const { at: seconds, kind } of beats.filter((beat) => beat.at > 20 && beat.at < 85))
    assert.equal(at(found, seconds)?.class, kind === "usual" ? "N" : "V", `${kind} at ${seconds} s`);
});

test("the first beats are not called anything, and a class is told within four seconds", () => {
  const { samples } = made(60, (i) => (i % 9 === 8 ? "ventricular" : "usual"));
  const found = classify([samples]);
  for (const beat of found.slice(0, 5)) assert.deepEqual([beat.class, beat.reason], ["Q", "learning"]);
  assert.ok(found.slice(10).every((beat) => beat.reason === null));
  // Those at the end wait for a beat that never comes, and are told at the end.
  for (const beat of found.slice(0, -2)) assert.ok((beat.toldAt - beat.at) / RATE < 4.01);
  const silent = new Float64Array(samples.length * 2);
  silent.set(samples);
  for (const beat of classify([silent])) assert.ok((beat.toldAt - beat.at) / RATE < 4.01);
});

test("in order of time, one class a beat, whatever pieces and neighbours", () => {
  const { samples } = made(40, (i) => (i % 7 === 6 ? "ventricular" : "usual"));
  const once = classify([samples]);
  const beats: number[] = [];
  const detector = createQrsDetector({ rateHz: RATE, leads: 1, onBeat: (beat) => beats.push(beat.at) });
  for (const sample of samples) detector.push([sample]);
  detector.finish();
  assert.deepEqual(
    once.map((beat) => beat.at),
    beats,
  );
  classify([made(10, () => "ventricular").samples]);
  assert.deepEqual(classify([samples]), once);
});

test("a lead that goes and comes, a gap in all of them: no interval over the gap, and the other lead is enough", () => {
  const { samples } = made(80, (i) => (i % 9 === 8 ? "ventricular" : "usual"));
  const gone = samples.map((one, i) => (i > 20 * RATE && i < 40 * RATE ? Number.NaN : one));
  const both = classify([gone, gone]);
  const inGap = both.filter((beat) => beat.at > 20.1 * RATE && beat.at < 39.9 * RATE);
  assert.deepEqual(inGap, []);
  const first = both.find((beat) => beat.at > 40 * RATE);
  assert.ok(first && Number.isNaN(first.features[BEAT_FEATURES.indexOf("before")] as number), "an interval of 20 s");
  const one = classify([gone, samples]);
  const full = classify([samples, samples]);
  assert.equal(one.length, full.length);
  assert.ok(one.filter((beat, i) => beat.class !== full[i]?.class).length <= 1, "without the lead");
});

test("noise, nothing, clipping: nothing is thrown; without a lead the class is Q, with its reason", () => {
  console.log(`seed ${seed}`);
  const random = seededRandom(seed).float;
  const stream = createBeatStream({
    ...{ rateHz: RATE, leads: 2 },
    onBeat: (beat) => assert.deepEqual([beat.class, beat.reason], ["Q", "no signal"]),
  });
  for (let i = 0; i < 10 * RATE; i++) {
    stream.push([Number.NaN, 0.5]);
    if (i % 200 === 0) stream.beat({ at: i, certainty: 1 });
  }
  stream.finish();
  for (let round = 0; round < 15; round++) {
    const told: ClassifiedBeat[] = [];
    const wild = createBeatStream({ rateHz: 200, leads: 2, onBeat: (beat) => told.push(beat) });
    let beats = 0;
    let last = -1;
    for (let i = 0; i < 3_000; i++) {
      const draw = random();
      const value =
        draw < 0.02 ? Number.NaN : draw < 0.03 ? Number.NEGATIVE_INFINITY : draw < 0.3 ? 5 : 10 * random() - 5;
      wild.push([value, random() < 0.5 ? value : 1e6 * random()]);
      if (random() < 0.01 && i - 50 > last) {
        last = Math.max(i - 50, 0);
        wild.beat({ at: last, certainty: 1 });
        beats++;
      }
    }
    wild.finish();
    assert.equal(told.length, beats);
    assert.ok(
      told.every(
        ({ features }) => features.length === BEAT_FEATURES.length && !features.includes(Number.POSITIVE_INFINITY),
      ),
    );
  }
});

test("what the rule calls V the models must deny, and what it does not they must be sure of; Q stays Q", () => {
  assert.deepEqual([classBy("V", 0.3, 0.9), classBy("V", 0.1, 0.2), classBy("V", 0.1, 0.8)], ["V", "N", "S"]);
  assert.deepEqual([classBy("N", 0.95, 0.9), classBy("N", 0.8, 0.1), classBy("S", 0.1, 0.7)], ["V", "N", "S"]);
  assert.deepEqual([classBy("Q", 0.99, 0.99), classBy("V", Number.NaN, Number.NaN)], ["Q", "V"]);
  assert.equal(new Set(BEAT_FEATURES).size, BEAT_FEATURES.length);
});
