import type { Clock, Timers } from "./index.ts";

/** How long work may go on before everything else has its turn. */
const TURN_MS = 8;

/** Waited for between two small pieces of long work: resolves at once while the turn lasts. */
export type Turn = () => Promise<void>;

/**
 * One turn after the other for all long work of a process: sockets, timers and alarms come between any two of them,
 * however many answers are being made at once. Who waits goes on in the order in which they asked.
 */
export function createTurns({
  clock,
  timers,
}: {
  readonly clock: Pick<Clock, "monotonic">;
  readonly timers: Pick<Timers, "after">;
}): Turn {
  const waiting: (() => void)[] = [];
  let isRunning = false;
  let began = 0;

  const begin = () => {
    isRunning = true;
    began = clock.monotonic();
    timers.after(0, () => {
      isRunning = false;
      const first = waiting.shift();
      if (!first) return;
      begin();
      first();
    });
  };

  return () => {
    if (!isRunning) {
      begin();
      return DONE;
    }
    // Nobody overtakes those who wait.
    if (waiting.length === 0 && clock.monotonic() - began < TURN_MS) return DONE;
    return new Promise((resolve) => void waiting.push(resolve));
  };
}

/** Work that stops between small pieces, with a turn at each stop. */
export async function inTurns<T>(turn: Turn, work: Generator<void, T>): Promise<T> {
  for (;;) {
    await turn();
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Where nothing else waits: a command that does one thing. */
export const noTurns: Turn = () => DONE;

const DONE = Promise.resolve();
