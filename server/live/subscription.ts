import type { Feed } from "./feed.ts";
import { UNCHANGED } from "./numerics.ts";
import type { Screen } from "./screen.ts";

export function subscribe(feed: Feed, screen: Screen): Subscription {
  return { feed, screen, since: UNCHANGED, isShown: false, held: new Map() };
}

/**
 * One patient on one screen. While the patient's tile is being composed, what happens meanwhile is held and said again
 * after it: a tile that was composed a moment too early must not take an alarm off the screen.
 */
export interface Subscription {
  readonly feed: Feed;
  readonly screen: Screen;
  /** The last frame of numerics that the screen has. */
  since: number;
  /** Has the screen this patient's tile? Before that, it gets nothing else of them. */
  isShown: boolean;
  /** Messages to say after the tile, the newest of each alarm and standby; null when no tile is being composed. */
  held: Map<string, string> | null;
}

const MOST_HELD = 500;

/** A tile of this patient is going to be composed for this screen. */
export function beginTile(subscription: Subscription): void {
  subscription.held ??= new Map();
}

export function hold(subscription: Subscription, key: string, text: string): void {
  const { held } = subscription;
  if (!held) return;
  held.delete(key);
  held.set(key, text);
  if (held.size > MOST_HELD) held.delete(held.keys().next().value as string); // it is not empty
}

/** The tile has been sent: what was held goes after it, and with the next frame every value that may be newer. */
export function endTile(subscription: Subscription): void {
  const { held, screen } = subscription;
  subscription.isShown = true;
  subscription.since = UNCHANGED;
  subscription.held = null;
  if (held) for (const text of held.values()) screen.sendAlways(text);
}
