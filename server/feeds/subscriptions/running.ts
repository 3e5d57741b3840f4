import type { SubscriptionProgress } from "@openward/model";
import { email, restHook } from "./channels.ts";
import { type DeliverDeps, type Delivery, deliver, type Send } from "./deliver.ts";
import { type FollowDeps, followSubscription } from "./follow.ts";
import { openHeaders } from "./headers.ts";
import type { SubscriptionsDeps } from "./ports.ts";
import type { Kept } from "./rows.ts";

/** What comes so soon behind another goes together. */
const REST_MS = 1_000;
/** Nobody reads a mail a second. */
const MAIL_REST_MS = 300_000;

export interface Running {
  readonly kept: Kept;
  readonly state: Delivery;
  stir(): void;
  stop(): Promise<void>;
}

/** One subscription at work: its events are numbered, and brought to where they are called for. */
export function runSubscription(
  kept: Kept,
  deps: Pick<SubscriptionsDeps, "post" | "mail" | "vault" | "version" | "outbox"> &
    Omit<DeliverDeps, "send" | "restMs" | "rows"> &
    Pick<FollowDeps, "face" | "onGap" | "end"> & {
      readonly rows: DeliverDeps["rows"] & FollowDeps["rows"];
      /** Tells those who come to us. */
      readonly stirSockets: () => void;
    },
): Running {
  const { subscription, progress } = kept;
  const { channel } = subscription;
  const isAsked = progress.lastSuccessAt !== null || channel === "websocket";
  const state: Delivery = {
    events: progress.events,
    delivered: progress.delivered,
    // Who has never answered is asked first, however often that failed.
    status: isAsked ? subscription.status : "requested",
    error: subscription.error,
    failingSince: progress.failingSince,
  };
  const send = senderOf(kept, deps);
  const receiver =
    send && deliver(kept, state, { ...deps, send, restMs: channel === "email" ? MAIL_REST_MS : REST_MS });
  const follower = followSubscription(kept, {
    ...deps,
    onEvents({ events }: SubscriptionProgress) {
      state.events = events;
      if (receiver) receiver.stir();
      else deps.stirSockets();
    },
  });
  return {
    kept,
    state,
    stir() {
      follower.stir();
      receiver?.stir();
      if (!receiver) deps.stirSockets();
    },
    async stop() {
      await Promise.all([follower.stop(), receiver?.stop()]);
    },
  };
}

/** undefined: they come to us. */
function senderOf(
  { subscription, headers }: Kept,
  { post, mail, vault, version }: Pick<SubscriptionsDeps, "post" | "mail" | "vault" | "version">,
): Send | undefined {
  switch (subscription.channel) {
    case "websocket":
      return undefined;
    case "email":
      return mail ? email(subscription, mail) : async () => ({ error: "there is no mail server", retryAfterMs: null });
    case "rest-hook":
      return restHook(subscription, {
        post,
        userAgent: `Openward/${version}`,
        headers: () => openHeaders(vault, subscription.id, headers),
      });
  }
}
