import type { ClockState } from "@openward/model";
import { NEAR_MS, TOO_LATE_MS } from "./track.ts";

/** What was decided of one device's clock, by spans in which nobody set it, ascending. */
export interface Timeline {
  readonly spans: DecidedSpan[];
  /** Nothing was ever wrong: every time is taken as it is. */
  isPlain: boolean;
}

export interface DecidedSpan {
  readonly from: number;
  readonly after: number | null;
  /** Ascending by `appliesFrom`; never empty. */
  pieces: ClockState[];
}

/** What becomes of a time that a device says. */
export type Placed =
  | { readonly outcome: "taken"; readonly time: number; readonly state: ClockState | null; readonly isMarked: boolean }
  /** The clock showed it more than once, and which it was cannot be told. */
  | { readonly outcome: "ambiguous" }
  /** What the clock shows is no time; `time`: when it was, by what was learnt of the clock. */
  | { readonly outcome: "no time"; readonly time: number; readonly state: ClockState };

const SPANS_MAX = 16;
const PIECES_MAX = 64;
/** A clock is set at some instant near what was seen of it. */
const EDGE_MS = 60_000;

export function newTimeline(): Timeline {
  return { spans: [], isPlain: true };
}

/** States come in the order of their sequence. */
export function extend(timeline: Timeline, state: ClockState): void {
  const { spans } = timeline;
  const last = spans[spans.length - 1];
  if (last?.from !== state.from) {
    spans.push({ from: state.from, after: state.after, pieces: [state] });
    if (spans.length > SPANS_MAX) spans.shift();
  } else if (state.appliesFrom === null) last.pieces = [state];
  else {
    last.pieces.push(state);
    if (last.pieces.length > PIECES_MAX) last.pieces.shift();
  }
  timeline.isPlain = spans.every(({ pieces }) => pieces.every(({ leadsTo }) => leadsTo === "kept"));
}

/** The span in which the device is thought to be whose newest time this is; undefined: it cannot be told. */
export function spanOf(timeline: Timeline, newest: number, receivedAt: number): DecidedSpan | undefined {
  const found = candidates(timeline, newest, receivedAt);
  const live = found.filter((one) => one.time >= receivedAt - NEAR_MS - one.slackMs);
  return sameOf(live.length > 0 ? live : found)?.span;
}

/**
 * The same time always becomes the same, whenever it is sent again: by its span, and within that by the piece that holds for
 * this device time.
 *
 * @param preferred the span of what came with it: one message is of one clock, as long as the time can be of it
 */
export function placeTime(
  timeline: Timeline,
  deviceTime: number,
  receivedAt: number,
  preferred: DecidedSpan | undefined,
): Placed {
  const found = candidates(timeline, deviceTime, receivedAt);
  // Nothing that is known of the clock has this time: it may have been set a moment ago.
  if (found.length === 0) return { outcome: "taken", time: deviceTime, state: null, isMarked: true };
  const chosen = sameOf(found) ?? found.find(({ span }) => span === preferred);
  if (chosen) return outcomeOf(timeline, chosen, deviceTime);
  // Where all of them are taken as they are it does not matter which it was.
  const outcomes = found.map((one) => outcomeOf(timeline, one, deviceTime));
  const isSame = outcomes.every((one) => one.outcome === "taken" && one.time === deviceTime);
  const isMarked = outcomes.some((one) => one.outcome === "taken" && one.isMarked);
  return isSame ? { outcome: "taken", time: deviceTime, state: null, isMarked } : { outcome: "ambiguous" };
}

/** Spans of a clock that went on meet where the later begins; undefined: they are of different clocks. */
function sameOf(found: readonly Candidate[]): Candidate | undefined {
  const [first] = found;
  if (!first || found.some((one) => Math.abs(one.time - first.time) > one.slackMs + first.slackMs)) return undefined;
  return found.findLast(({ span, time }) => time >= span.from) ?? first;
}

interface Candidate {
  readonly span: DecidedSpan;
  readonly state: ClockState;
  readonly time: number;
  readonly slackMs: number;
}

function candidates({ spans }: Timeline, deviceTime: number, receivedAt: number): Candidate[] {
  const found: Candidate[] = [];
  for (let i = 0; i < spans.length; i++) {
    const span = spans[i] as DecidedSpan;
    const state = pieceFor(span, deviceTime);
    const time = trueTimeBy(state, deviceTime);
    const slackMs = state.belowMs + state.aboveMs;
    const before = span.after ?? span.from - TOO_LATE_MS;
    const after = spans[i + 1]?.from ?? Number.POSITIVE_INFINITY;
    if (time < before - slackMs - EDGE_MS || time > after + slackMs + EDGE_MS || time > receivedAt + slackMs + NEAR_MS)
      continue;
    found.push({ span, state, time, slackMs });
  }
  return found;
}

function pieceFor({ pieces }: DecidedSpan, deviceTime: number): ClockState {
  for (let i = pieces.length - 1; i > 0; i--) {
    const piece = pieces[i] as ClockState;
    if (piece.appliesFrom !== null && deviceTime >= piece.appliesFrom) return piece;
  }
  return pieces[0] as ClockState;
}

function outcomeOf({ spans }: Timeline, { span, state, time }: Candidate, deviceTime: number): Placed {
  switch (state.leadsTo) {
    case "kept":
      return { outcome: "taken", time: deviceTime, state, isMarked: false };
    case "flagged": {
      // It may be late data of the clock as it was before: so it is taken, and marked.
      const sure = spans.findLast(({ from, pieces }) => from < span.from && pieces[0]?.leadsTo !== "flagged");
      const before = sure && pieceFor(sure, deviceTime);
      if (before?.leadsTo !== "corrected") return { outcome: "taken", time: deviceTime, state, isMarked: true };
      return { outcome: "taken", time: Math.round(trueTimeBy(before, deviceTime)), state: before, isMarked: true };
    }
    case "corrected":
      return { outcome: "taken", time: Math.round(time), state, isMarked: true };
    case "quarantined":
      return { outcome: "no time", time: Math.round(time), state };
  }
}

/** When it was, by a state: deviceTime = time + ahead + drift * (time - at). */
export function trueTimeBy({ at, aheadMs, drift }: ClockState, deviceTime: number): number {
  return (deviceTime - aheadMs + drift * at) / (1 + drift);
}

/** What a device said, and by what it was corrected. */
export interface Said {
  readonly deviceTime: number;
  readonly state: ClockState;
}

/**
 * What the device said, of a time as it is stored: nothing where that is it. Exact to the millisecond where the clock ran
 * evenly, and to two where it drifts. Several where the clock was set around then, and nobody knows when to the second.
 *
 * @param time of a reading that is marked
 */
export function saidOf(timeline: Timeline, time: number): Said[] {
  const found: Said[] = [];
  for (const { pieces } of timeline.spans) {
    for (const state of pieces) {
      if (state.leadsTo !== "corrected") continue;
      const deviceTime = Math.round(time + state.aheadMs + state.drift * (time - state.at));
      // Where it is placed when it comes at once: that is whence it came.
      const placed = placeTime(timeline, deviceTime, time, spanOf(timeline, deviceTime, time));
      const isIt = placed.outcome === "taken" && placed.state === state && Math.abs(placed.time - time) <= 1;
      if (isIt) found.push({ deviceTime, state });
    }
  }
  return found;
}
