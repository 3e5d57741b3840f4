import { createHash, timingSafeEqual } from "node:crypto";
import { RefusedInput } from "@openward/errors";
import type { FeedOwnership, FeedState, FeedTarget, FeedWish, OutboxPlace, Principal } from "@openward/model";
import { findSignal } from "@openward/signals";
import { type Cursors, isBefore } from "./cursor.ts";
import type { FeedsDeps } from "./deps.ts";
import type { FeedRows, Kept, NewFeed, Sealed } from "./rows.ts";
import { secretName } from "./rows.ts";
import { newWebhookSecret, webhookSecretText } from "./sign.ts";

const BROKER = { secure: "mqtts:", clear: "mqtt:" } as const;
const PER_OWNER_MAX = 20;
/** A receiver that knows the new secret has had so long to learn of it. */
export const OLD_SECRET_MS = 86_400_000;

const hashOfSecret = (secret: string): Buffer => createHash("sha256").update(secret).digest();

/** Whether it is the one, without telling how much of it was right. */
export const isSecret = (given: string, hash: Uint8Array | null): boolean =>
  hash !== null && timingSafeEqual(hashOfSecret(given), hash);

/** How feeds come, change and go. `changed` makes the running ones follow. */
export function createManagement(deps: {
  readonly given: FeedsDeps;
  readonly rows: FeedRows;
  readonly cursors: Cursors;
  readonly find: (feedId: string) => Kept | undefined;
  readonly all: () => readonly Kept[];
  readonly stateOf: (kept: Kept) => FeedState;
  /** Reads the feeds again, and does as they say. */
  readonly changed: () => Promise<void>;
  readonly restart: (feedId: string) => Promise<void>;
  readonly ping: (
    kept: Kept,
  ) => Promise<{ readonly ok: boolean; readonly status: number | null; readonly error: string | null }>;
}) {
  const { given, rows, find, changed } = deps;
  const { guard, vault, runtime, outbox } = given;

  function needed(organisationId: string, feedId: string): Kept {
    const kept = find(feedId);
    if (!kept || kept.feed.organisationId !== organisationId) throw new RefusedInput("NOT_FOUND", { at: "feedId" });
    return kept;
  }

  /** @throws RefusedInput FIELD_INVALID, SIGNAL_UNKNOWN */
  function targetOf({ way, target, password }: FeedWish): FeedTarget {
    const { url = "", everySeconds, username, ca, homeAssistant, discoveryPrefix } = target;
    const discovery = homeAssistant ? { homeAssistant, ...(discoveryPrefix ? { discoveryPrefix } : {}) } : {};
    if (discoveryPrefix !== undefined && !/^[A-Za-z0-9_-]{1,40}(\/[A-Za-z0-9_-]{1,40}){0,3}$/.test(discoveryPrefix))
      throw new RefusedInput("FIELD_INVALID", {
        at: "discoveryPrefix",
        expected: "letters, digits, - and _, as homeassistant",
      });
    if (way === "mqtt") return discovery;
    const address = guard.addressOf(url, way === "webhook" ? undefined : BROKER).href;
    if (way === "webhook") return { url: address, everySeconds: everySeconds ?? 1 };
    if ((password ?? "") !== "" && (username ?? "") === "")
      throw new RefusedInput("FIELD_INVALID", { at: "username", expected: "a user name with the password" });
    return { url: address, ...(username ? { username } : {}), ...(ca ? { ca } : {}), ...discovery };
  }

  /** @returns what is kept, and what its receiver is told once */
  function secretsFor(
    id: string,
    wish: Pick<FeedWish, "way" | "password">,
  ): { hash: Uint8Array | null; sealed: Sealed | null; text: string | null } {
    if (wish.way === "webhook") {
      const secret = newWebhookSecret(runtime.random);
      return { hash: null, sealed: vault.seal(secretName(id), secret), text: webhookSecretText(secret) };
    }
    if (wish.way === "mqtt") {
      const text = `owf_${Buffer.from(runtime.random.bytes(24)).toString("base64url")}`;
      return { hash: hashOfSecret(text), sealed: null, text };
    }
    const { password } = wish;
    return { hash: null, sealed: password ? vault.seal(secretName(id), Buffer.from(password)) : null, text: null };
  }

  return {
    list: (organisationId: string, whose: { readonly patientId: string } | "applications"): FeedState[] =>
      deps
        .all()
        .filter(({ feed }) => feed.organisationId === organisationId)
        .filter(({ feed }) =>
          whose === "applications" ? feed.owner.kind === "token" : feed.patientId === whose.patientId,
        )
        .map(deps.stateOf),

    find: (organisationId: string, feedId: string): FeedState => deps.stateOf(needed(organisationId, feedId)),

    async create(
      whose: FeedOwnership,
      wish: FeedWish,
    ): Promise<{ readonly state: FeedState; readonly secret: string | null }> {
      const own = deps.all().filter(({ feed }) => feed.owner.id === whose.owner.id);
      if (own.length >= PER_OWNER_MAX)
        throw new RefusedInput("CONFLICT", { at: "feeds", expected: `at most ${PER_OWNER_MAX} of one owner` });
      const unknown = wish.signals?.find((key) => !findSignal(key));
      if (unknown !== undefined) throw new RefusedInput("SIGNAL_UNKNOWN", { at: "signals", received: unknown });
      if (wish.target.homeAssistant && whose.patientId === null)
        throw new RefusedInput("FIELD_INVALID", { at: "homeAssistant", expected: "a feed of one patient" });
      const id = runtime.ids.uuid();
      const { hash, sealed, text } = secretsFor(id, wish);
      const feed: NewFeed = {
        organisationId: whose.organisationId,
        owner: whose.owner,
        patientId: whose.patientId,
        createdBy: whose.by,
        name: wish.name,
        way: wish.way,
        kinds: wish.kinds,
        signals: wish.signals,
        target: targetOf(wish),
        secretHash: hash,
        secret: sealed,
      };
      await rows.create(id, feed, await outbox.end());
      await changed();
      return { state: deps.stateOf(needed(whose.organisationId, id)), secret: text };
    },

    async pause(organisationId: string, feedId: string, by: string): Promise<void> {
      await rows.pause(needed(organisationId, feedId).feed, by, null);
      await changed();
    },

    async resume(organisationId: string, feedId: string, by: string): Promise<void> {
      await rows.resume(needed(organisationId, feedId).feed, by);
      await changed();
    },

    async end(organisationId: string, feedId: string, by: string): Promise<void> {
      await rows.end(needed(organisationId, feedId).feed, by, null);
      await changed();
    },

    /** @returns the new secret: in this answer only. Of a webhook the old one is signed with as well, for a day. */
    async rotate(organisationId: string, feedId: string, by: string, password?: string): Promise<string | null> {
      const { feed } = needed(organisationId, feedId);
      if (feed.way === "broker" && !password)
        throw new RefusedInput("FIELD_INVALID", { at: "password", expected: "the new password at the broker" });
      const { hash, sealed, text } = secretsFor(feed.id, { way: feed.way, password });
      if (hash) await rows.rotate(feed, by, { hash });
      else if (sealed)
        await rows.rotate(feed, by, {
          secret: sealed,
          oldUntil: runtime.clock.now() + (feed.way === "webhook" ? OLD_SECRET_MS : 0),
        });
      await deps.restart(feed.id);
      return text;
    },

    ping: (organisationId: string, feedId: string) => deps.ping(needed(organisationId, feedId)),

    /**
     * From a cursor that it was given, or from a time on, everything is told once more.
     *
     * @throws RefusedInput FIELD_INVALID for what has not been told yet
     */
    async replay(
      organisationId: string,
      feedId: string,
      from: { cursor: string } | { at: number },
      by: string,
    ): Promise<void> {
      const { feed } = needed(organisationId, feedId);
      const end = await outbox.end();
      const place: OutboxPlace =
        "cursor" in from ? deps.cursors.placeOf(feed.id, from.cursor) : await outbox.placeAt(from.at);
      if (isBefore(end, place))
        throw new RefusedInput("FIELD_INVALID", { at: "from", expected: "a cursor of the past" });
      // What is not held any more is told as a gap, from the time of the cursor on, or from the beginning of the feed.
      const at = "at" in from ? from.at : ((await outbox.timeOf(place)) ?? feed.createdAt);
      await rows.replayed(feed, by, place, at);
      await deps.restart(feed.id);
    },
  };
}

export type Management = ReturnType<typeof createManagement>;
export type { Principal };
