import type { Millis } from "@openward/model";

/** Of one device: when its clock was last compared with the server's, and what came of it. */
export interface ClockTrack {
  seenMono: number;
  /** Device time less server time, ms. */
  offsetMs: number;
  /** The same as the device itself last told it, in a status: no delay on the way can look like that. 0: nothing told. */
  statedOffsetMs: number;
}

const EVERY_MS = 60_000;
const MOVED_MS = 1_000;
/** Not more often than this, however the offset moves: the way of a message takes its own time. */
const AT_MOST_EVERY_MS = 5_000;

export function newClockTrack(): ClockTrack {
  return { seenMono: Number.NEGATIVE_INFINITY, offsetMs: Number.NaN, statedOffsetMs: 0 };
}

/**
 * Is it time to look at the clock again? Where the last look is a minute old or the offset has moved by more than a second:
 * what is learnt is written down, and a buffer that is emptied says something else with every message. What the device
 * states of its clock says most.
 */
export function isDue(track: ClockTrack, monotonic: number, offsetMs: number, isStated: boolean): boolean {
  const since = monotonic - track.seenMono;
  const hasMoved = Math.abs(offsetMs - track.offsetMs) > MOVED_MS;
  if (since < AT_MOST_EVERY_MS || (since < EVERY_MS && !hasMoved && !isStated)) return false;
  track.seenMono = monotonic;
  track.offsetMs = offsetMs;
  return true;
}

/** Less is the way of a message, not a wrong clock. */
const WRONG_MS = 1_000;
/** A reading that is dated this much later than the stated clock allows shows that the clock was set since. */
const DISPROVED_MS = 60_000;

export function state(track: ClockTrack, deviceTime: Millis, receivedAt: Millis): void {
  const offsetMs = deviceTime - receivedAt;
  track.statedOffsetMs = Math.abs(offsetMs) > WRONG_MS ? offsetMs : 0;
}

/** @param newest the newest device time that just came */
export function disprove(track: ClockTrack, newest: Millis, receivedAt: Millis): void {
  if (newest - receivedAt > track.statedOffsetMs + DISPROVED_MS) track.statedOffsetMs = 0;
}
