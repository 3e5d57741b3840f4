import type { Runtime, Timer } from "@openward/runtime";
import type { JournalLog } from "./ports.ts";
import type { ReadingPace } from "./recovery.ts";

/** The journal is read for so long, then everybody else has a turn: what an ack waits for it. */
const TURN_MS = 5;
const AGAIN_MS = 200;
const AGAIN_MS_MAX = 5_000;

/** Reading beside serving, and again when the database is away. */
export interface Pace extends ReadingPace {
  /** Does something until it does not reject. */
  untilDone(work: () => Promise<void>): Promise<void>;
  readonly isStopped: boolean;
  /** Whoever reads gives up. */
  stop(): void;
}

/** @param pauseMs after each row; 0: only when others have waited for their turn */
export function createPace({ clock, timers }: Pick<Runtime, "clock" | "timers">, log: JournalLog, pauseMs = 0): Pace {
  let began = clock.monotonic();
  let againMs = AGAIN_MS;
  let isStopped = false;
  let pausing: { readonly timer: Timer; readonly end: () => void } | undefined;

  const pause = async (ms: number) => {
    if (!isStopped) {
      await new Promise<void>((resolve) => {
        pausing = { timer: timers.after(ms, resolve), end: resolve };
      });
      pausing = undefined;
    }
    if (isStopped) throw new Error("the server stops");
    began = clock.monotonic();
  };

  const pace: Pace = {
    turn() {
      if (isStopped) return Promise.reject(new Error("the server stops"));
      againMs = AGAIN_MS;
      if (pauseMs > 0) return pause(pauseMs);
      return clock.monotonic() - began < TURN_MS ? undefined : pause(0);
    },
    async failed(error) {
      log.warn({ reason: (error as Error).message }, "the journal cannot be read at the moment; trying again");
      const ms = againMs;
      againMs = Math.min(againMs * 2, AGAIN_MS_MAX);
      await pause(ms);
    },
    async untilDone(work) {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          await pace.failed(error);
        }
      }
    },
    get isStopped() {
      return isStopped;
    },
    stop() {
      isStopped = true;
      pausing?.timer.cancel();
      pausing?.end();
    },
  };
  return pace;
}
