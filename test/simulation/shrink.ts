import { type HistoryOptions, type Outcome, runHistory } from "./history.ts";
import type { Plan } from "./plan.ts";

export interface Shortest {
  /** Which steps of the plan are left. */
  readonly steps: readonly number[];
  readonly outcome: Outcome;
}

/** Of a plan those steps alone. */
export function chosen(plan: Plan, steps: readonly number[]): Plan {
  return { ...plan, steps: plan.steps.filter((_, i) => steps.includes(i)) };
}

/**
 * The fewest steps found that break the same invariant: halves, quarters, ... are left out as long as it still breaks.
 *
 * @param runsMax histories that are tried
 */
export async function shrink(plan: Plan, broken: Outcome, options: HistoryOptions, runsMax = 300): Promise<Shortest> {
  let steps = plan.steps.map((_, i) => i);
  let runs = 0;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let at = 0; at < steps.length && runs < runsMax; ) {
      const fewer = [...steps.slice(0, at), ...steps.slice(at + size)];
      runs++;
      const outcome = await runHistory(chosen(plan, fewer), options);
      if (outcome.broken?.invariant === broken.broken?.invariant) steps = fewer;
      else at += size;
    }
  }
  return { steps, outcome: await runHistory(chosen(plan, steps), { ...options, isTraced: true }) };
}
