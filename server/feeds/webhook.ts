import { createHash } from "node:crypto";
import type { Feed, FeedProgress, OutboxPlace } from "@openward/model";
import type { Runtime, Timer } from "@openward/runtime";
import { backoffMs, GIVE_UP_MS } from "./backoff.ts";
import type { Cursors } from "./cursor.ts";
import { iso } from "./events.ts";
import type { Batch, Follower } from "./follow.ts";
import type { Outbox } from "./ports.ts";
import type { Post } from "./post.ts";
import { signatureHeaders } from "./sign.ts";

/** A message has no more than this, but for one event that is larger. */
const BODY_BYTES_MAX = 262_144;
const GONE = 410;
/** Nobody in whose name it could be told: looked at again, should they be let in again. */
const NOBODY_MS = 30_000;
/** A busy house commits hundreds of times a second: who is at the end looks again after this, not at each. */
const LOOK_EVERY_MS = 100;

export interface WebhookDeps {
  readonly runtime: Pick<Runtime, "clock" | "timers" | "random">;
  readonly outbox: Pick<Outbox, "onMore">;
  readonly follower: Pick<Follower, "next" | "took">;
  readonly post: Post;
  readonly cursors: Pick<Cursors, "of">;
  /** Secrets that count, the newest first. */
  readonly secretsOf: (feed: Feed) => readonly Uint8Array[];
  /** Resolves when it is durable that this leaves. */
  readonly record: (feed: Feed, batch: Batch) => Promise<void>;
  readonly save: (feed: Feed, progress: Partial<FeedProgress>) => Promise<void>;
  /** The receiver wants no more. */
  readonly gone: (feed: Feed) => Promise<void>;
  readonly giveUp: (feed: Feed) => Promise<void>;
  /** A turn among all that are called at once. */
  readonly turn: <T>(work: () => Promise<T>) => Promise<T>;
  readonly userAgent: string;
  readonly onTrouble: (error: unknown, doing: string) => void;
}

/** Calls one receiver, one message after the other; what it did not take is sent again, in order, for days. */
export function startWebhook(feed: Feed, progress: FeedProgress, deps: WebhookDeps) {
  const { runtime, outbox, follower, post, save } = deps;
  const { clock, timers, random } = runtime;
  const stopping = new AbortController();
  let place = progress.place;
  let reachedAt = progress.reachedAt;
  let delivered = progress.delivered;
  let failingSince = progress.failingSince;
  let failures = 0;
  let wake: (() => void) | undefined;
  let isMore = true;
  let backlog = false;

  const stopListening = outbox.onMore(() => {
    isMore = true;
    wake?.();
  });

  /** @param until left out: until there may be more */
  const wait = (ms: number | null, until: "time" | "more") =>
    new Promise<void>((resolve) => {
      let timer: Timer | undefined;
      const done = () => {
        timer?.cancel();
        wake = undefined;
        resolve();
      };
      if (stopping.signal.aborted || (until === "more" && isMore)) return resolve();
      stopping.signal.addEventListener("abort", done, { once: true });
      if (until === "more") wake = done;
      if (ms !== null) timer = timers.after(ms, done);
    });

  async function send(
    batch: Batch,
  ): Promise<"taken" | "gone" | { status: number | null; error: string; waitMs: number }> {
    for (const message of messagesOf(feed, batch, deps.cursors)) {
      try {
        const headers = {
          "content-type": "application/json",
          "user-agent": deps.userAgent,
          ...signatureHeaders({ ...message, at: clock.now() }, deps.secretsOf(feed)),
        };
        const answer = await deps.turn(() => post(feed.target.url ?? "", headers, message.body, stopping.signal));
        if (answer.status === GONE) return "gone";
        if (answer.status < 200 || answer.status > 299) {
          failures++;
          const waitMs = backoffMs(failures, answer.retryAfterMs, random);
          return { status: answer.status, error: `answered ${answer.status}`, waitMs };
        }
      } catch (error) {
        failures++;
        return { status: null, error: wordsOf(error), waitMs: backoffMs(failures, null, random) };
      }
    }
    return "taken";
  }

  async function deliver(batch: Batch): Promise<void> {
    if (batch.told.length > 0) {
      await deps.record(feed, batch);
      const outcome = await send(batch);
      if (stopping.signal.aborted) return;
      if (outcome === "gone") {
        await deps.gone(feed);
        return;
      }
      if (outcome !== "taken") {
        failingSince ??= clock.now();
        const { error, status, waitMs } = outcome;
        await save(feed, { lastErrorAt: clock.now(), lastError: error, lastStatus: status, failingSince });
        if (clock.now() - failingSince >= GIVE_UP_MS) await deps.giveUp(feed);
        else await wait(waitMs, "time");
        return;
      }
      failures = 0;
      failingSince = null;
      delivered += batch.told.length;
    }
    follower.took(feed, batch);
    const isNews = batch.told.length > 0 || clock.now() - reachedAt > IDLE_SAVE_MS;
    place = batch.upTo;
    reachedAt = batch.at;
    if (!isNews) return;
    const success =
      batch.told.length > 0
        ? { lastSuccessAt: clock.now(), failingSince: null, lastError: null, lastStatus: null }
        : {};
    await save(feed, { place, reachedAt, delivered, ...success });
  }

  async function run(): Promise<void> {
    let trouble = 0;
    let sentAt = Number.NEGATIVE_INFINITY;
    while (!stopping.signal.aborted) {
      isMore = false;
      try {
        const batch = await follower.next(feed, place, reachedAt);
        if (!batch) {
          await wait(NOBODY_MS, "more");
          continue;
        }
        backlog = !batch.isAtEnd || failingSince !== null;
        if (batch.told.length > 0) {
          const restMs = (feed.target.everySeconds ?? 1) * 1_000 - (clock.monotonic() - sentAt);
          if (restMs > 0 && batch.isAtEnd) {
            // What comes until then goes with it.
            await wait(restMs, "time");
            sentAt = Number.NEGATIVE_INFINITY;
            isMore = true;
            continue;
          }
          sentAt = clock.monotonic();
        }
        await deliver(batch);
        trouble = 0;
        if (batch.isAtEnd && failures === 0) {
          await wait(LOOK_EVERY_MS, "time");
          await wait(IDLE_SAVE_MS, "more");
        }
      } catch (error) {
        trouble++;
        deps.onTrouble(error, "following what a webhook is sent");
        await wait(backoffMs(Math.min(trouble, 4), null, random), "time");
      }
    }
  }

  const running = run();
  return {
    get place(): OutboxPlace {
      return place;
    },
    get hasBacklog() {
      return backlog;
    },
    /** Whom its owner sees may have changed. */
    stir(): void {
      isMore = true;
      wake?.();
    },
    async stop(): Promise<void> {
      stopListening();
      stopping.abort();
      wake?.();
      await running;
    },
  };
}

