import type { JournalEntry } from "@openward/model";
import type { Runtime, Timer } from "@openward/runtime";
import type { Journal } from "./ports.ts";

/**
 * Makes alarms, acknowledgements and standby durable behind the caller's back: an alarm is raised at once, whatever
 * the database does, and its record follows, in order, as soon as the journal takes it.
 */
export interface Writer {
  write(entry: JournalEntry): void;
  /** Entries that are not durable yet. */
  unsaved(): number;
  /** Resolves when nothing waits, or after one failed attempt. */
  flush(): Promise<void>;
  stop(): void;
}

const BATCH = 500;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;
/** Beyond this, older revisions of the same alarm give way to its newest: the outcome is kept, steps between are not. */
const LIMIT = 50_000;

export function createWriter({
  runtime,
  journal,
  report,
}: {
  runtime: Runtime;
  journal: Journal;
  report: (error: unknown, doing: string) => void;
}): Writer {
  let waiting: JournalEntry[] = [];
  let inFlight: Promise<boolean> | undefined;
  let retry: Timer | undefined;
  let retryMs = FIRST_RETRY_MS;
  let stopped = false;

  async function attempt(): Promise<boolean> {
    const batch = waiting.slice(0, BATCH);
    try {
      await journal.append(batch);
      waiting = waiting.slice(batch.length);
      retryMs = FIRST_RETRY_MS;
      return true;
    } catch (error) {
      report(error, "writing alarms to the journal");
      return false;
    }
  }

  function pump(): void {
    if (inFlight || retry || stopped || waiting.length === 0) return;
    inFlight = attempt().then((saved) => {
      inFlight = undefined;
      if (saved) pump();
      else if (!stopped) {
        retry = runtime.timers.after(retryMs, () => {
          retry = undefined;
          pump();
        });
        retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
      }
      return saved;
    });
  }

  function thin(): void {
    // The batch in flight stands at the front and must stay there.
    const kept: JournalEntry[] = waiting.slice(0, BATCH);
    const newest = new Map<string, number>();
    const rest = waiting.slice(BATCH);
    rest.forEach((entry, i) => {
      if (entry.kind === "alarm") newest.set(entry.alarm.id, i);
    });
    rest.forEach((entry, i) => {
      if (entry.kind !== "alarm" || newest.get(entry.alarm.id) === i) kept.push(entry);
    });
    waiting = kept;
  }

  return {
    write(entry) {
      waiting.push(entry);
      if (waiting.length > LIMIT && waiting.length % 1_000 === 0) thin();
      pump();
    },
    unsaved: () => waiting.length,
    async flush() {
      retry?.cancel();
      retry = undefined;
      pump();
      while (inFlight && (await inFlight));
    },
    stop() {
      stopped = true;
      retry?.cancel();
    },
  };
}
