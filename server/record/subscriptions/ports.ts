import type { Asking, NumberedEvent, SubscriptionState, SubscriptionWish } from "@openward/model";

/** Who is told of what; each subscription is there for who made it, and for nobody else. */
export interface Subscriptions {
  list(asking: Asking): Promise<readonly SubscriptionState[]>;
  /** @throws RefusedInput NOT_FOUND */
  find(asking: Asking, id: string): Promise<SubscriptionState>;
  /** @throws RefusedInput FIELD_INVALID, CONFLICT */
  create(asking: Asking, wish: SubscriptionWish): Promise<SubscriptionState>;
  /** @throws RefusedInput NOT_FOUND, FIELD_INVALID, CONFLICT, VERSION_DIFFERS */
  update(asking: Asking, id: string, wish: SubscriptionWish, version: number | null): Promise<SubscriptionState>;
  /** @throws RefusedInput NOT_FOUND */
  remove(asking: Asking, id: string): Promise<void>;
  /** By their numbers, both included. @throws RefusedInput NOT_FOUND, GONE */
  events(asking: Asking, id: string, from: number, upTo: number): Promise<readonly NumberedEvent[]>;
  /** @param ids none: all that come to us. @throws RefusedInput NOT_FOUND, FIELD_INVALID, CONFLICT */
  bindingToken(
    asking: Asking,
    ids: readonly string[],
  ): Promise<{
    readonly token: string;
    readonly expiresAt: number;
    readonly url: string;
    readonly subscriptionIds: readonly string[];
  }>;
}
