import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { madeEcg } from "../testing/ecg.ts";
import { madePulse } from "../testing/pulse.ts";
import { type AlarmSignal, type ArrhythmiaAlarm, createAlarmJudge, type Verdict } from "./index.ts";

const SEED = Number(process.env.SEED ?? 20261128);
console.log(`seed ${SEED}`);
const RATE_HZ = 125;
const SECONDS = 60;
const RAISED_AT = 55;
const KINDS: readonly AlarmSignal[] = ["ecg", "ecg", "pressure"];
const ALL: readonly ArrhythmiaAlarm[] = [
  "asystole",
  "extreme-bradycardia",
  "extreme-tachycardia",
  "ventricular-tachycardia",
  "ventricular-fibrillation",
];

/** As the alarm is raised, without what comes later, and again at the end. */
function judge(alarm: ArrhythmiaAlarm, signals: readonly Float64Array[], kinds = KINDS): [Verdict, Verdict] {
  const judge = createAlarmJudge({ rateHz: RATE_HZ, signals: kinds });
  let realTime: Verdict | undefined;
  for (let i = 0; i < SECONDS * RATE_HZ; i++) {
    if (i === RAISED_AT * RATE_HZ) realTime = judge.judge(alarm, RAISED_AT);
    judge.push(signals.map((samples) => samples[i] as number));
  }
  return [realTime as Verdict, judge.judge(alarm, RAISED_AT)];
}
const assertJudged = (alarm: ArrhythmiaAlarm, signals: readonly Float64Array[], isTrue: boolean, what: string) =>
  assert.deepEqual(
    judge(alarm, signals).map((verdict) => verdict.isTrue),
    [isTrue, isTrue],
    what,
  );

const every = (seconds: number, until: number, from = 0.5) =>
  Array.from({ length: Math.max(Math.floor((until - from) / seconds), 0) }, (_, i) => from + i * seconds);
const ecg = (beats: readonly number[]) => {
  const random = seededRandom(SEED).float;
  return madeEcg(beats, SECONDS, RATE_HZ).map((sample) => sample + 0.02 * (random() - 0.5));
};
const pressure = (beats: readonly number[]) => {
  const random = seededRandom(SEED + 1).float;
  return madePulse(beats, SECONDS, RATE_HZ, () => 40).map((sample) => 80 + sample + 0.3 * random());
};
const noise = (size: number, from = 0) => {
  const random = seededRandom(SEED + 2).float;
  let walk = 0;
  return Float64Array.from({ length: SECONDS * RATE_HZ }, (_, i) => {
    walk = 0.9 * walk + size * (random() - 0.5);
    return i < from * RATE_HZ ? 0 : walk;
  });
};
const sum = (a: Float64Array, b: Float64Array) => a.map((sample, i) => sample + (b[i] as number));
const nothing = new Float64Array(SECONDS * RATE_HZ).fill(Number.NaN);
const flat = new Float64Array(SECONDS * RATE_HZ);
const steady = every(0.8, 59);
/** Wide and the other way up, as ventricular beats are. */
function ventricular(beats: readonly number[]): Float64Array {
  const samples = new Float64Array(SECONDS * RATE_HZ);
  for (const beat of beats)
    for (let i = -50; i <= 50; i++) {
      const at = Math.round(beat * RATE_HZ) + i;
      if (at < 0 || at >= samples.length) continue;
      samples[at] =
        (samples[at] as number) - 1.4 * Math.exp(-0.5 * (i / 4.5) ** 2) + 0.5 * Math.exp(-0.5 * ((i - 28) / 9) ** 2);
    }
  return samples;
}

test("asystole is false while a pulse or a lead goes on, and true where all of them stop", () => {
  const stopped = every(0.8, 50);
  assertJudged("asystole", [ecg(stopped), ecg(stopped), pressure(stopped)], true, "all stop");
  assertJudged("asystole", [ecg(stopped), nothing, nothing], true, "the only lead stops");
  assertJudged("asystole", [ecg(stopped), flat, pressure(steady)], false, "the pulse goes on");
  assertJudged("asystole", [noise(1), flat, pressure(steady)], false, "leads of noise, and a pulse");
  assertJudged("asystole", [flat, ecg(steady), nothing], false, "the other lead goes on");
  assertJudged(
    "asystole",
    [
      ecg(stopped),
      nothing,
      sum(
        flat,
        Float64Array.from(flat, (_, i) => Math.sin(i / 40)),
      ),
    ],
    true,
    "breathing in a closed line is no pulse",
  );
});

