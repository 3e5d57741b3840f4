import type { Beat } from "../qrs.ts";
import { type BeatClass, ruleOf } from "./classes.ts";
import { Families, type Family } from "./families.ts";
import { BEAT_FEATURES, type Looks, looksOf, type Surroundings, writeFeatures } from "./features.ts";
import { IntervalHistory, SteadyInterval } from "./intervals.ts";
import { compare, P_WAVE, type Shape, shapeAt, TAIL_S } from "./shape.ts";
import { Trace } from "./trace.ts";

export interface ClassifiedBeat extends Beat {
  /** By the rule. Ask a model with the features for a better one. */
  readonly class: BeatClass;
  /** Why the class is Q. */
  readonly reason: "learning" | "no signal" | null;
  /** BEAT_FEATURES, NaN where one is absent; its own array. */
  readonly features: Float32Array;
}

export interface BeatStream {
  /** @param frame a sample of each lead, mV; NaN where there is none */
  push(frame: ArrayLike<number>): void;
  /** A QRS was found. In order of time, before the frame after it was told is pushed. */
  beat(beat: Beat): void;
  /** What waits at the end of a recording is told. */
  finish(): void;
}

export interface BeatStreamOptions {
  readonly rateHz: number;
  readonly leads: number;
  /** In order of time: when the T wave of the second beat after it is over, 4 s after the beat at the latest. */
  readonly onBeat: (beat: ClassifiedBeat) => void;
}

/** So many beats must have been seen before one is called anything. */
const LEARNING = 8;
const WAIT_S = 4;
/** A beat that is looked for again comes late. */
const KEPT_S = 8;
const HISTORY = 64;
/** Nothing on any lead for so long: what is between two beats is no interval. */
const GAP_S = 0.1;
const P_FORGETS = 1 / 16;

interface Waiting {
  readonly beat: Beat;
  /** Seconds from the beat before; NaN: the first, or a gap lies between. */
  readonly before: number;
  readonly steady: number;
  readonly run: number;
  looks?: Looks | undefined;
  isLookedAt: boolean;
}

/**
 * Classes of beats, as they come, each beside what this patient's beats look like and how they follow each other: no beat of
 * anybody else and no annotation is needed. Bounded memory: some 5 kB a lead. Feed it the frames and what a QRS detector finds.
 * Ideas after Llamedo M, Martinez JP. IEEE Trans Biomed Eng 2011;58:616, and de Chazal P et al. IEEE Trans Biomed Eng 2004;51:1196.
 */
export function createBeatStream({ rateHz, leads, onBeat }: BeatStreamOptions): BeatStream {
  const traces = Array.from({ length: leads }, () => new Trace(rateHz, KEPT_S));
  const families = new Families();
  const history = new IntervalHistory(HISTORY);
  const steady = new SteadyInterval();
  const tail = Math.ceil(TAIL_S * rateHz) + 1;
  const wait = Math.round(WAIT_S * rateHz);
  /** The two beats before, the one to be told (at `told`), and those after it. */
  const queue: Waiting[] = [];
  let told = 0;
  let seen = 0;
  let pSoFar = Number.NaN;
  let n = -1;
  let last: Beat | undefined;
  let missing = 0;
  let gapAt = -1;
  /** Frame at which there is something to do again. */
  let due = Number.POSITIVE_INFINITY;

  function push(frame: ArrayLike<number>): void {
    n++;
    let isMissing = true;
    for (let i = 0; i < leads; i++) {
      const sample = frame[i] as number;
      if (Number.isFinite(sample)) isMissing = false;
      traces[i]?.push(sample);
    }
    missing = isMissing ? missing + 1 : 0;
    if (missing > GAP_S * rateHz) gapAt = n;
    if (n >= due) advance(false);
  }

  function beat(found: Beat): void {
    const before = last && gapAt < last.at ? (found.at - last.at) / rateHz : Number.NaN;
    last = found;
    history.add(before);
    const usual = steady.length;
    steady.add(before);
    queue.push({ beat: found, before, steady: usual, run: steady.run, isLookedAt: false });
    due = n;
  }

  function advance(isEnd: boolean): void {
    due = Number.POSITIVE_INFINITY;
    for (let i = told; i < queue.length; i++) {
      const one = queue[i] as Waiting;
      if (one.isLookedAt) continue;
      due = one.beat.at + tail;
      if (!isEnd && n < due) break;
      look(one);
      due = Number.POSITIVE_INFINITY;
    }
    for (;;) {
      const one = queue[told];
      if (!one?.isLookedAt) return;
      const isSurrounded = queue[told + 2]?.isLookedAt === true;
      const end = one.beat.at + wait;
      if (!isEnd && !isSurrounded && n < end) {
        due = Math.min(due, end);
        return;
      }
      tell(one);
      if (told < 2) told++;
      else queue.shift();
    }
  }

  function look(one: Waiting): void {
    one.isLookedAt = true;
    const shape = shapeAt(traces, one.beat.at, rateHz);
    const placed = families.place(shape);
    if (!placed) return;
    seen++;
    one.looks = looksOf(shape, placed, families, pSoFar);
    if (placed.family === families.usual) learnP(shape, placed.shift, placed.family);
  }

  function learnP(shape: Shape, shift: number, usual: Family): void {
    const { correlation } = compare(shape, shift, usual.template, P_WAVE);
    if (Number.isNaN(correlation)) return;
    pSoFar = Number.isNaN(pSoFar) ? correlation : pSoFar + P_FORGETS * (correlation - pSoFar);
  }

  function tell(one: Waiting): void {
    const [next, secondNext] = [queue[told + 1], queue[told + 2]];
    const around: Surroundings = {
      looks: one.looks,
      previous: queue[told - 1]?.looks,
      next: next?.looks,
      secondNext: secondNext?.looks,
      lastButOne: queue[told - 2]?.before ?? Number.NaN,
      last: queue[told - 1]?.before ?? Number.NaN,
      before: one.before,
      after: next?.before ?? Number.NaN,
      secondAfter: secondNext?.before ?? Number.NaN,
      steady: one.steady,
      run: one.run,
    };
    const features = new Float32Array(BEAT_FEATURES.length);
    writeFeatures(around, history, features);
    const usual = history.quantile(0.5);
    if (one.looks) families.follow(one.looks.placed.family, one.before / usual, around.after / usual);
    const reason = !one.looks ? "no signal" : seen < LEARNING ? "learning" : null;
    onBeat({ ...one.beat, class: reason ? "Q" : ruleOf(features), reason, features });
  }

  return {
    push,
    beat,
    finish() {
      advance(true);
    },
  };
}
