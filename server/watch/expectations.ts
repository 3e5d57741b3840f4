import { rhythmOf } from "@openward/drivers";
import type { Expectation, Stream } from "@openward/model";
import type { Devices } from "./ports.ts";

/** So many intervals make a rhythm. */
export const LEARN_FROM = 20;

/** The last intervals between arrivals of a stream, in milliseconds. */
export interface Rhythm {
  readonly intervals: Float32Array;
  count: number;
  lastAt: number;
}

export function newRhythm(): Rhythm {
  return { intervals: new Float32Array(LEARN_FROM), count: 0, lastAt: Number.NaN };
}

/** @param at monotonic milliseconds */
export function beat(rhythm: Rhythm, at: number): void {
  if (!Number.isNaN(rhythm.lastAt)) {
    rhythm.intervals[rhythm.count % LEARN_FROM] = at - rhythm.lastAt;
    rhythm.count++;
  }
  rhythm.lastAt = at;
}

/** The median of the last intervals, rounded to 100 ms; undefined before there are enough of them. */
export function learned(rhythm: Rhythm | undefined): number | undefined {
  if (!rhythm || rhythm.count < LEARN_FROM) return undefined;
  const sorted = Float32Array.from(rhythm.intervals).sort();
  const middle = ((sorted[LEARN_FROM / 2 - 1] ?? 0) + (sorted[LEARN_FROM / 2] ?? 0)) / 2;
  return Math.max(100, Math.round(middle / 100) * 100);
}

/** How often each stream is expected to speak: what a person confirmed, else the device type, else what was learned. */
export interface Expectations {
  of(stream: Stream, rhythm: Rhythm | undefined): Expectation;
  confirm(streamId: string, intervalMs: number | null): void;
  load(expectations: readonly Expectation[]): void;
  /** Could this stream's rhythm be learned, because nobody has said it? */
  isOpen(stream: Stream): boolean;
}

export function createExpectations({ devices }: { devices: Devices }): Expectations {
  const confirmed = new Map<string, number | null>();
  const typed = (stream: Stream) => rhythmOf(devices.deviceType(stream.deviceId) ?? "generic", stream.signal);
  return {
    of(stream, rhythm) {
      const streamId = stream.id;
      const said = confirmed.get(streamId);
      if (said !== undefined) return { streamId, intervalMs: said, source: "confirmed" };
      const byType = typed(stream);
      if (byType === null) return { streamId, intervalMs: null, source: "on-demand" };
      if (byType !== undefined) return { streamId, intervalMs: byType, source: "device-type" };
      const intervalMs = learned(rhythm);
      if (intervalMs !== undefined) return { streamId, intervalMs, source: "learned" };
      return { streamId, intervalMs: null, source: "on-demand" };
    },
    confirm: (streamId, intervalMs) => void confirmed.set(streamId, intervalMs),
    load(expectations) {
      for (const { streamId, intervalMs, source } of expectations) {
        if (source === "confirmed") confirmed.set(streamId, intervalMs);
      }
    },
    isOpen: (stream) => !confirmed.has(stream.id) && typed(stream) === undefined,
  };
}
