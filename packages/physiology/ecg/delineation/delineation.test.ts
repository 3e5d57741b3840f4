import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { madeEcg } from "../../testing/ecg.ts";
import {
  createDelineationStream,
  type DelineatedBeat,
  delineate,
  durationsOf,
  qtcBazett,
  qtcFridericia,
} from "./index.ts";

/**
 * Where the waves of madeEcg are, seconds from R: Q and S to two and a half of their deviations, P to two; T to two, where the tangent
 * at the steepest fall of a bell meets its foot.
 */
const MADE = { pOnset: -0.18 - 0.05, qrsOnset: -0.055, qrsOffset: 0.055, tPeak: 0.28, tOffset: 0.28 + 0.09 };
const seed = Number(process.env.SEED ?? 20261130);

function run(leads: readonly ArrayLike<number>[], rateHz: number, beats: readonly number[]): DelineatedBeat[] {
  const found: DelineatedBeat[] = [];
  const stream = createDelineationStream({ rateHz, leads: leads.length, onBeat: (beat) => found.push(beat) });
  const at = beats.map((beat) => Math.round(beat * rateHz));
  for (let i = 0; i < (leads[0]?.length ?? 0); i++) {
    stream.push(leads.map((lead) => lead[i] as number));
    // As late as a QRS detector tells it.
    if (at.includes(i - Math.round(0.3 * rateHz))) stream.beat(i - Math.round(0.3 * rateHz));
  }
  return found;
}
const every = (seconds: number, until: number) =>
  Array.from({ length: Math.floor((until - 1.4) / seconds) }, (_, i) => 0.7 + i * seconds);
const near = (found: number | undefined, expected: number, within: number, what: string) =>
  assert.ok(found !== undefined && Math.abs(found - expected) <= within, `${what}: ${found}, not ${expected}`);

test("marks of a made ECG are where they were made, at any rate, size, polarity and with noise", () => {
  console.log(`seed ${seed}`);
  const random = seededRandom(seed).float;
  for (const rateHz of [125, 250, 360, 500])
    for (const scale of [0.5, 1, -1.2])
      for (const interval of [0.6, 0.8, 1.1]) {
        const noise = scale === 1 ? 0 : 0.03;
        const beats = every(interval, 12);
        const one = madeEcg(beats, 12, rateHz, scale).map((sample) => sample + noise * (random() - 0.5));
        const other = madeEcg(beats, 12, rateHz, scale / 2).map((sample) => sample + noise * (random() - 0.5));
        const found = run([one, other], rateHz, beats);
        assert.equal(found.length, beats.length);
        const waves = found.at(-1)?.waves;
        const what = `${rateHz} Hz x ${scale} every ${interval} s, noise ${noise}`;
        near(waves?.qrs.onset, MADE.qrsOnset, 0.012 + 1.5 / rateHz, `QRS onset, ${what}`);
        near(waves?.qrs.offset, MADE.qrsOffset, 0.012 + 1.5 / rateHz, `QRS offset, ${what}`);
        near(waves?.t?.peak, MADE.tPeak, 0.012, `T peak, ${what}`);
        near(waves?.t?.offset, MADE.tOffset, 0.02, `T offset, ${what}`);
        near(waves?.p?.onset, MADE.pOnset, 0.028, `P onset, ${what}`);
      }
});

test("QTc, and what is measured between the marks", () => {
  near(qtcBazett(0.4, 0.64), 0.5, 1e-12, "Bazett");
  near(qtcFridericia(0.4, 0.512), 0.5, 1e-12, "Fridericia");
  assert.ok(Number.isNaN(qtcBazett(0.4, 0)) && Number.isNaN(qtcFridericia(0.4, Number.NaN)));
  const waves = {
    p: { onset: 0.1, peak: 0.15, offset: 0.2 },
    qrs: { onset: 0.26, offset: 0.35 },
    t: { peak: 0.5, offset: 0.66 },
  };
  const { p, pr, qrs, qt, qtcBazett: qtc } = durationsOf(waves, 1);
  for (const [found, expected] of [
    [p, 0.1],
    [pr, 0.16],
    [qrs, 0.09],
    [qt, 0.4],
    [qtc, 0.4],
  ] as const)
    near(found ?? undefined, expected, 1e-12, "duration");
  assert.deepEqual(durationsOf({ ...waves, p: null, t: null }, 1), {
    ...{ p: null, pr: null, qrs: 0.35 - 0.26, qt: null, qtcBazett: null, qtcFridericia: null },
  });
});