/** Who is told of nothing for an hour is known to have been told of everything until then. */
const IDLE_SAVE_MS = 3_600_000;

interface Message {
  readonly id: string;
  readonly body: string;
}

/** The same batch makes the same messages, with the same ids: a receiver that keeps them takes each once. */
export function messagesOf(
  feed: Pick<Feed, "id">,
  { told, from, upTo, at }: Pick<Batch, "told" | "from" | "upTo" | "at">,
  cursors: Pick<Cursors, "of">,
): Message[] {
  const messages: Message[] = [];
  const span = { from: cursors.of(feed.id, from), upTo: cursors.of(feed.id, upTo) };
  const flush = (events: readonly string[]) => {
    const data = `{"feed":"${feed.id}","from":"${span.from}","upTo":"${span.upTo}","part":${messages.length + 1},"events":[${events.join(",")}]}`;
    const hash = createHash("sha256").update(data).digest("hex");
    messages.push({
      id: `msg_${hash.slice(0, 32)}`,
      body: `{"type":"openward.events","timestamp":"${iso(at)}","data":${data}}`,
    });
  };
  let events: string[] = [];
  let bytes = 0;
  for (const { event } of told) {
    const text = JSON.stringify(event);
    if (events.length > 0 && bytes + text.length > BODY_BYTES_MAX) {
      flush(events);
      events = [];
      bytes = 0;
    }
    events.push(text);
    bytes += text.length;
  }
  if (events.length > 0) flush(events);
  return messages;
}

/** In our own words: what a library says may hold an address inside. */
export function wordsOf(error: unknown): string {
  const { code, name, message } = error as { code?: string; name?: string; message?: string };
  if (name === "TimeoutError" || name === "AbortError") return "no answer in time";
  if (message === "the name leads to an address inside") return "the name leads to an address inside";
  return (
    WORDS[code ?? ""] ??
    (code?.startsWith("ERR_TLS") || code?.includes("CERT") ? "its certificate is not trusted" : "no connection")
  );
}

const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: "the name is not known",
  EAI_AGAIN: "the name cannot be looked up now",
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection broke",
  ETIMEDOUT: "no answer in time",
  FIELD_INVALID: "the address may not be called",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not trusted",
};
