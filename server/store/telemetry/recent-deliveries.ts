import type { Delivery } from "@openward/model";
import { MINUTE_MS } from "./periods.ts";

/** How long a delivery is recognised again. */
export const REMEMBER_MS = 10 * MINUTE_MS;

/** Deliveries of the last ten to twenty minutes: two generations, of which the older is let go as a whole. */
export class RecentDeliveries {
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #since = Number.NEGATIVE_INFINITY;

  add({ deviceId, key, receivedAt }: Delivery, now: number): void {
    if (now - this.#since >= REMEMBER_MS) {
      this.#old = now - this.#since < 2 * REMEMBER_MS ? this.#young : new Map();
      this.#young = new Map();
      this.#since = now;
    }
    const name = nameOf(deviceId, key);
    // The first one's time counts.
    if (!this.#young.has(name)) this.#young.set(name, this.#old.get(name) ?? receivedAt);
  }

  receivedAt(deviceId: string, key: string): number | undefined {
    const name = nameOf(deviceId, key);
    return this.#young.get(name) ?? this.#old.get(name);
  }
}

function nameOf(deviceId: string, key: string): string {
  return `${deviceId}\n${key}`;
}