test("bradycardia is false where a signal shows a faster heart", () => {
  const slow = [...every(0.8, 40), ...every(1.7, 59, 41.5)];
  assertJudged("extreme-bradycardia", [ecg(slow), ecg(slow), pressure(slow)], true, "35/min");
  const lost = pressure(steady).map((sample, i) => (i > 46 * RATE_HZ ? Number.NaN : sample));
  assertJudged("extreme-bradycardia", [ecg(slow), flat, lost], true, "a pulse that was lost before says nothing");
  assertJudged("extreme-bradycardia", [ecg(slow), flat, pressure(steady)], false, "a lead misses beats");
  assertJudged("extreme-bradycardia", [ecg(steady), ecg(slow), nothing], false, "the other lead has them");
});

test("tachycardia is false where the pulse is slower, or no lead is that fast", () => {
  const fast = [...every(0.8, 30), ...every(0.4, 59, 30.5)];
  assertJudged("extreme-tachycardia", [ecg(fast), ecg(fast), pressure(fast)], true, "150/min");
  assertJudged("extreme-tachycardia", [ecg(fast), flat, nothing], true, "one lead");
  assertJudged("extreme-tachycardia", [ecg(every(0.4, 59)), nothing, pressure(steady)], false, "counted twice");
  assertJudged("extreme-tachycardia", [ecg(steady), ecg(steady), nothing], false, "75/min");
});

test("ventricular tachycardia is five wide beats in a row that are alike, and not noise or three of them", () => {
  const run = every(0.4, 52.6, 50);
  const around = steady.filter((beat) => beat < 49.6 || beat > 52.8);
  const withRun = (many: number) => sum(ecg(around), ventricular(run.slice(0, many)));
  assertJudged("ventricular-tachycardia", [withRun(6), nothing, pressure(steady)], true, "six");
  assertJudged("ventricular-tachycardia", [nothing, withRun(6), nothing], true, "in the second lead");
  assertJudged("ventricular-tachycardia", [withRun(3), withRun(3), pressure(steady)], false, "three");
  assertJudged(
    "ventricular-tachycardia",
    [sum(ecg(steady), noise(0.3, 48)), nothing, pressure(steady)],
    false,
    "noise",
  );
  assertJudged("ventricular-tachycardia", [ecg(steady), ecg(steady), pressure(steady)], false, "none");
  assertJudged(
    "ventricular-tachycardia",
    [noise(1), noise(1), nothing],
    true,
    "leads of noise tell nothing: it stands",
  );
  assertJudged("ventricular-tachycardia", [flat, nothing, pressure(steady)], false, "no lead, no tachycardia of it");
});

test("fibrillation is a swing without a pulse; a wave that the pulse does not know is none", () => {
  const random = seededRandom(SEED + 3).float;
  let phase = 0;
  const swing = Float64Array.from({ length: SECONDS * RATE_HZ }, (_, i) => {
    phase += (2 * Math.PI * (4.5 + 1.5 * (random() - 0.5))) / RATE_HZ;
    return i > 48 * RATE_HZ ? 0.5 * Math.sin(phase) : 0;
  });
  const stopped = every(0.8, 47.5);
  const fibrillating = sum(ecg(stopped), swing);
  assertJudged("ventricular-fibrillation", [fibrillating, fibrillating, pressure(stopped)], true, "no pulse");
  assertJudged("ventricular-fibrillation", [fibrillating, nothing, nothing], true, "one lead alone");
  assertJudged("ventricular-fibrillation", [fibrillating, nothing, pressure(steady)], false, "a pulse goes on");
  assertJudged("ventricular-fibrillation", [fibrillating, ecg(steady), nothing], false, "a lead is steady");
});

test("signals of nothing, of one sample, of noise and of infinity: a verdict with its reason, and no throw", () => {
  const infinite = new Float64Array(SECONDS * RATE_HZ).fill(Number.POSITIVE_INFINITY);
  for (const alarm of ALL) {
    for (const samples of [nothing, flat, infinite, noise(50)])
      for (const verdict of judge(alarm, [samples, samples, samples])) assert.ok(verdict.because.length > 10);
    const one = createAlarmJudge({ rateHz: RATE_HZ, signals: KINDS });
    one.push([1, 1, 1]);
    assert.ok(one.judge(alarm, 0).because.length > 10);
    assert.ok(createAlarmJudge({ rateHz: RATE_HZ, signals: [] }).judge(alarm, 0).because.length > 10);
  }
  // Where nothing can be seen, an alarm stands.
  for (const alarm of ["asystole", "extreme-bradycardia", "extreme-tachycardia"] as const)
    assert.deepEqual(
      judge(alarm, [nothing, flat, infinite]).map(({ isTrue }) => isTrue),
      [true, true],
      alarm,
    );
});
