import type { AppAccess } from "./app.ts";
import type { OutboxPlace } from "./outbox.ts";
import type { Organisation, PatientView, Principal } from "./people.ts";
import type { Millis } from "./telemetry.ts";

/** What somebody can be told of. Each is the end of a canonical url; docs/guides/subscriptions.md has what each tells. */
export const SUBSCRIPTION_TOPICS = ["readings", "alarms", "events", "admissions", "associations", "resources"] as const;
export type SubscriptionTopic = (typeof SUBSCRIPTION_TOPICS)[number];

export const SUBSCRIPTION_CHANNELS = ["rest-hook", "websocket", "email"] as const;
/** We call; they come to our WebSocket; we write. */
export type SubscriptionChannel = (typeof SUBSCRIPTION_CHANNELS)[number];

export const NOTIFICATION_CONTENTS = ["empty", "id-only", "full-resource"] as const;
/** How much of what happened is sent. */
export type NotificationContent = (typeof NOTIFICATION_CONTENTS)[number];

/** FHIR R4's words. */
export type SubscriptionStatus = "requested" | "active" | "error" | "off";

/** Somebody with a credential of theirs, and what they see now. */
export interface Asking {
  readonly principal: Principal;
  readonly organisation: Organisation;
  readonly view: PatientView;
  /** An application asks, and is told no more than this. */
  readonly app?: AppAccess | undefined;
}

/** Where to, how much, how often. */
export interface SubscriptionDelivery {
  readonly channel: SubscriptionChannel;
  /** "https://...", "mailto:..."; null: they come to us. */
  readonly endpoint: string | null;
  readonly content: NotificationContent;
  /** Of a mail: the notification goes along as FHIR. */
  readonly attaches: boolean;
  /** Silence is broken after so long; null: never. */
  readonly heartbeatMs: number | null;
  /** An answer that takes longer is none. */
  readonly timeoutMs: number;
  /** Events of one notification. */
  readonly maxCount: number;
}

/** A subscription as somebody asks for it. */
export interface SubscriptionWish extends SubscriptionDelivery {
  readonly topic: SubscriptionTopic;
  /** Search parameters, all of which must hold: "Observation?code=8867-4". */
  readonly filters: readonly string[];
  /** Told until then. */
  readonly until: Millis | null;
  /** "Name: value". */
  readonly headers: readonly string[];
  readonly status: "requested" | "active" | "off";
  /** The resource as it was written, as JSON, without what the house says of it and without headers. */
  readonly text: string;
}

export interface Subscription extends SubscriptionDelivery {
  readonly id: string;
  readonly organisationId: string;
  readonly owner: { readonly kind: "person" | "token"; readonly id: string };
  readonly topic: SubscriptionTopic;
  readonly filters: readonly string[];
  readonly until: Millis | null;
  readonly text: string;
  readonly version: number;
  readonly createdAt: Millis;
  readonly updatedAt: Millis;
  readonly status: SubscriptionStatus;
  /** Why it is in error, or off. */
  readonly error: string | null;
}

export interface SubscriptionProgress {
  /** Up to where everything was looked at. */
  readonly place: OutboxPlace;
  readonly reachedAt: Millis;
  /** Number of the last event; the first is 1. */
  readonly events: number;
  /** Number of the last one that its receiver has taken. */
  readonly delivered: number;
  readonly failingSince: Millis | null;
  readonly lastSuccessAt: Millis | null;
}

/** What happened, as the resource in which it can be read. */
export interface NewEvent {
  /** "Observation/1". */
  readonly reference: string;
  readonly method: "POST" | "PUT" | "DELETE";
  /** About whom; null: about nobody. */
  readonly patientId: string | null;
  readonly at: Millis;
}

/** An event under its number. */
export interface NumberedEvent {
  readonly number: number;
  /** null: it is not for who gets it any more; nothing is known of it but that it was one. */
  readonly event: NewEvent | null;
}

/** A notification: why it is sent, and what stands in it. */
export interface Notification {
  readonly type: "handshake" | "heartbeat" | "event-notification" | "query-status" | "query-event";
  readonly status: SubscriptionStatus;
  readonly error: string | null;
  /** Of all events since it began. */
  readonly total: number;
  readonly events: readonly NumberedEvent[];
  readonly content: NotificationContent;
}

/** What the owner is shown of it. */
export interface SubscriptionState {
  readonly subscription: Subscription;
  readonly progress: SubscriptionProgress;
  readonly headers: readonly string[];
}
