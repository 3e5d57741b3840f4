import type { Clock } from "@openward/runtime";
import { createBounded } from "./bounded.ts";
import { sourceOf } from "./sources.ts";

/** One try at something that can be guessed. */
export interface Guess {
  /** "device token", "claim code". */
  readonly what: string;
  /** Whose it is; left out where it names nobody. */
  readonly account?: string;
  readonly address: string;
}

/** So many wrong ones cost nothing: fingers slip. */
const FREE = 10;
const FIRST_MS = 1_000;
const LONGEST_MS = 15 * 60_000;
/** Behind the last delay. */
const FORGOTTEN_MS = 60 * 60_000;
const REMEMBERED = 20_000;

/** How long to wait behind so many wrong ones in a row: nothing, then a second, twice as long each time, a quarter of an hour at most. */
export function delayBehind(failures: number, free = FREE, longestMs = LONGEST_MS): number {
  return failures < free ? 0 : Math.min(longestMs, FIRST_MS * 2 ** Math.min(30, failures - free));
}

interface Failures {
  readonly count: number;
  readonly until: number;
}

/**
 * Wrong ones, by account and source together: whoever guesses is slowed down, and nobody is shut out by what comes from
 * elsewhere. Whoever asks in a delay is neither looked at nor counted.
 */
export function createGuesses({ clock }: { readonly clock: Clock }) {
  const failures = createBounded<Failures>(REMEMBERED, ({ count }) => count);
  const keyOf = ({ what, account = "", address }: Guess) => `${what} ${account} ${sourceOf(address)}`;
  const find = (key: string) => {
    const found = failures.get(key);
    if (!found || clock.monotonic() - found.until < FORGOTTEN_MS) return found;
    failures.delete(key);
    return undefined;
  };

  return {
    /** After how many milliseconds the next try counts; 0: now. */
    waitMs: (guess: Guess): number => Math.max(0, (find(keyOf(guess))?.until ?? 0) - clock.monotonic()),
    failed(guess: Guess): void {
      const key = keyOf(guess);
      const count = (find(key)?.count ?? 0) + 1;
      failures.set(key, { count, until: clock.monotonic() + delayBehind(count) });
    },
    succeeded: (guess: Guess): void => failures.delete(keyOf(guess)),
    get size() {
      return failures.size;
    },
  };
}

export type Guesses = ReturnType<typeof createGuesses>;
