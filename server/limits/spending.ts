import type { Clock } from "@openward/runtime";
import { createBounded } from "./bounded.ts";

export interface Allowance {
  /** Units that come back each second; 0: there is no limit. */
  readonly perSecond: number;
  /** Units that may be spent at once. */
  readonly atOnce: number;
}

const REMEMBERED = 20_000;

/**
 * What each identity has spent lately: a bucket that fills steadily, kept as the one time at which it will be full again
 * (the generic cell rate algorithm).
 */
export function createSpending({ clock }: { readonly clock: Clock }) {
  const fullAt = createBounded<number>(REMEMBERED, (at) => at);

  const pay = (who: string, cost: number, { perSecond, atOnce }: Allowance, isForced: boolean): number => {
    if (perSecond === 0) return 0;
    const now = clock.monotonic();
    const emptyMs = (atOnce / perSecond) * 1000;
    const next = Math.max(now, fullAt.get(who) ?? now) + (cost / perSecond) * 1000;
    const waitMs = next - now - emptyMs;
    if (waitMs > 0 && !isForced) return waitMs;
    // A debt is no larger than what may be spent at once: whoever stops is free again soon.
    fullAt.set(who, Math.min(next, now + 2 * emptyMs));
    return 0;
  };

  return {
    /** @returns 0 where it was paid; else after how many milliseconds it can be, and nothing was taken */
    spend: (who: string, cost: number, allowance: Allowance): number => pay(who, cost, allowance, false),
    /** Is taken in any case, also beyond what is there. */
    charge: (who: string, cost: number, allowance: Allowance): void => void pay(who, cost, allowance, true),
    get size() {
      return fullAt.size;
    },
  };
}

export type Spending = ReturnType<typeof createSpending>;
