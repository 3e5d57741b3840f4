import type { Clock } from "./index.ts";

/** A jump that is still there after this long is believed. */
const BELIEVE_AFTER_MS = 15 * 60_000;
/** Smaller differences are the ordinary slewing of a disciplined clock. */
const SLEW_MS = 1_000;

/**
 * The time of day as it would be had nobody set the clock of late: it follows the wall clock, but takes a jump only
 * after a quarter of an hour. Whoever must not miss something because an operator moved the clock asks both.
 */
export interface SteadyClock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
}

export function steadyClock(clock: Clock): SteadyClock {
  let anchor = clock.now() - clock.monotonic();
  let jumpedAt: number | null = null;
  return {
    now() {
      const mono = clock.monotonic();
      const offset = clock.now() - mono;
      if (Math.abs(offset - anchor) <= SLEW_MS) {
        anchor = offset;
        jumpedAt = null;
      } else if (jumpedAt === null) {
        jumpedAt = mono;
      } else if (mono - jumpedAt >= BELIEVE_AFTER_MS) {
        anchor = offset;
        jumpedAt = null;
      }
      return anchor + mono;
    },
  };
}
