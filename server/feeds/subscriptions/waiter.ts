import type { Timer, Timers } from "@openward/runtime";

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
