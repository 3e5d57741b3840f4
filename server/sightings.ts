import type { Clock } from "@openward/runtime";

/** When each device was last heard of, whatever became of what it sent. In memory, from the live path. */
export interface Sightings {
  saw(deviceId: string): void;
  /** ms UTC; undefined: not since this process began, as far as is known here. */
  lastSeenAt(deviceId: string): number | undefined;
}

/** @param before when the streams of each device last spoke, before this process began */
export function createSightings(
  clock: Clock,
  before: Iterable<{ readonly stream: { readonly deviceId: string }; readonly receivedAt: number }>,
): Sightings {
  const seen = new Map<string, number>();
  for (const { stream, receivedAt } of before) {
    seen.set(stream.deviceId, Math.max(receivedAt, seen.get(stream.deviceId) ?? Number.NEGATIVE_INFINITY));
  }
  return {
    saw: (deviceId) => void seen.set(deviceId, clock.now()),
    lastSeenAt: (deviceId) => seen.get(deviceId),
  };
}
