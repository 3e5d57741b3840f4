import { Recent } from "../ecg/recent.ts";

/** Time without a breath. */
export interface Apnoea {
  /** Seconds since the first sample. */
  readonly at: number;
  readonly seconds: number;
}

/** What can be said now. */
export type Breathing = "learning" | "no signal" | "breathing" | "apnoea";

export interface ApnoeaDetector {
  /** @param sample of a waveform of breathing (impedance, a belt, flow), any unit; NaN where there is none */
  push(sample: number): void;
  finish(): void;
  readonly state: Breathing;
  /** Of the apnoea that goes on, seconds; 0 where there is none. */
  readonly seconds: number;
}

export interface ApnoeaOptions {
  readonly rateHz: number;
  /** When it is over. */
  readonly onApnoea: (apnoea: Apnoea) => void;
}

/** AASM manual for the scoring of sleep: a fall by 90 % for 10 s. Between electrodes the heart moves some of it: 80 % here. */
const LASTS_S = 10;
const LEFT = 0.2;
/** The heart is averaged out. */
const BIN_S = 0.4;
const BINS = Math.round(LASTS_S / BIN_S);
/** How much a breath moves, of so many spans of LASTS_S, before there is a state. */
const SPANS_KEPT = 9;
const SPANS_NEEDED = 2;
/** One value for so long is a lead that is off or a converter that stands, not a patient. */
const STUCK_S = 2;

/**
 * No movement of breath for ten seconds, against what was usual in the minute and a half before. Movement against a closed
 * airway is movement: obstructive apnoea is not seen in the impedance of the chest. Known 10 s after the last breath.
 */
export function createApnoeaDetector({ rateHz, onApnoea }: ApnoeaOptions): ApnoeaDetector {
  const perBin = Math.max(Math.round(BIN_S * rateHz), 1);
  const bins = new Float64Array(BINS);
  const usual = new Recent(SPANS_KEPT);
  let filled = 0;
  let [sum, count, seen] = [0, 0, 0];
  let before = Number.NaN;
  let held = 0;
  let n = 0;
  let sinceLearnt = 0;
  let begin = Number.NaN;
  let state: Breathing = "learning";

  function close(now: number): void {
    if (!Number.isNaN(begin)) onApnoea({ at: begin, seconds: now - begin });
    begin = Number.NaN;
  }

  function lose(): void {
    // Whether it went on is not known: it ends with what was seen of it.
    close(n / rateHz);
    filled = 0;
    state = "no signal";
  }

  function bin(value: number): void {
    bins.copyWithin(0, 1);
    bins[BINS - 1] = value;
    if (++filled < BINS) {
      if (state === "no signal" && usual.count >= SPANS_NEEDED) state = "learning";
      return;
    }
    let [low, high] = [value, value];
    for (const each of bins) {
      low = Math.min(low, each);
      high = Math.max(high, each);
    }
    const moved = high - low;
    sinceLearnt++;
    if (usual.count < SPANS_NEEDED) {
      if (moved > 0 && sinceLearnt >= BINS) learn(moved);
      state = usual.count < SPANS_NEEDED ? "learning" : "breathing";
      return;
    }
    if (moved >= LEFT * usual.median) {
      close(n / rateHz);
      state = "breathing";
      if (sinceLearnt >= BINS) learn(moved);
    } else if (state !== "apnoea") {
      begin = n / rateHz - LASTS_S;
      state = "apnoea";
    }
  }

  function learn(moved: number): void {
    usual.add(moved);
    sinceLearnt = 0;
  }

  return {
    push(sample) {
      n++;
      held = sample === before ? held + 1 : 0;
      before = sample;
      if (Number.isFinite(sample)) {
        sum += sample;
        count++;
      }
      if (++seen < perBin) return;
      const isThere = count * 2 > perBin && held < STUCK_S * rateHz;
      const value = sum / count;
      [sum, count, seen] = [0, 0, 0];
      if (isThere) bin(value);
      else lose();
    },
    finish() {
      close(n / rateHz);
    },
    get state() {
      return state;
    },
    get seconds() {
      return Number.isNaN(begin) ? 0 : n / rateHz - begin;
    },
  };
}
