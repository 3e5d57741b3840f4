import { formatTimeWithSeconds } from "../parts/format.ts";
import type { Live } from "./live.ts";

export interface Watchdog {
  /** From now on this live view counts. @returns ends that */
  guard(live: Live, zone: () => string): () => void;
  /** Drawing has failed: nothing on the screen may be relied on until the page is loaded again. */
  fail(reason: string): void;
  isLost(): boolean;
  subscribe(listener: () => void): () => void;
  tick(): void;
}

interface Notice {
  show(detail: string): void;
  hide(): void;
}

/**
 * Looks at every live view at each tick of a timer of its own, and says NOT MONITORING when one of them is lost.
 *
 * @param endedWords what to say where the server ended a view, of what its code leaves open to whoever stands there
 */
export function createWatchdog(
  notice: Notice,
  endedWords: (code: string) => string | undefined = () => undefined,
): Watchdog {
  const guarded = new Map<Live, () => string>();
  const listeners = new Set<() => void>();
  let failure: string | null = null;
  let wasLost = false;

  function look(): void {
    const lost = [...guarded].find(([live]) => live.state().phase === "lost");
    const isLost = failure !== null || lost !== undefined;
    if (failure !== null) notice.show(failure);
    else if (lost) notice.show(detailOf(lost[0], lost[1](), endedWords));
    else notice.hide();
    if (isLost === wasLost) return;
    wasLost = isLost;
    for (const listener of listeners) listener();
  }

  return {
    guard(live, zone) {
      guarded.set(live, zone);
      const unsubscribe = live.subscribe(look);
      look();
      return () => {
        unsubscribe();
        guarded.delete(live);
        look();
      };
    },
    fail(reason) {
      failure = reason;
      look();
    },
    isLost: () => wasLost,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tick() {
      for (const live of guarded.keys()) live.tick();
      look();
    },
  };
}

function detailOf(live: Live, zone: string, endedWords: (code: string) => string | undefined): string {
  const { lastHeardAt, refused } = live.state();
  if (refused) {
    const ended = endedWords(refused.code) ?? `The server ended this view: ${refused.detail}`;
    return `${ended} Look after the patients directly.`;
  }
  const since =
    lastHeardAt === null
      ? "No connection to the server."
      : `Nothing heard since ${formatTimeWithSeconds(lastHeardAt, zone)}.`;
  return `${since} Look after the patients directly. Connecting again by itself.`;
}
