import type { Clock } from "@openward/runtime";

/** When each device was last heard of, whatever became of what it sent. In memory, from the live path. */
export interface Sightings {
  saw(deviceId: string): void;
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
    saw: (deviceId) => void seen.set(deviceId, clock.now()),
    lastSeenAt: (deviceId) => seen.get(deviceId),
  };
}
