import { DEFINITIONS, type RhythmKind } from "./definitions.ts";

export interface RhythmSpan {
  readonly kind: RhythmKind;
  /** Seconds: the first beat of it, or the last before nothing came. */
  readonly from: number;
}

export interface RhythmOptions {
  readonly onBegin: (span: RhythmSpan) => void;
  /** @param to seconds: the last beat of it, or the first after nothing came */
  readonly onEnd: (span: RhythmSpan, to: number) => void;
}

export interface RhythmWatch {
  /** @param at seconds, ascending @param isVentricular left out: not known, and then it counts as none */
  beat(at: number, isVentricular?: boolean): void;
  /** The signal was there up to this second, and no beat came that was not told. */
  until(at: number): void;
  /** The signal is not there from this second on: nothing is said of what is not seen, and what was open ends. */
  lost(at: number): void;
}

const KEPT = DEFINITIONS.tachycardia.beats;
const PATTERNS = [
  ["bigeminy", 2],
  ["trigeminy", 3],
] as const;
const PATTERN_KEPT = 3 * DEFINITIONS.patterns;

/**
 * Rhythm from beats as they come, without a delay of its own. Each begins when the last beat that its definition asks for is
 * there, with the time of the first, and ends before the first beat that does not fit. A beat that was looked for again may
 * come after an asystole that was said already: it ends it.
 */
export function createRhythm({ onBegin, onEnd }: RhythmOptions): RhythmWatch {
  const times = new Float64Array(KEPT);
  const open = new Map<RhythmKind, RhythmSpan>();
  /** Beats since the signal came. */
  let count = 0;
  /** Ventricular beats with no other between them, and how many there were before this beat. */
  let run = 0;
  let runBefore = 0;
  /** The newest classes, a bit each. */
  let classes = 0;
  /** The last beat, or when the signal came; NaN while it is not there. */
  let anchor = Number.NaN;

  /** The k-th newest beat, from 0; the oldest that is kept if there are not so many. */
  const time = (k: number) => times[(count - 1 - Math.min(k, count - 1, KEPT - 1)) % KEPT] as number;
  const rate = (beats: number) => (60 * (beats - 1)) / (time(0) - time(beats - 1));

  function state(kind: RhythmKind, isSo: boolean, from: number, to: number): void {
    const span = open.get(kind);
    if (isSo && !span) {
      const begun = { kind, from };
      open.set(kind, begun);
      onBegin(begun);
    } else if (!isSo && span) {
      open.delete(kind);
      onEnd(span, to);
    }
  }

  function stillness(at: number): void {
    const since = at - anchor;
    if (count > 0) state("pause", since >= DEFINITIONS.pauseSeconds, anchor, at);
    state("asystole", since >= DEFINITIONS.asystoleSeconds, anchor, at);
  }

  function rates(): void {
    const { bradycardia: slow, tachycardia: fast } = DEFINITIONS;
    const isSlow = count >= slow.beats && rate(slow.beats) < slow.perMinute;
    const isFast = count >= fast.beats && rate(fast.beats) > fast.perMinute;
    state("extreme-bradycardia", isSlow, time(slow.beats - 1), time(1));
    state("extreme-tachycardia", isFast, time(fast.beats - 1), time(1));
  }

  function runs(): void {
    const { ventricularTachycardia: fast, couplet } = DEFINITIONS;
    // A couplet is two and no more: it is known when the next beat is another.
    if (run === 0 && runBefore === couplet) {
      const span: RhythmSpan = { kind: "ventricular-couplet", from: time(couplet) };
      onBegin(span);
      onEnd(span, time(1));
    }
    const isFast = run >= fast.beats && rate(fast.beats) > fast.perMinute;
    state("ventricular-run", run >= DEFINITIONS.run, time(run - 1), time(1));
    state("ventricular-tachycardia", isFast, time(fast.beats - 1), time(1));
  }

  function patterns(): void {
    for (const [kind, length] of PATTERNS) {
      const beats = length * DEFINITIONS.patterns;
      state(kind, count >= beats && repeats(classes, length), time(beats - 1), time(1));
    }
  }

  return {
    beat(at, isVentricular = false) {
      if (!Number.isFinite(at) || at <= anchor) return;
      stillness(at);
      for (const kind of ["asystole", "pause"] as const) state(kind, false, at, at);
      times[count % KEPT] = at;
      count++;
      anchor = at;
      runBefore = run;
      run = isVentricular ? run + 1 : 0;
      classes = ((classes << 1) | Number(isVentricular)) & ((1 << PATTERN_KEPT) - 1);
      rates();
      runs();
      patterns();
    },
    until(at) {
      if (!Number.isFinite(at)) return;
      if (Number.isNaN(anchor)) anchor = at;
      else stillness(at);
    },
    lost(at) {
      for (const kind of [...open.keys()]) state(kind, false, at, at);
      count = run = classes = 0;
      anchor = Number.NaN;
    },
  };
}

/** Exactly one ventricular beat in each `length`, always at the same place. */
function repeats(classes: number, length: number): boolean {
  let ventricular = 0;
  for (let i = 0; i < length * DEFINITIONS.patterns; i++) {
    const isVentricular = (classes >> i) & 1;
    if (i < length) ventricular += isVentricular;
    else if (isVentricular !== ((classes >> (i - length)) & 1)) return false;
  }
  return ventricular === 1;
}