test("ST that is lifted in one lead is lifted by as much, there alone", () => {
  const rateHz = 250;
  const beats = every(0.9, 20);
  const lifted = madeEcg(beats, 20, rateHz);
  for (const beat of beats)
    for (let i = Math.round((beat + 0.05) * rateHz); i < (beat + 0.2) * rateHz; i++)
      lifted[i] = (lifted[i] as number) + 0.2;
  const found = run([lifted, madeEcg(beats, 20, rateHz)], rateHz, beats).at(-1);
  near(found?.st60[0], 0.2, 0.02, "lifted");
  near(found?.st80[1], 0, 0.02, "not lifted");
});

test("without a P wave there is none, and without T there is none", () => {
  const random = seededRandom(seed).float;
  const rateHz = 250;
  const beats = every(0.8, 20);
  const bare = madeEcg(beats, 20, rateHz);
  for (const beat of beats)
    for (let i = 0; i < bare.length; i++) {
      const from = i / rateHz - beat;
      if ((from > -0.3 && from < -0.08) || (from > 0.08 && from < 0.5)) bare[i] = 0;
    }
  const found = run([bare.map((sample) => sample + 0.02 * (random() - 0.5))], rateHz, beats).at(-1);
  assert.deepEqual(
    [found?.waves?.p, found?.waves?.t, found?.durations?.pr, found?.durations?.qt],
    [null, null, null, null],
  );
  near(found?.durations?.qrs, 0.11, 0.028, "QRS");
});

test("what is missing, flat, clipped or noise has no waves; one lead that is left is enough", () => {
  const random = seededRandom(seed).float;
  const beats = every(0.8, 10);
  const good = madeEcg(beats, 10, 250);
  const made: Record<string, Float64Array> = {
    absent: good.map(() => Number.NaN),
    flat: good.map(() => 0.3),
    infinite: good.map(() => Number.POSITIVE_INFINITY),
  };
  for (const [what, lead] of Object.entries(made)) {
    const found = run([lead], 250, beats);
    assert.equal(found.length, beats.length, what);
    for (const beat of found) {
      assert.deepEqual([beat.waves, beat.durations], [null, null], what);
      assert.ok(beat.st60.every(Number.isNaN) && beat.st80.every(Number.isNaN), what);
    }
    near(run([lead, good], 250, beats).at(-1)?.waves?.t?.offset, MADE.tOffset, 0.02, `beside ${what}`);
  }
  for (let round = 0; round < 30; round++) {
    const length = Math.floor(random() * 400);
    const noise = Float64Array.from({ length }, () =>
      random() < 0.01 ? Number.NaN : random() * 10 ** (4 * random() - 2),
    );
    const options = { rateHz: 250, middle: Math.floor(random() * 420) - 10, before: random() * 2, after: random() * 2 };
    const found = delineate([noise, null], options);
    assert.ok(
      found === null || (found.qrs.onset < found.qrs.offset && (!found.t || found.t.offset > found.qrs.offset)),
    );
  }
});

test("beats that look otherwise do not blur the average", () => {
  const beats = every(0.8, 24);
  const isWide = (i: number) => i % 5 === 4;
  const narrow = beats.filter((_, i) => !isWide(i));
  const samples = madeEcg(narrow, 24, 250);
  for (const beat of beats.filter((_, i) => isWide(i)))
    for (let i = -40; i <= 60; i++) {
      const at = Math.round(beat * 250) + i;
      samples[at] =
        (samples[at] as number) + 1.6 * Math.exp(-0.5 * (i / 9) ** 2) - 0.5 * Math.exp(-0.5 * ((i - 22) / 7) ** 2);
    }
  const found = run([samples], 250, beats);
  for (const [i, beat] of found.entries())
    if (i > 1) {
      near(beat.durations?.qrs, isWide(i) ? 0.23 : 0.11, isWide(i) ? 0.04 : 0.02, `beat ${i}`);
      assert.equal(beat.averaged === 1, isWide(i) || isWide(i - 1), `beat ${i}`);
    }
});
