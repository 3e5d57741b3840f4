import type { Delivery } from "@openward/model";
import { MINUTE_MS } from "./periods.ts";

/** How long a delivery is recognised again. */
export const REMEMBER_MS = 10 * MINUTE_MS;

/** Of each generation: a flood of messages without a time costs memory up to here, and is remembered for less long. */
const GENERATION_MAX = 200_000;

type FirstDelivery = Pick<Delivery, "receivedAt" | "associationId">;

/** Deliveries of the last ten to twenty minutes: two generations, of which the older is let go as a whole. */
export class RecentDeliveries {
  #young = new Map<string, FirstDelivery>();
  #old = new Map<string, FirstDelivery>();
  #since = Number.NEGATIVE_INFINITY;

  add({ deviceId, key, receivedAt, associationId }: Delivery, now: number): void {
    if (now - this.#since >= REMEMBER_MS || this.#young.size >= GENERATION_MAX) {
      this.#old = now - this.#since < 2 * REMEMBER_MS ? this.#young : new Map();
      this.#young = new Map();
      this.#since = now;
    }
    // A re-delivery carries the time and place of the first; a new message under a key that is used again, its own.
    this.#young.set(nameOf(deviceId, key), { receivedAt, associationId });
  }

  first(deviceId: string, key: string): FirstDelivery | undefined {
    const name = nameOf(deviceId, key);
    return this.#young.get(name) ?? this.#old.get(name);
  }
}

function nameOf(deviceId: string, key: string): string {
  return `${deviceId}\n${key}`;
}
