import { type Random, type Runtime, uuidV7 } from "./index.ts";

interface Pending {
  due: number;
  order: number;
  periodMs: number | null;
  run: () => void;
}

/** A runtime whose time moves only when told to, for tests and simulation. */
export interface ManualRuntime extends Runtime {
  /** Move both clocks forward, running the timers that fall due, in order. */
  advance(ms: number): void;
  /** Move both clocks to the next timer and run that one alone; false when none waits. */
  step(): boolean;
  /** Set the time of day only, as an operator or NTP would; timers do not notice. */
  setNow(nowMs: number): void;
  /** How many timers wait. */
  pending(): number;
}

/** @param seed any integer; the same seed gives the same bytes, floats and ids */
export function manualRuntime(startMs = Date.UTC(2026, 0, 1), seed = 1): ManualRuntime {
  let now = startMs;
  let mono = 0;
  let order = 0;
  const waiting = new Set<Pending>();
  const random = seededRandom(seed);

  const add = (delayMs: number, periodMs: number | null, run: () => void) => {
    const entry: Pending = { due: mono + delayMs, order: order++, periodMs, run };
    waiting.add(entry);
    return { cancel: () => void waiting.delete(entry) };
  };

  const nextDue = (until: number): Pending | undefined => {
    let best: Pending | undefined;
    for (const entry of waiting) {
      if (entry.due > until) continue;
      if (!best || entry.due < best.due || (entry.due === best.due && entry.order < best.order)) best = entry;
    }
    return best;
  };

  const fire = (entry: Pending) => {
    now += entry.due - mono;
    mono = entry.due;
    if (entry.periodMs === null) waiting.delete(entry);
    else entry.due += entry.periodMs;
    entry.run();
  };

  return {
    clock: { now: () => now, monotonic: () => mono },
    timers: {
      after: (delayMs, run) => add(delayMs, null, run),
      every: (periodMs, run) => add(periodMs, periodMs, run),
    },
    random,
    ids: { uuid: () => uuidV7(now, random.bytes(10)) },
    advance(ms) {
      const until = mono + ms;
      for (let entry = nextDue(until); entry; entry = nextDue(until)) fire(entry);
      now += until - mono;
      mono = until;
    },
    step() {
      const entry = nextDue(Number.POSITIVE_INFINITY);
      if (entry) fire(entry);
      return entry !== undefined;
    },
    setNow(nowMs) {
      now = nowMs;
    },
    pending: () => waiting.size,
  };
}

/** A small generator (mulberry32): repeatable, not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const float = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    float,
    bytes(length) {
      const out = new Uint8Array(length);
      for (let i = 0; i < length; i++) out[i] = Math.floor(float() * 256);
      return out;
    },
  };
}
