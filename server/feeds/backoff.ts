import type { Random } from "@openward/runtime";

const FIRST_MS = 5_000;
const LONGEST_MS = 3_600_000;
/** So long without one success, and it is paused: whoever looks after it is told why. */
export const GIVE_UP_MS = 3 * 86_400_000;

/**
 * How long until the next try: twice as long each time up to an hour, up to a fifth more or less, so that many receivers of one
 * house that was away are not called at one moment.
 *
 * @param failures in a row, at least 1
 * @param askedMs what the receiver asked for
 */
export function backoffMs(failures: number, askedMs: number | null, random: Pick<Random, "float">): number {
  const base = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  const spread = base * (0.8 + 0.4 * random.float());
  return Math.round(Math.max(spread, Math.min(askedMs ?? 0, LONGEST_MS)));
}
