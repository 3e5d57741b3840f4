import type { Asking, NewEvent, OutboxPlace, Subscription, SubscriptionProgress } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { backoffMs } from "../backoff.ts";
import type { Outbox } from "../ports.ts";
import type { Face } from "./ports.ts";
import type { Kept } from "./rows.ts";
import { createWaiter } from "./waiter.ts";

/** A busy house commits hundreds of times a second: who is at the end looks again after this, not at each. */
const LOOK_EVERY_MS = 100;
/** Whoever is told of nothing is looked at all the same: has their access ended, is their time over? */
const IDLE_MS = 30_000;
/** Of what is about others it is noted so seldom that it was looked at. */
const IDLE_SAVE_MS = 300_000;
const LOOK_BACK_MS = 1_000;
/** Begins the name of a span of time that nobody can be told of any more. */
const GAP = "urn:openward:gap:";

export interface FollowDeps {
  readonly runtime: Pick<Runtime, "clock" | "timers" | "random">;
  readonly outbox: Pick<Outbox, "read" | "heldSince" | "onMore">;
  readonly face: Pick<Face, "eventsOf">;
  readonly askingOf: (kept: Kept) => Promise<Asking | undefined>;
  readonly rows: {
    append(
      subscription: Subscription,
      before: SubscriptionProgress,
      events: readonly NewEvent[],
      place: OutboxPlace,
      reachedAt: number,
    ): Promise<unknown>;
    one(id: string): Promise<Kept | undefined>;
  };
  /** It has new events. */
  readonly onEvents: (progress: SubscriptionProgress) => void;
  /** What came between these times is not kept any more, and was not looked at. */
  readonly onGap: (from: number, to: number) => void;
  readonly end: (reason: string) => Promise<void>;
  readonly onTrouble: (error: unknown, doing: string) => void;
}

/**
 * Looks at everything that happens, in its order, and gives what one subscription is about its numbers: durably, whether somebody
 * takes it or not. A receiver that is away or slow holds nobody up here.
 */
export function followSubscription(kept: Kept, deps: FollowDeps) {
  const { runtime, outbox, face, rows } = deps;
  const { clock, timers, random } = runtime;
  const { subscription } = kept;
  const waiter = createWaiter(timers);
  let { progress } = kept;
  const stopListening = outbox.onMore(() => waiter.more());

  /** @returns whether there may be more */
  async function look(): Promise<boolean> {
    const asking = await deps.askingOf(kept);
    if (!asking) {
      await deps.end("the access of whoever made it has ended");
      return false;
    }
    if (subscription.until !== null && clock.now() >= subscription.until) {
      await deps.end("its time is over");
      return false;
    }
    const gap = await gapSince(progress.reachedAt);
    const { view, app } = asking;
    const patients = app?.patientId ? [app.patientId] : view.patientIds();
    const patientIds = patients.flatMap((id) => view.recordsOf(id));
    const page = await outbox.read(progress.place, { organisationId: subscription.organisationId, patientIds });
    const found = page.changes.length > 0 ? await face.eventsOf(subscription, asking, page.changes) : [];
    const events = [...gap.told, ...found];
    const at = Math.max(page.at, gap.upTo);
    if (waiter.isStopped) return false;
    const isDue = events.length > 0 || at - progress.reachedAt > IDLE_SAVE_MS;
    if (isDue) await rows.append(subscription, progress, events, page.upTo, at);
    const reachedAt = isDue ? at : progress.reachedAt;
    progress = { ...progress, place: page.upTo, reachedAt, events: progress.events + events.length };
    if (events.length > 0) deps.onEvents(progress);
    return !page.isAtEnd;
  }

  /** What came before the oldest that is held was not looked at: an event of its own says so, under a number like any other. */
  async function gapSince(from: number): Promise<{ readonly told: readonly NewEvent[]; readonly upTo: number }> {
    const held = await outbox.heldSince();
    if (held === null || from >= held - LOOK_BACK_MS) return { told: [], upTo: from };
    deps.onGap(from, held);
    const reference = `${GAP}${new Date(from).toISOString()}/${new Date(held).toISOString()}`;
    return { told: [{ reference, method: "PUT", patientId: null, at: clock.now() }], upTo: held };
  }

  async function run(): Promise<void> {
    let trouble = 0;
    while (!waiter.isStopped) {
      waiter.begin();
      try {
        const isMore = await look();
        trouble = 0;
        if (isMore) continue;
        await waiter.pause(LOOK_EVERY_MS);
        await waiter.untilMore(IDLE_MS);
      } catch (error) {
        if (waiter.isStopped) return;
        trouble++;
        deps.onTrouble(error, "following what a subscription is told of");
        // Most of it is over in a moment: the store reads back what was before the start.
        await waiter.pause(trouble === 1 ? LOOK_EVERY_MS : backoffMs(Math.min(trouble - 1, 4), null, random));
        // Whether it was written is not known where the database went away meanwhile.
        const found = await rows.one(subscription.id).catch(() => undefined);
        if (found) progress = found.progress;
      }
    }
  }

  const running = run();
  return {
    /** Whom its owner sees may have changed. */
    stir: () => waiter.more(),
    async stop(): Promise<void> {
      stopListening();
      waiter.stop();
      await running;
    },
  };
}
