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
  /** Whether a burst could be heard, before there is one: a loudspeaker that is none is found on a quiet day. */
  check(): Promise<void>;
  /** The last burst, or check, could not be played: why, and since when, ms UTC. */
  readonly fault: { readonly reason: string; readonly since: number } | null;
  readonly isPaused: boolean;
  stop(): void;
}

const ORDER: readonly Priority[] = ["high", "medium", "low"];

export function createRinger({
  play,
  check = async () => {},
  melodyOf,
  runtime,
  report,
  onFault = () => {},
}: {
  play: Play;
  check?: () => Promise<void>;
  melodyOf: (signal: string | null) => Melody;
  runtime: Pick<Runtime, "clock" | "timers">;
  report: (error: unknown) => void;
  /** There is another fault, or none any more. */
  onFault?: () => void;
}): Ringer {
  const { clock, timers } = runtime;
  let alarms: readonly LocalAlarm[] = [];
  let next: Timer | undefined;
  let nextAt = Number.POSITIVE_INFINITY;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let pausedFor: Priority = "low";
  let fault: Ringer["fault"] = null;
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
    void heard(play(waveFile(burst), alarm.priority));
  }

  async function heard(playing: Promise<void>): Promise<void> {
    const before = fault;
    try {
      await playing;
      fault = null;
    } catch (error) {
      fault = { reason: (error as Error).message.slice(0, 200), since: before?.since ?? clock.now() };
      report(error);
    }
    if (fault?.reason !== before?.reason) onFault();
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
    check: () => heard(check()),
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
