import type { Clock } from "@openward/runtime";

/** When each device was last heard of, whatever became of what it sent. In memory, from the live path. */
export interface Sightings {
  /** @param at left out: now */
  saw(deviceId: string, at?: number): void;
  /** @param before when the streams of each device last spoke, before this process began */
  recall(before: Iterable<Heard>): void;
  /** ms UTC; undefined: not since this process began, as far as is known here. */
  lastSeenAt(deviceId: string): number | undefined;
}

interface Heard {
  readonly stream: { readonly deviceId: string };
  readonly receivedAt: number;
}

export function createSightings(clock: Clock, before: Iterable<Heard> = []): Sightings {
  const seen = new Map<string, number>();
  const recall = (heard: Iterable<Heard>) => {
    for (const { stream, receivedAt } of heard) {
      seen.set(stream.deviceId, Math.max(receivedAt, seen.get(stream.deviceId) ?? Number.NEGATIVE_INFINITY));
    }
  };
  recall(before);
  return {
    recall,
    saw(deviceId, at = clock.now()) {
      const before = seen.get(deviceId);
      if (before === undefined || at > before) seen.set(deviceId, at);
    },
    lastSeenAt: (deviceId) => seen.get(deviceId),
  };
}
