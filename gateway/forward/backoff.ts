import type { Random } from "@openward/runtime";

/** Doubled with each failure, and spread, so that a thousand gateways do not come back in the same second. */
export interface Backoff {
  /** After one more failure: how long to wait, in milliseconds. */
  next(): number;
  reset(): void;
}

/** @returns between half of and the whole of first x 2^n, at most `maxMs` */
export function createBackoff(random: Pick<Random, "float">, { firstMs = 1_000, maxMs = 60_000 } = {}): Backoff {
  let failures = 0;
  return {
    next() {
      const wholeMs = Math.min(maxMs, firstMs * 2 ** Math.min(failures++, 20));
      return wholeMs / 2 + (random.float() * wholeMs) / 2;
    },
    reset() {
      failures = 0;
    },
  };
}
