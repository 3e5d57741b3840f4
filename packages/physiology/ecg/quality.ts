import { type Biquad, highPass, lowPass } from "./biquad.ts";
import { createQrsDetector } from "./qrs.ts";
import { createTwoAverages } from "./two-averages.ts";

/**
 * Why a second of a lead is worth little:
 * - `absent`: a fifth of its samples and more are none;
 * - `flat`: nothing but the same value, as of a lead that is off (a heart that stands still leaves the noise of the amplifier);
 * - `saturated`: held at its own top or bottom, as of an amplifier that is overdriven;
 * - `jump`: the base line moved by more than a tall QRS within the second;
 * - `muscle`: between beats more above 25 Hz than a fifth of the height of a beat;
 * - `disagreement`: two ways of finding beats find others, over ten seconds;
 * - `no-beats`: neither finds any, over ten seconds. That may be the heart: it is no noise.
 */
export type LeadTrouble = "absent" | "flat" | "saturated" | "jump" | "muscle" | "disagreement" | "no-beats";

/** A second of one lead. */
export interface LeadQuality {
  /** Frame at its end, counted from the first that was pushed. */
  readonly at: number;
  /** 0 (nothing can be told from it) to 1 (clean). */
  readonly score: number;
  /** The gravest. */
  readonly trouble: LeadTrouble | null;
  /** Beats that both ways found, of those that either did, over the last ten seconds (bSQI); null where neither found any. */
  readonly agreement: number | null;
  /** How restless the band of a QRS is between beats against its height at them: 0 still, 1 no beat stands out. */
  readonly restlessness: number | null;
}

export interface LeadWatch {
  /** @param sample mV, NaN: none */
  push(sample: number): void;
}

const ABSENT = 0.2;
/** mV, from lowest to highest of a second: less than the noise of an electrode. */
const FLAT = 0.004;
/** As long at the very top or bottom, of a second that moves. */
const HELD_S = 0.04;
const HELD_RANGE = 0.5;
/** mV: of the slow part, within a second. */
const JUMP = 1.5;
const MUSCLE = 0.2;
const SLOW_HZ = 0.7;
const FAST_HZ = 25;
const BAND_HZ = [5, 18] as const;
const BLOCKS = 10;
/** Li Q, Mark RG, Clifford GD. Physiol Meas 2008;29:15: beats are compared over ten seconds, within 150 ms. */
const AGREEMENT_S = 10;
const NEAR_S = 0.15;
/** Beats of the last seconds wait for the slower of the two ways. */
const LATE_S = 1.5;
const BEATS_KEPT = 64;
const AGREED = 0.8;
/** Of the last seconds, in which there is a beat unless the heart pauses. */
const AROUND_S = 4;

/**
 * Quality of one lead, second by second: what is wrong with it, and how much it is worth. Its own second is judged at its end;
 * agreement looks back over ten seconds, so that it is slower to fall and to rise.
 */
