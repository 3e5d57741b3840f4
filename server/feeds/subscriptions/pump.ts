import type { Asking, Notification, NumberedEvent, Subscription } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import type { Delivery } from "./deliver.ts";
import type { Face } from "./ports.ts";
import type { Kept } from "./rows.ts";
import { createWaiter, stepping } from "./waiter.ts";

/** What came so long ago and is not known to have arrived ends the connection: it is sent again on the next one. */
const PONG_MS = 60_000;
/** What comes so soon behind another goes together. */
const REST_MS = 200;

/** A connection, as far as it is needed of `ws`. */
export interface Line {
  readonly isOpen: boolean;
  send(text: string): void;
  /** Resolves when the other side says that it has everything that was sent before. Rejects where it is gone. */
  reached(): Promise<void>;
  close(code: number, reason: string): void;
}

export interface PumpDeps {
  readonly runtime: Pick<Runtime, "clock" | "timers" | "random">;
  readonly face: Pick<Face, "notification">;
  readonly askingOf: (kept: Kept) => Promise<Asking | undefined>;
  readonly rows: {
    events(subscription: Subscription, from: number, upTo: number): Promise<readonly NumberedEvent[]>;
    oldest(subscription: Subscription): Promise<number | null>;
    taken(subscription: Subscription, delivered: number): Promise<void>;
  };
  readonly record: (subscription: Subscription, asking: Asking, events: readonly NumberedEvent[]) => Promise<void>;
  readonly onTrouble: (error: unknown, doing: string) => void;
}

/**
 * Sends one subscription's events down one connection, in order. FHIR's WebSocket has no acknowledgement: a ping goes behind each
 * notification, and its pong says that the other side's machine has what stood before it. What has no pong is sent again to
 * whoever binds next.
 */
export function pump(kept: Kept, state: Delivery, line: Line, deps: PumpDeps) {
  const { runtime, rows } = deps;
  const { clock, timers, random } = runtime;
  const { subscription } = kept;
  const waiter = createWaiter(timers);
  let sent = state.delivered;
  let isGreeted = false;
  let sentAt = clock.monotonic();

  async function tell(asking: Asking, type: Notification["type"], events: readonly NumberedEvent[]): Promise<void> {
    const body = await deps.face.notification(subscription, asking, {
      type,
      status: "active",
      error: null,
      total: state.events,
      events,
      content: subscription.content,
    });
    if (events.length > 0) await deps.record(subscription, asking, events);
    if (waiter.isStopped || !line.isOpen) return;
    line.send(body);
    sentAt = clock.monotonic();
    const last = events.at(-1)?.number;
    const late = timers.after(PONG_MS, () => line.close(4408, "no pong"));
    await line.reached().finally(() => late.cancel());
    if (last === undefined) return;
    sent = last;
    if (last <= state.delivered) return;
    await rows.taken(subscription, last);
    state.delivered = Math.max(state.delivered, last);
  }

  async function step(): Promise<void> {
    const asking = await deps.askingOf(kept);
    if (!asking) {
      line.close(4403, "access ended");
      return waiter.stop();
    }
    if (!isGreeted) {
      await tell(asking, "handshake", []);
      isGreeted = true;
      return;
    }
    if (sent < state.events) {
      const oldest = await rows.oldest(subscription);
      const first = Math.max(sent + 1, oldest ?? 0);
      const events = await rows.events(subscription, first, Math.min(state.events, first + subscription.maxCount - 1));
      await tell(asking, "event-notification", events);
      return waiter.pause(REST_MS);
    }
    const { heartbeatMs } = subscription;
    const restMs = heartbeatMs === null ? null : heartbeatMs - (clock.monotonic() - sentAt);
    if (restMs !== null && restMs <= 0) return tell(asking, "heartbeat", []);
    return waiter.untilMore(restMs);
  }

  const running = stepping(waiter, step, {
    random,
    isOver: () => !line.isOpen,
    onTrouble: (error) => deps.onTrouble(error, "notifying by WebSocket"),
  });
  return {
    stir: () => waiter.more(),
    async stop(): Promise<void> {
      waiter.stop();
      await running;
    },
  };
}

export type Pump = ReturnType<typeof pump>;
