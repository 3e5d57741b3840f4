import { uuidV7 } from "@openward/runtime";
import { hashBytes } from "./ids.ts";
import type { Deliveries, FirstDelivery } from "./ports.ts";

const REMEMBERED = 100_000;
/** Longer ago it is another message: transports use their packet ids again. */
const REMEMBER_MS = 10 * 60_000;

/**
 * Recognises a message that is delivered again, so that one without a time of its own gets the time and the place
 * of the first delivery, and one that was quarantined is not quarantined twice.
 */
export interface RecentDeliveries {
  /**
   * When this message was received first: now, unless it is a re-delivery of one that is remembered.
   *
   * @param place of what is received now: the association's id
   * @param isRedelivery false: a new message, which re-deliveries of this key from now on repeat
   */
  received(
    deviceId: string,
    key: string,
    receivedAt: number,
    isRedelivery: boolean,
    place: (receivedAt: number) => string | null,
  ): FirstDelivery;
  /**
   * What must be known before `received` can tell: after a start, what was delivered before it. undefined: nothing.
   *
   * @throws OutsideTrouble STORE_RECOVERING
   */
  pending(deviceId: string, key: string, isRedelivery: boolean): Promise<void> | undefined;
}

export function createRecentDeliveries(deliveries: Deliveries): RecentDeliveries {
  const recent = new Map<string, FirstDelivery>();
  return {
    received(deviceId, key, receivedAt, isRedelivery, place) {
      const name = `${deviceId}\n${key}`;
      const before = isRedelivery ? (recent.get(name) ?? deliveries.first(deviceId, key)) : undefined;
      const isKnown = before !== undefined && receivedAt - before.receivedAt < REMEMBER_MS;
      const first = isKnown ? before : { receivedAt, associationId: place(receivedAt) };
      recent.delete(name);
      recent.set(name, first);
      for (const [oldest, { receivedAt: at }] of recent) {
        if (recent.size <= REMEMBERED && receivedAt - at < REMEMBER_MS) break;
        recent.delete(oldest);
      }
      return first;
    },
    pending(deviceId, key, isRedelivery) {
      if (!isRedelivery || recent.has(`${deviceId}\n${key}`)) return undefined;
      const { pending } = deliveries;
      // Of a body that turns out to be unreadable, nobody waits for it.
      pending?.catch(() => {});
      return pending;
    },
  };
}

/** Sorts by time, and is the same for the same delivery. */
export function deliveryId(deviceId: string, key: string, firstReceived: number): string {
  return uuidV7(firstReceived, hashBytes(`${deviceId}\n${key}`, 10));
}
