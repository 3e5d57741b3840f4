import type {
  Asking,
  NewEvent,
  Notification,
  Organisation,
  PatientView,
  PlacedChange,
  Principal,
  Subscription,
} from "@openward/model";
import type { Runtime } from "@openward/runtime";
import type { Log, Outbox, Tables, Vault } from "../ports.ts";
import type { Guard, Post } from "../post.ts";

/** FHIR: what a change is to a subscription, and what a notification looks like. */
export interface Face {
  /**
   * The events that these changes are, in their order, as far as who asked may see them now; each once.
   *
   * @throws OutsideTrouble where it cannot be told now
   */
  eventsOf(subscription: Subscription, asking: Asking, changes: readonly PlacedChange[]): Promise<readonly NewEvent[]>;
  /** A Bundle as JSON; resources in it are as they are now, for who asked. */
  notification(subscription: Subscription, asking: Asking, notification: Notification): Promise<string>;
}

/** A mail that names nobody and tells nothing; what it is about is at its link. */
export interface SubscriptionMail {
  /** @throws OutsideTrouble MAIL_NOT_SENT */
  send(
    to: string,
    what: { readonly isFirst: boolean; readonly events: number },
    attached: string | null,
  ): Promise<void>;
}

export interface AuditedNotification {
  readonly subscription: Subscription;
  readonly asking: Asking;
  readonly patientIds: readonly string[];
  /** Types of resources. */
  readonly what: readonly string[];
}

/** A principal with the organisation that it is of. */
export interface Found {
  readonly principal: Principal;
  readonly organisation: Organisation;
}

export interface SubscriptionsDeps {
  readonly runtime: Runtime;
  readonly tables: Tables;
  readonly outbox: Outbox;
  readonly face: Face;
  readonly viewOf: (principal: Principal) => Promise<PatientView>;
  /** Told of whoever's access ended. */
  readonly onEnded: (listener: (principalId: string) => void) => () => void;
  readonly vault: Vault;
  readonly guard: Guard;
  readonly post: Post;
  /** null: no mail server. */
  readonly mail: SubscriptionMail | null;
  /** Resolves when it is durable that this leaves. @throws OutsideTrouble AUDIT_UNAVAILABLE */
  readonly record: (notification: AuditedNotification) => Promise<void>;
  /** "wss://ward.example/fhir/ws" */
  readonly webSocketUrl: () => string;
  /** Events are kept for so many days. */
  readonly days: number;
  readonly version: string;
  readonly log: Log;
}
