import type { Feed, FeedProgress, FeedState, Principal } from "@openward/model";
import { clearBroker, startBroker } from "./broker.ts";
import { createCursors } from "./cursor.ts";
import type { FeedsDeps } from "./deps.ts";
import { createTeller, iso } from "./events.ts";
import { type Batch, createFollower } from "./follow.ts";
import { createLedger } from "./ledger.ts";
import { createManagement, isSecret, type Management } from "./manage.ts";
import type { Owners } from "./ports.ts";
import { createPost } from "./post.ts";
import { createFeedRows, type Kept, openSecret } from "./rows.ts";
import { createSeat, type Reader, type Seat, type Sitting } from "./seat.ts";
import { signatureHeaders } from "./sign.ts";
import { startWebhook, wordsOf } from "./webhook.ts";

export type { FeedsDeps } from "./deps.ts";
export type { HomeFacts } from "./home-assistant/facts.ts";
export type { Management } from "./manage.ts";
export { createPost } from "./post.ts";
export { createSubscriptions, type SubscriptionMail, type Subscriptions } from "./subscriptions/index.ts";

/** What another process does to a feed, an erasure above all, is heard of so soon. */
const RELOAD_EVERY_MS = 5_000;
/** So many receivers are called at one moment; one that is slow is called by one of them. */
const CALLS_AT_ONCE = 64;
const OWNER_FOR_MS = 5_000;

interface Running {
  readonly kept: Kept;
  readonly progress: () => FeedProgress;
  readonly hasBacklog: () => boolean;
  readonly isConnected: () => boolean;
  readonly seat?: Seat;
  stir(): void;
  stop(why: "ended" | "stopped"): Promise<void>;
}

