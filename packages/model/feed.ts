import type { OutboxPlace } from "./outbox.ts";
import type { Millis } from "./telemetry.ts";

export const FEED_WAYS = ["webhook", "mqtt", "broker"] as const;
/** We call; they come to our MQTT listener; we bring it to their broker. */
export type FeedWay = (typeof FEED_WAYS)[number];

export const FEED_KINDS = ["readings", "alarms", "events", "devices"] as const;
export type FeedKind = (typeof FEED_KINDS)[number];

/** Where to, and how. */
export interface FeedTarget {
  /** Of a webhook "https://...", of a broker "mqtts://host:8883". */
  readonly url?: string;
  /** Of a webhook: what came meanwhile goes together, and so often at most. */
  readonly everySeconds?: number;
  /** Of a broker. */
  readonly username?: string;
  /** PEM of the authority that signed the broker's certificate, where it is no public one. */
  readonly ca?: string;
  /** Of MQTT: devices and values as Home Assistant discovers them. */
  readonly homeAssistant?: boolean;
  /** Where it discovers; left out: "homeassistant". */
  readonly discoveryPrefix?: string;
}

/** Who is sent what as it happens, in whose name. */
export interface Feed {
  readonly id: string;
  readonly organisationId: string;
  readonly owner: { readonly kind: "person" | "token"; readonly id: string };
  /** null: everybody whom the owner sees. */
  readonly patientId: string | null;
  readonly name: string;
  readonly way: FeedWay;
  readonly kinds: readonly FeedKind[];
  /** null: all. */
  readonly signals: readonly string[] | null;
  readonly target: FeedTarget;
  readonly createdAt: Millis;
  readonly createdBy: string;
  readonly pausedAt: Millis | null;
  /** null: somebody paused it; else why the house did. */
  readonly pauseReason: string | null;
}

export interface FeedProgress {
  readonly place: OutboxPlace;
  /** When what stands there was written, server time. */
  readonly reachedAt: Millis;
  readonly delivered: number;
  readonly lastSuccessAt: Millis | null;
  readonly lastErrorAt: Millis | null;
  readonly lastError: string | null;
  readonly lastStatus: number | null;
  readonly failingSince: Millis | null;
  /** Retained at a broker outside. */
  readonly published: readonly string[];
}

export interface FeedState {
  readonly feed: Feed;
  readonly progress: FeedProgress;
  /** There is more than its receiver has taken. */
  readonly hasBacklog: boolean;
  /** Of MQTT: its receiver is there; of a broker: we are connected. */
  readonly isConnected: boolean;
}

/** A feed as somebody asks for it. */
export interface FeedWish extends Pick<Feed, "name" | "way" | "kinds" | "signals" | "target"> {
  /** Of a broker: what we sign in with there. */
  readonly password?: string | undefined;
}

/** For whom a feed is made, and by whom. */
export interface FeedOwnership extends Pick<Feed, "organisationId" | "owner" | "patientId"> {
  readonly by: string;
}
