/** Time and chance as parameters, so that the logic of the live view is tested without waiting. */
export interface Clock {
  /** Milliseconds of a clock that never goes back, but may stand still while the machine sleeps. */
  monotonic(): number;
  /** Milliseconds since 1970 as this machine believes. */
  wall(): number;
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /** 0 to 1. */
  random(): number;
}

export const browserClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  random: () => Math.random(),
};

/** A moment on both clocks. */
export interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

export function momentOf(clock: Clock): Moment {
  return { monotonic: clock.monotonic(), wall: clock.wall() };
}

/**
 * Milliseconds since a moment: the larger of the two clocks. The monotonic one misses the machine's sleep, the wall
 * clock may be set; being wrong towards "longer ago" only makes a screen say NOT MONITORING for a moment.
 */
export function elapsedSince(moment: Moment, clock: Clock): number {
  return Math.max(clock.monotonic() - moment.monotonic, clock.wall() - moment.wall, 0);
}
