import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { runHistory } from "./history.ts";
import { planOf } from "./plan.ts";
import { chosen, shrink } from "./shrink.ts";

export interface Found {
  readonly seed: number;
  readonly invariant: string;
  readonly detail: string;
}

export interface Campaign {
  readonly histories: number;
  readonly messages: number;
  readonly virtualMs: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly found: readonly Found[];
}

/** Histories of the seeds from `first` on, every `stride`-th. */
export async function simulate(
  first: number,
  count: number,
  stride = 1,
  onHistory: (found?: Found) => void = () => {},
): Promise<Campaign> {
  const counts: Record<string, number> = {};
  const found: Found[] = [];
  let messages = 0;
  let virtualMs = 0;
  let histories = 0;
  for (let i = 0; i < count; i += stride) {
    const seed = first + i;
    const outcome = await runHistory(planOf(seed));
    histories++;
    messages += outcome.messages;
    virtualMs += outcome.virtualMs;
    for (const [what, n] of Object.entries(outcome.counts)) counts[what] = (counts[what] ?? 0) + n;
    const { broken } = outcome;
    const failure = broken && { seed, invariant: broken.invariant, detail: broken.message };
    if (failure) found.push(failure);
    onHistory(failure);
  }
  return { histories, messages, virtualMs, counts, found };
}

/** A history that is over, or all of a worker's. */
export type WorkerMessage = { readonly failure?: Found } | { readonly whole: Campaign };

/** The same on all processors. */
export async function simulateInParallel(first: number, count: number, say: (line: string) => void): Promise<Campaign> {
  const threads = Math.min(availableParallelism(), count);
  let done = 0;
  const onHistory = (failure?: Found) => {
    if (failure) say(`seed ${failure.seed}: ${failure.detail.slice(0, 300)}`);
    if (++done % 500 === 0) say(`${done} of ${count}`);
  };
  const parts = await Promise.all(
    Array.from({ length: threads }, (_, i) => {
      const worker = new Worker(new URL("./campaign-worker.ts", import.meta.url), {
        workerData: { first: first + i, count: count - i, stride: threads },
      });
      return new Promise<Campaign>((resolve, reject) => {
        worker.on("message", (message: WorkerMessage) =>
          "whole" in message ? resolve(message.whole) : onHistory(message.failure),
        );
        worker.on("error", reject);
      });
    }),
  );
  const counts: Record<string, number> = {};
  for (const part of parts) for (const [what, n] of Object.entries(part.counts)) counts[what] = (counts[what] ?? 0) + n;
  const sum = (of: (part: Campaign) => number) => parts.reduce((total, part) => total + of(part), 0);
  return {
    histories: sum((part) => part.histories),
    messages: sum((part) => part.messages),
    virtualMs: sum((part) => part.virtualMs),
    counts,
    found: parts.flatMap(({ found }) => found).sort((a, b) => a.seed - b.seed),
  };
}

/** A failure as a person needs it: how to see it again, the steps that are left of it, and what happened. */
export async function explain(seed: number): Promise<string> {
  const plan = planOf(seed);
  const outcome = await runHistory(plan);
  if (!outcome.broken) return `seed ${seed} breaks nothing`;
  const { steps, outcome: shortest } = await shrink(plan, outcome, {});
  return tellHistory(seed, steps, shortest.trace, `${shortest.broken?.invariant}: ${shortest.broken?.message}`);
}

/** @param steps of the plan; all of them where none are named */
export async function replay(seed: number, steps?: readonly number[]): Promise<string> {
  const plan = planOf(seed);
  const outcome = await runHistory(steps ? chosen(plan, steps) : plan, { isTraced: true });
  const verdict = outcome.broken ? `${outcome.broken.invariant}: ${outcome.broken.message}` : "breaks nothing";
  return tellHistory(seed, steps ?? [], outcome.trace, verdict);
}

function tellHistory(seed: number, steps: readonly number[], trace: readonly string[], verdict: string): string {
  const again = `npm run campaign:simulate -- replay ${seed}${steps.length > 0 ? ` ${steps.join(",")}` : ""}`;
  return [...trace, `seed ${seed}: ${verdict}`, `again: ${again}`].join("\n");
}
