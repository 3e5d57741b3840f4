import type { Clock } from "../live/clock.ts";
import { type Burst, burstOf, type Melody } from "./burst.ts";
import type { Priority } from "./priority.ts";

export interface Sounding {
  readonly priority: Priority;
  readonly melody: Melody;
  /** Of the alarm that sounds, so that a new one is told from the one before. */
  readonly id: string;
}

/** What the speaker does for us. */
export interface Speaker {
  /** False until the browser allows sound, and again when it takes that back. */
  isAllowed(): boolean;
  /** Only works within a user's gesture. */
  allow(): Promise<void>;
  play(burst: Burst): void;
  hush(): void;
  /** Told when the browser allows sound or takes it back. */
  onChange(listener: () => void): void;
}

export interface SoundState {
  /** off: the browser has not allowed it. paused: until `pausedUntil`; it always comes back by itself. */
  readonly state: "off" | "on" | "paused";
  /** Wall time of this machine; null unless paused. */
  readonly pausedUntil: number | null;
  readonly sounding: Priority | null;
}

export interface AlarmSound {
  state(): SoundState;
  subscribe(listener: () => void): () => void;
  /** Within a user's gesture. */
  turnOn(): Promise<void>;
  test(): void;
  pause(): void;
  resume(): void;
  /** The alarms that nobody has answered, most urgent first; empty: silence. */
  follow(alarms: readonly Sounding[]): void;
  tick(): void;
}

/** IEC 60601-1-8: audio paused is for a stated time. */
export const PAUSE_MS = 120_000;

export function createAlarmSound(deps: { readonly clock: Clock; readonly speaker: Speaker }): AlarmSound {
  const { clock, speaker } = deps;
  const listeners = new Set<() => void>();
  let wanted: readonly Sounding[] = [];
  let nextBurstAt = 0;
  let pausedUntil: number | null = null;
  let seenHigh: ReadonlySet<string> = new Set();
  let state: SoundState = { state: speaker.isAllowed() ? "on" : "off", pausedUntil: null, sounding: null };

  function update(): void {
    const next: SoundState = {
      state: !speaker.isAllowed() ? "off" : pausedUntil === null ? "on" : "paused",
      pausedUntil,
      sounding: wanted[0]?.priority ?? null,
    };
    if (next.state === state.state && next.pausedUntil === state.pausedUntil && next.sounding === state.sounding) {
      return;
    }
    state = next;
    for (const listener of listeners) listener();
  }

  function tick(): void {
    if (pausedUntil !== null && clock.wall() >= pausedUntil) pausedUntil = null;
    const top = wanted[0];
    if (top && pausedUntil === null && speaker.isAllowed() && clock.monotonic() >= nextBurstAt) {
      const burst = burstOf(top.priority, top.melody);
      speaker.play(burst);
      nextBurstAt = clock.monotonic() + burst.periodMs;
    }
    update();
  }

  speaker.onChange(tick);

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async turnOn() {
      await speaker.allow();
      tick();
    },
    test() {
      speaker.play(burstOf("medium"));
      nextBurstAt = Math.max(nextBurstAt, clock.monotonic() + 3_000);
    },
    pause() {
      pausedUntil = clock.wall() + PAUSE_MS;
      seenHigh = new Set(wanted.filter((a) => a.priority === "high").map((a) => a.id));
      speaker.hush();
      update();
    },
    resume() {
      pausedUntil = null;
      nextBurstAt = 0;
      tick();
    },
    follow(alarms) {
      const before = wanted[0];
      wanted = alarms;
      const top = alarms[0];
      // A high alarm that came after the pause began is heard at once.
      if (pausedUntil !== null && alarms.some((a) => a.priority === "high" && !seenHigh.has(a.id))) pausedUntil = null;
      if (!top) {
        speaker.hush();
        nextBurstAt = 0;
      } else if (!before || isMoreUrgent(top.priority, before.priority)) {
        speaker.hush();
        nextBurstAt = 0;
      }
      tick();
    },
    tick,
  };
}

const rank = { high: 0, medium: 1, low: 2 } as const;
const isMoreUrgent = (a: Priority, b: Priority): boolean => rank[a] < rank[b];
