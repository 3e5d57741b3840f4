import type { Asking, Notification, NumberedEvent, Subscription, SubscriptionStatus } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { backoffMs, GIVE_UP_MS } from "../backoff.ts";
import type { Face } from "./ports.ts";
import type { Kept } from "./rows.ts";
import { createWaiter, stepping } from "./waiter.ts";

/** Nobody in whose name it could be told: it ends, or the database is asked again. */
const NOBODY_MS = 5_000;

export type Outcome =
  | "taken"
  /** The receiver wants no more. */
  | "gone"
  | { readonly error: string; readonly retryAfterMs: number | null };

/** One way to a receiver: says whether it has it. Never rejects but where it was stopped. */
export type Send = (body: string, notification: Notification, signal: AbortSignal) => Promise<Outcome>;

/** How far it is, shared with who numbers the events. */
export interface Delivery {
  events: number;
  delivered: number;
  status: SubscriptionStatus;
  error: string | null;
  failingSince: number | null;
}

export interface DeliverDeps {
  readonly runtime: Pick<Runtime, "clock" | "timers" | "random">;
  readonly face: Pick<Face, "notification">;
  readonly askingOf: (kept: Kept) => Promise<Asking | undefined>;
  readonly rows: {
    events(subscription: Subscription, from: number, upTo: number): Promise<readonly NumberedEvent[]>;
    oldest(subscription: Subscription): Promise<number | null>;
    taken(subscription: Subscription, delivered: number): Promise<void>;
    failing(subscription: Subscription, since: number): Promise<void>;
    setStatus(subscription: Subscription, status: SubscriptionStatus, error: string | null): Promise<void>;
  };
  /** Resolves when it is durable that this leaves. */
  readonly record: (subscription: Subscription, asking: Asking, events: readonly NumberedEvent[]) => Promise<void>;
  readonly send: Send;
  /** What comes so soon behind another goes together. */
  readonly restMs: number;
  /** It is off: nothing is sent any more. */
  readonly onOff: () => void;
  readonly onTrouble: (error: unknown, doing: string) => void;
}

/**
 * Brings events to one receiver, in the order of their numbers, one notification after the other. What it did not take is sent
 * again, less and less often, for days; nothing stands behind it that is sent before it.
 */
export function deliver(kept: Kept, state: Delivery, deps: DeliverDeps) {
  const { runtime, rows } = deps;
  const { clock, timers, random } = runtime;
  const { subscription } = kept;
  const waiter = createWaiter(timers);
  let failures = 0;
  let sentAt = Number.NEGATIVE_INFINITY;

  async function become(status: SubscriptionStatus, error: string | null): Promise<void> {
    if (state.status === status && state.error === error) return;
    await rows.setStatus(subscription, status, error);
    state.status = status;
    state.error = error;
    if (status !== "off") return;
    waiter.stop();
    deps.onOff();
  }

  /** What is to be sent now; a number: nothing, for so long at most. */
  async function next(): Promise<Omit<Notification, "status" | "error" | "content"> | number> {
    const total = state.events;
    // A receiver is asked first whether it wants to be told.
    if (state.status === "requested") return { type: "handshake", total, events: [] };
    const sinceMs = clock.monotonic() - sentAt;
    if (state.delivered < total) {
      const waiting = total - state.delivered;
      if (waiting < subscription.maxCount && sinceMs < deps.restMs) return deps.restMs - sinceMs;
      const first = await firstOf();
      const last = Math.min(total, first + subscription.maxCount - 1);
      return { type: "event-notification", total, events: await rows.events(subscription, first, last) };
    }
    if (subscription.heartbeatMs === null) return Number.POSITIVE_INFINITY;
    // Silence is broken no more often than there may be something to tell.
    const heartbeatMs = Math.max(subscription.heartbeatMs, deps.restMs);
    return sinceMs >= heartbeatMs ? { type: "heartbeat", total, events: [] } : heartbeatMs - sinceMs;
  }

  /** What is older than what is kept cannot be told any more: `$events` says so, and here the next number does. */
  async function firstOf(): Promise<number> {
    const oldest = await rows.oldest(subscription);
    if (oldest !== null && oldest > state.delivered + 1) state.delivered = oldest - 1;
    return state.delivered + 1;
  }

  async function step(): Promise<void> {
    const asking = await deps.askingOf(kept);
    if (!asking) return waiter.untilMore(NOBODY_MS);
    const what = await next();
    if (typeof what === "number") return waiter.untilMore(Number.isFinite(what) ? what : null);
    const status = what.type === "handshake" ? "requested" : "active";
    const notification: Notification = { ...what, status, error: null, content: subscription.content };
    const body = await deps.face.notification(subscription, asking, notification);
    if (what.events.length > 0) await deps.record(subscription, asking, what.events);
    const outcome = await deps.send(body, notification, waiter.signal);
    if (waiter.isStopped) return;
    sentAt = clock.monotonic();
    if (outcome === "taken") {
      const delivered = what.events.at(-1)?.number ?? state.delivered;
      await rows.taken(subscription, delivered);
      state.delivered = delivered;
      state.failingSince = null;
      failures = 0;
      return become("active", null);
    }
    if (outcome === "gone") return become("off", "its receiver answered 410 Gone");
    failures++;
    if (state.failingSince === null) {
      state.failingSince = clock.now();
      await rows.failing(subscription, state.failingSince);
    }
    if (clock.now() - state.failingSince >= GIVE_UP_MS)
      return become("off", `its receiver has taken nothing for three days: ${outcome.error}`);
    // One that never answered is still to be asked first.
    if (state.status !== "requested") await become("error", outcome.error);
    else await rows.setStatus(subscription, "error", outcome.error);
    return waiter.pause(backoffMs(failures, outcome.retryAfterMs, random));
  }

  const running = stepping(waiter, step, {
    random,
    onTrouble: (error) => deps.onTrouble(error, "notifying the receiver of a subscription"),
  });
  return {
    /** There may be more to send. */
    stir: () => waiter.more(),
    async stop(): Promise<void> {
      waiter.stop();
      await running;
    },
  };
}
