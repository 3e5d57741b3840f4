import type { Runtime } from "@openward/runtime";

/**
 * Waits so that no more than this is taken in a second: reading a database fast takes disk and processor from those who
 * wait for their acks.
 *
 * @param bytesPerSecond 0: never waits
 */
export function createPace(
  bytesPerSecond: number,
  { clock, timers }: Pick<Runtime, "clock" | "timers">,
): (bytes: number) => Promise<void> {
  if (bytesPerSecond === 0) return async () => {};
  let due = clock.monotonic();
  return async (bytes) => {
    const now = clock.monotonic();
    // What was not used is not saved up.
    due = Math.max(due, now) + (bytes / bytesPerSecond) * 1000;
    const waitMs = due - now;
    if (waitMs >= 5) await new Promise<void>((resolve) => void timers.after(waitMs, resolve));
  };
}
