import { createNumerics, type Numerics } from "./numerics.ts";
import type { Screen } from "./screen.ts";
import { type Subscription, subscribe } from "./subscription.ts";
import { createWaveforms, type Waveforms } from "./waveforms.ts";

/** One patient who is on at least one screen: what is shown of them, encoded once for all those screens. */
export interface Feed {
  readonly patientId: string;
  readonly numerics: Numerics;
  readonly waveforms: Waveforms;
  readonly subscriptions: Set<Subscription>;
}

/** The patients who are on a screen. Nobody else costs anything. */
export interface Feeds {
  find(patientId: string): Feed | undefined;
  all(): Iterable<Feed>;
  /** Makes the feed where there is none yet. */
  join(patientId: string, screen: Screen): Subscription;
  leave(subscription: Subscription): void;
}

export function createFeeds(): Feeds {
  const feeds = new Map<string, Feed>();
  return {
    find: (patientId) => feeds.get(patientId),
    all: () => feeds.values(),
    join(patientId, screen) {
      let feed = feeds.get(patientId);
      if (!feed) {
        const numerics = createNumerics(patientId);
        feed = { patientId, numerics, waveforms: createWaveforms(patientId), subscriptions: new Set() };
        feeds.set(patientId, feed);
      }
      const subscription = subscribe(feed, screen);
      feed.subscriptions.add(subscription);
      return subscription;
    },
    leave(subscription) {
      const { feed } = subscription;
      feed.subscriptions.delete(subscription);
      // A subscription may leave twice, when its screen closes during a snapshot; the feed may be another by then.
      if (feed.subscriptions.size === 0 && feeds.get(feed.patientId) === feed) feeds.delete(feed.patientId);
    },
  };
}
