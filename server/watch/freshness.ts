import type { Millis } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { steadyClock } from "@openward/runtime/steady";

/**
 * Is a reading current, so that it may raise an alarm, or is it old data that arrives late?
 *
 * Device and server clocks are both wrong at times. A reading counts as current when any honest account of the clocks
 * makes it so: the server's time of day, the time of day before somebody set it, or the device's own statement of what
 * its clock shows. A stream of which nothing is current counts as silent, so that its missing-data alarm tells.
 */
export interface Freshness {
  /** Called with every message, so that a clock that is set is noticed when it is set. */
  observe(receivedAt: Millis): void;
  isCurrent(deviceId: string, time: Millis, receivedAt: Millis, maxAgeMs: number): boolean;
  /** The same of something that came before the last stop, when the clocks were others. */
  wasCurrent(deviceId: string, time: Millis, receivedAt: Millis, maxAgeMs: number): boolean;
  /** The device said what its clock shows. */
  deviceClock(deviceId: string, clock: Millis, receivedAt: Millis): void;
  /** Its times are corrected before they come here: what it says of its clock is in them already. */
  corrected(deviceId: string, isCorrected: boolean): void;
}

/** Below this a device's clock needs no correction here. */
const WRONG_CLOCK_MS = 60_000;

export function createFreshness({ runtime }: { runtime: Runtime }): Freshness {
  const steady = steadyClock(runtime.clock);
  /** Server time less device time, where a device has said that its clock is off. */
  const behind = new Map<string, number>();
  const corrected = new Set<string>();
  // Thousands of streams speak within one millisecond, and one look at the clocks does for all of them.
  let lookedAt = Number.NaN;
  let steadyNow = 0;
  function wasCurrent(deviceId: string, time: Millis, receivedAt: Millis, maxAgeMs: number): boolean {
    if (receivedAt - time <= maxAgeMs) return true;
    const offset = behind.get(deviceId);
    return offset !== undefined && !corrected.has(deviceId) && Math.abs(receivedAt - offset - time) <= maxAgeMs;
  }
  return {
    observe(receivedAt) {
      if (receivedAt === lookedAt) return;
      lookedAt = receivedAt;
      steadyNow = steady.now();
    },
    isCurrent(deviceId, time, receivedAt, maxAgeMs) {
      return steadyNow - time <= maxAgeMs || wasCurrent(deviceId, time, receivedAt, maxAgeMs);
    },
    wasCurrent,
    deviceClock(deviceId, clock, receivedAt) {
      const offset = receivedAt - clock;
      if (Math.abs(offset) > WRONG_CLOCK_MS) behind.set(deviceId, offset);
      else behind.delete(deviceId);
    },
    corrected(deviceId, isCorrected) {
      if (isCorrected) corrected.add(deviceId);
      else corrected.delete(deviceId);
    },
  };
}
