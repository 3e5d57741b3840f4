import type { Random, Timer, Timers } from "@openward/runtime";
import { backoffMs } from "../backoff.ts";

/** Something that sleeps until there is more to do, until a time, or until it is stopped. */
export function createWaiter(timers: Pick<Timers, "after">) {
  const stopping = new AbortController();
  let isMore = true;
  let wake: (() => void) | undefined;

  const sleep = (ms: number | null, isWoken: boolean) =>
    new Promise<void>((resolve) => {
      if (stopping.signal.aborted || (isWoken && isMore)) return resolve();
      let timer: Timer | undefined;
      const done = () => {
        timer?.cancel();
        wake = undefined;
        stopping.signal.removeEventListener("abort", done);
        resolve();
      };
      stopping.signal.addEventListener("abort", done, { once: true });
      if (isWoken) wake = done;
      if (ms !== null) timer = timers.after(ms, done);
    });

  return {
    signal: stopping.signal,
    get isStopped() {
      return stopping.signal.aborted;
    },
    /** From here on what comes is more. */
    begin(): void {
      isMore = false;
    },
    more(): void {
      isMore = true;
      wake?.();
    },
    /** Until there is more, or so long; null: however long. */
    untilMore: (ms: number | null) => sleep(ms, true),
    /** So long, whatever comes. */
    pause: (ms: number) => sleep(ms, false),
    stop(): void {
      stopping.abort();
    },
  };
}

export type Waiter = ReturnType<typeof createWaiter>;

const TROUBLES_MAX = 4;

/** One step after the other until it is stopped or over; after trouble it waits, longer each time up to a minute or so. */
export async function stepping(
  waiter: Waiter,
  step: () => Promise<void>,
  deps: {
    readonly random: Pick<Random, "float">;
    readonly onTrouble: (error: unknown) => void;
    /** Over for another reason than that it was stopped. */
    readonly isOver?: () => boolean;
  },
): Promise<void> {
  const isOver = () => waiter.isStopped || deps.isOver?.() === true;
  let trouble = 0;
  while (!isOver()) {
    waiter.begin();
    try {
      await step();
      trouble = 0;
    } catch (error) {
      if (isOver()) return;
      trouble++;
      deps.onTrouble(error);
      await waiter.pause(backoffMs(Math.min(trouble, TROUBLES_MAX), null, deps.random));
    }
  }
}
