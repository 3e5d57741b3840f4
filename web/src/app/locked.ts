import { useSyncExternalStore } from "react";

let isLocked = false;
const listeners = new Set<() => void>();

/** The server said that this screen is locked, or that it is open again. */
export function tellLocked(now: boolean): void {
  if (now === isLocked) return;
  isLocked = now;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

export const useLocked = (): boolean => useSyncExternalStore(subscribe, () => isLocked);
