import { OutsideTrouble } from "@openward/errors";
import type { Timer, Timers } from "@openward/runtime";

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: OutsideTrouble) => void;
  readonly timer: Timer | undefined;
}

/** Something of before the start that is not known yet; it opens once. */
export interface Gate {
  readonly isOpen: boolean;
  open(): void;
  /** @throws OutsideTrouble STORE_RECOVERING when it takes longer than this, or the server stops */
  wait(ms: number): Promise<void>;
  /** Nobody waits any more. */
  stop(): void;
}

export function stillRecovering(): OutsideTrouble {
  return new OutsideTrouble("STORE_RECOVERING", true, { at: "journal" });
}

export function createGate(timers: Timers): Gate {
  const waiters = new Set<Waiter>();
  let isOpen = false;
  let isStopped = false;

  const release = (how: (waiter: Waiter) => void) => {
    for (const waiter of waiters) {
      waiter.timer?.cancel();
      how(waiter);
    }
    waiters.clear();
  };

  return {
    get isOpen() {
      return isOpen;
    },
    open() {
      isOpen = true;
      release(({ resolve }) => resolve());
    },
    wait(ms) {
      if (isOpen) return Promise.resolve();
      if (isStopped) return Promise.reject(stillRecovering());
      return new Promise((resolve, reject) => {
        const giveUp = () => {
          waiters.delete(waiter);
          reject(stillRecovering());
        };
        const timer = Number.isFinite(ms) ? timers.after(ms, giveUp) : undefined;
        const waiter: Waiter = { resolve, reject, timer };
        waiters.add(waiter);
      });
    },
    stop() {
      isStopped = true;
      release(({ reject }) => reject(stillRecovering()));
    },
  };
}
