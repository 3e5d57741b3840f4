import type { Runtime, Timer } from "@openward/runtime";
import { burstOf, type Melody, waveFile } from "@openward/tones";
import type { LocalAlarm, Priority } from "../watch/alarms.ts";

/** Plays one burst. Rejects when nothing could be heard. */
export type Play = (wave: Uint8Array, priority: Priority) => Promise<void>;

/** Rings for as long as there is something to ring for, for the most urgent of it, with the pauses of IEC 60601-1-8. */
export interface Ringer {
  /** What there is to ring for now. */
  set(alarms: readonly LocalAlarm[]): void;
  /** Silent for a while, though it goes on: somebody is there. What comes meanwhile, and is more urgent, is heard. */
  pause(forMs: number): void;
  /** The last burst could not be played, in words. */
  readonly fault: string | null;
  readonly isPaused: boolean;
  stop(): void;
}

const ORDER: readonly Priority[] = ["high", "medium", "low"];

export function createRinger({
  play,
  melodyOf,
  runtime,
  report,
}: {
  play: Play;
  melodyOf: (signal: string | null) => Melody;
  runtime: Pick<Runtime, "clock" | "timers">;
  report: (error: unknown) => void;
}): Ringer {
  const { clock, timers } = runtime;
  let alarms: readonly LocalAlarm[] = [];
  let next: Timer | undefined;
  let nextAt = Number.POSITIVE_INFINITY;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let pausedFor: Priority = "low";
  let fault: string | null = null;
  let isStopped = false;

  const mostUrgent = () =>
    alarms.reduce<LocalAlarm | undefined>(
      (most, one) => (!most || ORDER.indexOf(one.priority) < ORDER.indexOf(most.priority) ? one : most),
      undefined,
    );
  const isSilent = ({ priority }: LocalAlarm) =>
    clock.monotonic() < pausedUntil && ORDER.indexOf(priority) >= ORDER.indexOf(pausedFor);

  function schedule(afterMs: number): void {
    next?.cancel();
    nextAt = clock.monotonic() + afterMs;
    next = timers.after(afterMs, ring);
  }

  function ring(): void {
    next = undefined;
    nextAt = Number.POSITIVE_INFINITY;
    const alarm = mostUrgent();
    if (!alarm || isStopped) return;
    if (isSilent(alarm)) {
      schedule(pausedUntil - clock.monotonic());
      return;
    }
    const burst = burstOf(alarm.priority, melodyOf(alarm.signal));
    schedule(burst.periodMs);
    play(waveFile(burst), alarm.priority).then(
      () => {
        fault = null;
      },
      (error: unknown) => {
        fault = (error as Error).message.slice(0, 200);
        report(error);
      },
    );
  }

  return {
    set(now) {
      const before = mostUrgent();
      alarms = now;
      const after = mostUrgent();
      if (!after) {
        next?.cancel();
        next = undefined;
        nextAt = Number.POSITIVE_INFINITY;
        return;
      }
      const isMoreUrgent = !before || ORDER.indexOf(after.priority) < ORDER.indexOf(before.priority);
      if (isMoreUrgent || nextAt === Number.POSITIVE_INFINITY) schedule(0);
    },
    pause(forMs) {
      const alarm = mostUrgent();
      if (!alarm) return;
      pausedFor = alarm.priority;
      pausedUntil = clock.monotonic() + forMs;
    },
    get fault() {
      return fault;
    },
    get isPaused() {
      return clock.monotonic() < pausedUntil;
    },
    stop() {
      isStopped = true;
      next?.cancel();
    },
  };
}