export interface Feeds extends Management {
  /** For the MQTT listener: who signs in as a feed. undefined: that is not its secret, or it is not told now. */
  seatOf(feedId: string, secret: string): { sit(reader: Reader): Sitting } | undefined;
  /** Whom somebody sees has changed. */
  look(): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Everything that leaves the house as it happens: each feed followed from where its receiver is. */
export function createFeeds(deps: FeedsDeps): Feeds {
  const { runtime, tables, outbox, counting, vault, guard, log } = deps;
  const { clock, timers } = runtime;
  const rows = createFeedRows({ tables, now: () => clock.now() });
  const running = new Map<string, Running>();
  const known = new Map<string, { readonly at: number; readonly principal: Promise<Principal | undefined> }>();
  const reaches = new Map<string, ReturnType<FeedsDeps["views"]["reachOf"]>>();
  const onTrouble = (error: unknown, doing: string) => log.warn({ reason: (error as Error).message }, doing);

  const owners: Owners = {
    principalOf(owner, organisationId) {
      const now = clock.now();
      const before = known.get(owner.id);
      if (before && now - before.at < OWNER_FOR_MS) return before.principal;
      const principal = rows.ownerOf(owner, organisationId).then((found) => {
        if (!found) return undefined;
        if (found.scope !== null) reaches.set(owner.id, deps.views.reachOf(found.scope));
        return { ...owner, organisationId, display: found.display, role: found.role } as Principal; // a role of the table
      });
      known.set(owner.id, { at: now, principal });
      principal.catch(() => known.delete(owner.id));
      return principal;
    },
    viewOf: deps.views.viewOf,
    mayRead: (owner, stream) => reaches.get(owner.id)?.(stream) ?? false,
  };
  const cursors = createCursors(deps.cursorSecret);
  const follower = createFollower({
    outbox,
    teller: createTeller({ counting, owners, cursors }),
    owners,
    cursors,
    clock,
  });
  const ledger = createLedger({ record: deps.record, clock });
  const post = createPost(guard);
  const turn = limited(CALLS_AT_ONCE);

  const secretsOf = ({ secret, oldSecret, feed }: Kept): Uint8Array[] => {
    const all = secret ? [openSecret(vault, feed.id, secret)] : [];
    if (oldSecret && oldSecret.until > clock.now()) all.push(openSecret(vault, feed.id, oldSecret));
    return all;
  };

  function begin(kept: Kept): Running {
    const { feed } = kept;
    let progress = kept.progress;
    const common = {
      runtime,
      outbox,
      follower,
      cursors,
      record: (one: Feed, batch: Batch) => ledger.leaving(one, batch),
      async save(one: Feed, more: Partial<FeedProgress>) {
        progress = { ...progress, ...more };
        await rows.save(one, more);
      },
      async giveUp(one: Feed) {
        await rows.pause(one, "system", "it took nothing for three days");
        log.warn({ feedId: one.id }, "a feed was paused: its receiver has taken nothing for three days");
        later();
      },
      facts: deps.home,
      version: deps.version,
      onTrouble,
      progress: () => progress,
    };
    const base = { kept, progress: () => progress };
    if (feed.way === "webhook") {
      const webhook = startWebhook(feed, progress, {
        ...common,
        post,
        secretsOf: () => secretsOf(kept),
        turn,
        userAgent: `Openward/${deps.version}`,
        async gone(one) {
          await rows.end(one, "system", "its receiver answered 410 Gone");
          log.info({ feedId: one.id }, "a feed has ended: its receiver wants no more");
          later();
        },
      });
      return {
        ...base,
        hasBacklog: () => webhook.hasBacklog,
        isConnected: () => false,
        stir: webhook.stir,
        stop: () => webhook.stop(),
      };
    }
    if (feed.way === "broker") {
      const passwordOf = () => secretsOf(kept)[0] && Buffer.from(secretsOf(kept)[0] as Uint8Array).toString();
      const broker = startBroker(feed, { ...common, guard, passwordOf });
      return {
        ...base,
        hasBacklog: () => broker.hasBacklog,
        isConnected: () => broker.isConnected,
        stir: broker.stir,
        async stop(why) {
          await broker.stop();
          if (why === "ended" && progress.published.length > 0)
            await clearBroker(feed, progress.published, { guard, password: passwordOf() }).catch((error: unknown) =>
              log.warn(
                { feedId: feed.id, reason: wordsOf(error) },
                "what a broker retains of a feed that has ended could not be taken away",
              ),
            );
        },
      };
    }
    const seat = createSeat(feed, { ...common, replay: outbox });
    return {
      ...base,
      hasBacklog: () => seat.hasBacklog,
      isConnected: () => seat.isTaken,
      seat,
      stir: seat.stir,
      stop: (why) => seat.end(why),
    };
  }

  // One after the other: what is read later is newer.
  let reading: Promise<void> = Promise.resolve();
  let isStopped = false;
  const paused = new Map<string, Kept>();

  async function follow(): Promise<void> {
    if (isStopped) return;
    const all = await rows.all();
    const active = new Map(all.filter(({ feed }) => feed.pausedAt === null).map((kept) => [kept.feed.id, kept]));
    paused.clear();
    for (const kept of all) if (kept.feed.pausedAt !== null) paused.set(kept.feed.id, kept);
    for (const [id, one] of running) {
      if (active.has(id)) continue;
      running.delete(id);
      if (!paused.has(id)) {
        follower.forget(id);
        ledger.forget(id);
      }
      await one.stop(paused.has(id) ? "stopped" : "ended");
    }
    for (const [id, kept] of active) if (!running.has(id) && !isStopped) running.set(id, begin(kept));
  }

  function changed(): Promise<void> {
    reading = reading.then(follow, follow);
    return reading;
  }
  const later = () => void changed().catch((error: unknown) => onTrouble(error, "reading feeds"));

  async function restart(feedId: string): Promise<void> {
    reading = reading.then(
      () => stopOne(feedId),
      () => stopOne(feedId),
    );
    await changed();
  }
  async function stopOne(feedId: string): Promise<void> {
    const one = running.get(feedId);
    running.delete(feedId);
    await one?.stop("stopped");
  }

  async function ping(kept: Kept) {
    const { feed } = kept;
    const at = clock.now();
    const id = `msg_${runtime.ids.uuid()}`;
    if (feed.way !== "webhook") {
      const isThere = running.get(feed.id)?.isConnected() ?? false;
      return { ok: isThere, status: null, error: isThere ? null : "nobody is connected" };
    }
    const body = JSON.stringify({
      type: "openward.ping",
      timestamp: iso(at),
      data: { feed: feed.id, events: [{ id, type: "ping", patient: null, at: iso(at) }] },
    });
    const headers = { "content-type": "application/json", ...signatureHeaders({ id, at, body }, secretsOf(kept)) };
    try {
      const { status } = await post(feed.target.url ?? "", headers, body, AbortSignal.timeout(15_000));
      const ok = status >= 200 && status < 300;
      return { ok, status, error: ok ? null : `answered ${status}` };
    } catch (error) {
      return { ok: false, status: null, error: wordsOf(error) };
    }
  }

  const find = (feedId: string) => {
    const one = running.get(feedId);
    return one ? { ...one.kept, progress: one.progress() } : paused.get(feedId);
  };
  const stateOf = (kept: Kept): FeedState => {
    const one = running.get(kept.feed.id);
    return {
      feed: kept.feed,
      progress: one?.progress() ?? kept.progress,
      hasBacklog: one?.hasBacklog() ?? true,
      isConnected: one?.isConnected() ?? false,
    };
  };
  const all = () => [...[...running.values()].map(({ kept }) => kept), ...paused.values()];
  const stops: (() => void)[] = [];
  const stirAll = () => {
    for (const one of running.values()) one.stir();
  };

  return {
    ...createManagement({ given: deps, rows, cursors, find, all, stateOf, changed, restart, ping }),
    seatOf(feedId, secret) {
      const one = running.get(feedId);
      return one?.seat && isSecret(secret, one.kept.secretHash) ? one.seat : undefined;
    },
    look: stirAll,
    async start() {
      await changed();
      const reload = timers.every(RELOAD_EVERY_MS, later);
      stops.push(
        () => reload.cancel(),
        deps.views.onEnded((principalId) => {
          known.delete(principalId);
          stirAll();
        }),
      );
    },
    async stop() {
      isStopped = true;
      for (const stop of stops) stop();
      await reading.catch(() => {});
      await Promise.all([...running.values()].map((one) => one.stop("stopped")));
      running.clear();
    },
  };
}

/** No more than so many at once; the others wait for their turn. */
function limited(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let busy = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (busy >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else busy++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else busy--;
    }
  };
}