export function createLeadQuality(rateHz: number, onSecond: (quality: LeadQuality) => void): LeadWatch {
  const slow = lowPass(SLOW_HZ, rateHz);
  const fast = highPass(FAST_HZ, rateHz);
  const band: readonly [Biquad, Biquad] = [highPass(BAND_HZ[0], rateHz), lowPass(BAND_HZ[1], rateHz)];
  const second = Math.round(rateHz);
  const first = createRing();
  const other = createRing();
  const one = new Float64Array(1);
  const detector = createQrsDetector({ rateHz, leads: 1, onBeat: ({ at }) => first.add(at) });
  const another = createTwoAverages(rateHz, other.add);
  /** Root mean squares of tenths of a second: in the band of a QRS, over the last seconds, and above it, in this one. */
  const bands = new Float64Array(AROUND_S * BLOCKS);
  const fasts = new Float64Array(BLOCKS);
  const sorted = new Float64Array(AROUND_S * BLOCKS);
  const sortedFast = new Float64Array(BLOCKS);
  const run = { lowest: 0, highest: 0, slowLowest: 0, slowHighest: 0, absent: 0, topRun: 0, topLongest: 0 };
  let [bottomRun, bottomLongest] = [0, 0];
  let n = -1;
  let isKnown = false;
  let [bandSum, fastSum, blockAt, blocks] = [0, 0, 0, 0];
  begin();

  function begin(): void {
    run.lowest = run.slowLowest = Number.POSITIVE_INFINITY;
    run.highest = run.slowHighest = Number.NEGATIVE_INFINITY;
    run.absent = run.topRun = run.topLongest = bottomRun = bottomLongest = 0;
  }

  function extremes(sample: number): void {
    if (sample > run.highest) {
      run.highest = sample;
      run.topRun = run.topLongest = 1;
    } else if (sample === run.highest) run.topLongest = Math.max(run.topLongest, ++run.topRun);
    else run.topRun = 0;
    if (sample < run.lowest) {
      run.lowest = sample;
      bottomRun = bottomLongest = 1;
    } else if (sample === run.lowest) bottomLongest = Math.max(bottomLongest, ++bottomRun);
    else bottomRun = 0;
  }

  function filters(sample: number): void {
    if (!isKnown) {
      slow.settle(sample);
      fast.settle(sample);
      band[1].settle(band[0].settle(sample));
      isKnown = true;
    }
    const base = slow.next(sample);
    run.slowLowest = Math.min(run.slowLowest, base);
    run.slowHighest = Math.max(run.slowHighest, base);
    fastSum += fast.next(sample) ** 2;
    bandSum += band[1].next(band[0].next(sample)) ** 2;
  }

  function block(): void {
    const length = n + 1 - blockAt;
    bands[blocks % bands.length] = Math.sqrt(bandSum / length);
    fasts[blocks % BLOCKS] = Math.sqrt(fastSum / length);
    blocks++;
    bandSum = fastSum = 0;
    blockAt = n + 1;
  }

  function judge(): void {
    const count = Math.min(blocks, bands.length);
    sorted.set(bands);
    const some = sorted.subarray(0, count).sort();
    const middle = some[count >> 1] ?? 0;
    // The highest but two: a beat a second leaves four of forty.
    const top = some[Math.max(count - 3, 0)] ?? 0;
    const restlessness = top > 0 ? middle / top : null;
    sortedFast.set(fasts);
    const muscle = (sortedFast.sort()[BLOCKS >> 1] as number) / Math.max(2 * top, 0.05);
    const agreement = agreementOf(
      first,
      other,
      n + 1 - (AGREEMENT_S + LATE_S) * rateHz,
      n + 1 - LATE_S * rateHz,
      NEAR_S * rateHz,
    );
    const trouble = troubleOf(muscle, agreement);
    onSecond({ at: n + 1, score: scoreOf(trouble, muscle, agreement, restlessness), trouble, agreement, restlessness });
  }

  function troubleOf(muscle: number, agreement: number | null): LeadTrouble | null {
    const range = run.highest - run.lowest;
    const held = Math.max(run.topLongest, bottomLongest) >= HELD_S * rateHz;
    if (run.absent > ABSENT * second) return "absent";
    if (range < FLAT) return "flat";
    if (held && range > HELD_RANGE) return "saturated";
    if (run.slowHighest - run.slowLowest > JUMP) return "jump";
    if (muscle > MUSCLE) return "muscle";
    if (agreement === null) return n + 1 >= AGREEMENT_S * rateHz ? "no-beats" : null;
    return agreement < AGREED ? "disagreement" : null;
  }

  return {
    push(sample) {
      n++;
      one[0] = sample;
      detector.push(one);
      another.push(sample);
      if (Number.isFinite(sample)) {
        extremes(sample);
        filters(sample);
      } else {
        run.absent++;
        isKnown = false;
      }
      const inSecond = (n % second) + 1;
      if (Math.floor((inSecond * BLOCKS) / second) > Math.floor(((inSecond - 1) * BLOCKS) / second)) block();
      if (inSecond < second) return;
      judge();
      begin();
    },
  };
}

const NOTHING: ReadonlySet<LeadTrouble | null> = new Set<LeadTrouble | null>(["absent", "flat"]);
const LITTLE: ReadonlySet<LeadTrouble | null> = new Set<LeadTrouble | null>(["saturated", "jump"]);

function scoreOf(
  trouble: LeadTrouble | null,
  muscle: number,
  agreement: number | null,
  restlessness: number | null,
): number {
  if (NOTHING.has(trouble) || restlessness === null) return 0;
  const stillness = Math.min(Math.max(1.25 - restlessness / 0.4, 0), 1);
  const clean = Math.min(Math.max(1.25 - muscle / (2 * MUSCLE), 0), 1);
  // Beats that stand out are worth something before ten seconds are over.
  const agreed = agreement ?? 0.5;
  const score = agreed * clean * (0.25 + 0.75 * stillness);
  return LITTLE.has(trouble) ? score / 4 : score;
}

interface BeatRing {
  readonly add: (at: number) => void;
  /** The k-th newest, from 0; undefined beyond what is kept. */
  readonly newest: (k: number) => number | undefined;
}

function createRing(): BeatRing {
  const kept = new Float64Array(BEATS_KEPT).fill(Number.NEGATIVE_INFINITY);
  let count = 0;
  return {
    add(at) {
      kept[count % BEATS_KEPT] = at;
      count++;
    },
    newest: (k) => (k < Math.min(count, BEATS_KEPT) ? kept[(count - 1 - k) % BEATS_KEPT] : undefined),
  };
}

/** Matched over all, in [from, to), both walked from the newest. @returns null where there is none */
function agreementOf(a: BeatRing, b: BeatRing, from: number, to: number, near: number): number | null {
  let [i, j, matched, all] = [0, 0, 0, 0];
  for (;;) {
    const one = a.newest(i) ?? Number.NEGATIVE_INFINITY;
    const two = b.newest(j) ?? Number.NEGATIVE_INFINITY;
    const latest = Math.max(one, two);
    if (latest < from) return all === 0 ? null : matched / all;
    const isMatch = Math.abs(one - two) <= near;
    if (latest < to) {
      all++;
      if (isMatch) matched++;
    }
    if (isMatch || one >= two) i++;
    if (isMatch || two > one) j++;
  }
}
