import type { Clock, Timer, Timers } from "@openward/runtime";
import { dayOf } from "./group.ts";
import type { JournalLog } from "./ports.ts";
import type { JournalRows } from "./rows.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const DAYS_AHEAD = 4;

/** The partitions of the journal and of what was sent: made some days ahead, dropped when they are old (and in blocks). */
export interface Days {
  /** The journal takes rows of this day ("2026-11-23"). */
  has(day: string): boolean;
  prepare(day: string): Promise<void>;
  start(): Promise<void>;
  stop(): void;
}

export interface DaysOptions {
  readonly rows: JournalRows;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly journalDays: number;
  /** Of what was sent; the journal says what came of it, and is kept for as long at least. */
  readonly rawDays: number;
  readonly log: JournalLog;
}

export function createDays({ rows, clock, timers, journalDays, rawDays, log }: DaysOptions): Days {
  const ready = new Set<string>();
  let timer: Timer | undefined;
  let isStopped = false;

  const prepare = async (first: number, count: number) => {
    await rows.prepareDays(dayOf(first), count);
    for (let n = 0; n < count; n++) ready.add(dayOf(first + n * DAY_MS));
  };
  const tidy = async () => {
    try {
      await prepare(clock.now() - DAY_MS, DAYS_AHEAD + 1);
      if (isStopped) return;
      const daysAgo = (days: number) => dayOf(clock.now() - days * DAY_MS);
      const dropped = await rows.dropRawBefore(daysAgo(rawDays));
      if (dropped > 0) log.info({ dropped }, "old days of what was sent were dropped");
      if (isStopped) return;
      const before = daysAgo(Math.max(journalDays, rawDays));
      const droppedDays = await rows.dropBefore(before);
      // Whoever comes late to a day of which anything was dropped makes it again.
      for (const day of ready) if (day < before || day < daysAgo(rawDays)) ready.delete(day);
      if (droppedDays > 0) log.info({ dropped: droppedDays }, "old days of the journal were dropped");
    } catch (error) {
      log.warn({ reason: (error as Error).message }, "the journal's days could not be tidied; trying again in an hour");
    }
  };

  return {
    has: (day) => ready.has(day),
    prepare: (day) => prepare(Date.parse(`${day}T00:00:00Z`), 1),
    async start() {
      await prepare(clock.now() - DAY_MS, DAYS_AHEAD + 1);
      timer = timers.every(HOUR_MS, () => void tidy());
      void tidy();
    },
    /** What runs in the database is not waited for: a stop must not hang on it. */
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}
