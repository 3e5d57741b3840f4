import { RefusedInput } from "@openward/errors";
import type { Asking, NumberedEvent, SubscriptionState, SubscriptionWish } from "@openward/model";
import { checkHeaders, openHeaders, sealHeaders } from "./headers.ts";
import type { SubscriptionOwners } from "./owners.ts";
import type { SubscriptionsDeps } from "./ports.ts";
import type { Application, Kept, SubscriptionRows } from "./rows.ts";
import type { BindingTokens } from "./tokens.ts";

const PER_OWNER_MAX = 20;
const PER_ORGANISATION_MAX = 500;
const MAILBOX = /^mailto:[^\s@<>,;:"()]{1,64}@[A-Za-z0-9.-]{1,253}$/;

/** How subscriptions come, change and go. Each is its maker's own: nobody else is told that it is there. */
export function createManagement(deps: {
  readonly given: SubscriptionsDeps;
  readonly rows: SubscriptionRows;
  readonly tokens: BindingTokens;
  readonly owners: Pick<SubscriptionOwners, "forget">;
  /** Reads them again, and does as they say. */
  readonly changed: () => Promise<void>;
  readonly restart: (id: string) => Promise<void>;
}) {
  const { given, rows, changed } = deps;
  const { guard, vault, runtime, outbox, mail } = given;

  const isOwn = (asking: Asking, { subscription, application }: Kept): boolean =>
    subscription.organisationId === asking.principal.organisationId &&
    subscription.owner.id === asking.principal.id &&
    (application?.clientId ?? null) === (asking.app?.clientId ?? null) &&
    (application?.patientId ?? null) === (asking.app?.patientId ?? null);

  const stateOf = ({ subscription, progress, headers }: Kept): SubscriptionState => ({
    subscription,
    progress,
    headers: openHeaders(vault, subscription.id, headers),
  });

  async function own(asking: Asking): Promise<Kept[]> {
    return (await rows.all()).filter((kept) => isOwn(asking, kept));
  }

  /** @throws RefusedInput NOT_FOUND, the same for what is not there and what is another's */
  async function needed(asking: Asking, id: string): Promise<Kept> {
    const kept = UUID.test(id) ? await rows.one(id) : undefined;
    if (!kept || !isOwn(asking, kept)) throw new RefusedInput("NOT_FOUND");
    return kept;
  }

  /** @throws RefusedInput FIELD_INVALID */
  function checkWish({ channel, endpoint, content, attaches, headers, until }: SubscriptionWish): void {
    const at = "Subscription.channel.endpoint";
    checkHeaders(headers);
    if (headers.length > 0 && channel !== "rest-hook")
      throw new RefusedInput("FIELD_INVALID", { at: "Subscription.channel.header", expected: "none on this channel" });
    if (until !== null && until <= runtime.clock.now())
      throw new RefusedInput("FIELD_INVALID", { at: "Subscription.end", expected: "a time to come" });
    switch (channel) {
      case "rest-hook":
        try {
          guard.addressOf(endpoint ?? "");
        } catch (error) {
          if (!(error instanceof RefusedInput)) throw error;
          throw new RefusedInput(error.code, { ...error.facts, at });
        }
        return;
      case "websocket":
        if (endpoint !== null)
          throw new RefusedInput("FIELD_INVALID", { at, expected: "none: the receiver comes to us" });
        return;
      case "email":
        if (!mail)
          throw new RefusedInput("FIELD_INVALID", {
            at: "Subscription.channel.type",
            expected: "rest-hook or websocket: this server has no mail server",
          });
        if (!MAILBOX.test(endpoint ?? ""))
          throw new RefusedInput("FIELD_INVALID", { at, expected: "mailto: and one mailbox" });
        // A mail goes through many hands in the clear.
        if (content === "full-resource" || (content === "id-only" && !attaches))
          throw new RefusedInput("FIELD_INVALID", {
            at: "Subscription.channel.payload.extension",
            expected: "empty, or id-only with text/plain;attach=application/fhir+json",
          });
    }
  }

  return {
    list: async (asking: Asking): Promise<SubscriptionState[]> => (await own(asking)).map(stateOf),
    find: async (asking: Asking, id: string): Promise<SubscriptionState> => stateOf(await needed(asking, id)),

    /** @throws RefusedInput FIELD_INVALID; CONFLICT where there are too many */
    async create(asking: Asking, wish: SubscriptionWish): Promise<SubscriptionState> {
      checkWish(wish);
      const all = await rows.all();
      const { principal, app } = asking;
      const ofOwner = all.filter(({ subscription }) => subscription.owner.id === principal.id);
      const ofAll = all.filter(({ subscription }) => subscription.organisationId === principal.organisationId);
      if (ofOwner.length >= PER_OWNER_MAX || ofAll.length >= PER_ORGANISATION_MAX)
        throw new RefusedInput("CONFLICT", { at: "Subscription", expected: `at most ${PER_OWNER_MAX} of one owner` });
      const id = runtime.ids.uuid();
      const { headers, ...rest } = wish;
      const application: Application | null = app
        ? {
            clientId: app.clientId,
            // The token, the application, and the grant where there is one: packages/model, AppAccess.
            grantHash: app.endsWith[2] === undefined ? null : Buffer.from(app.endsWith[2], "hex"),
            scopes: app.scopes,
            fhirUser: app.fhirUser,
            patientId: app.patientId,
          }
        : null;
      await rows.create(
        {
          ...rest,
          id,
          organisationId: principal.organisationId,
          owner: { kind: principal.kind === "person" ? "person" : "token", id: principal.id },
          application,
          headers: sealHeaders(vault, id, headers),
          status: statusOf(wish),
        },
        await outbox.end(),
      );
      await changed();
      return stateOf(await needed(asking, id));
    },

    /**
     * As it was written anew. What it was told of keeps its numbers; one that was off goes on where it was.
     *
     * @throws RefusedInput NOT_FOUND, FIELD_INVALID, CONFLICT, VERSION_DIFFERS
     */
    async update(
      asking: Asking,
      id: string,
      wish: SubscriptionWish,
      version: number | null,
    ): Promise<SubscriptionState> {
      const before = await needed(asking, id);
      const { subscription } = before;
      if (version !== null && version !== subscription.version)
        throw new RefusedInput("VERSION_DIFFERS", {
          at: "http.If-Match",
          expected: 'W/"{version}" of the newest version',
        });
      checkWish(wish);
      if (wish.topic !== subscription.topic)
        throw new RefusedInput("FIELD_INVALID", {
          at: "Subscription.criteria",
          expected: "the topic that it has: its numbers are of that one",
        });
      const { headers, ...rest } = wish;
      const { organisationId, owner } = subscription;
      const isElsewhere = wish.endpoint !== subscription.endpoint || wish.channel !== subscription.channel;
      const isRunning = subscription.status === "active" && !isElsewhere && wish.status !== "off";
      await rows.change(subscription, {
        ...rest,
        id,
        organisationId,
        owner,
        headers: sealHeaders(vault, id, headers),
        status: isRunning ? "active" : statusOf(wish),
      });
      await deps.restart(id);
      return stateOf(await needed(asking, id));
    },

    /** @throws RefusedInput NOT_FOUND */
    async remove(asking: Asking, id: string): Promise<void> {
      const { subscription } = await needed(asking, id);
      await rows.end(subscription, asking.principal.id, "deleted");
      await changed();
    },

    /**
     * What happened under these numbers; of each there is one, also of what is not for the owner any more.
     *
     * @throws RefusedInput GONE: some of it is not kept any more
     */
    async events(asking: Asking, id: string, from: number, upTo: number): Promise<readonly NumberedEvent[]> {
      const { subscription, progress } = await needed(asking, id);
      const last = Math.min(upTo, progress.events);
      if (from > last) return [];
      const oldest = (await rows.oldest(subscription)) ?? progress.events + 1;
      if (from < oldest)
        throw new RefusedInput("GONE", { at: "http.eventsSinceNumber", expected: `${oldest} or more` });
      return rows.events(subscription, from, last);
    },

    /** @throws RefusedInput NOT_FOUND, FIELD_INVALID where one of them is no WebSocket's */
    async bindingToken(
      asking: Asking,
      ids: readonly string[],
    ): Promise<{ token: string; expiresAt: number; url: string; subscriptionIds: readonly string[] }> {
      const named = ids.length > 0 ? await Promise.all(ids.map((id) => needed(asking, id))) : await own(asking);
      const theirs = named.filter(({ subscription }) => subscription.channel === "websocket");
      if (theirs.length === 0 || (ids.length > 0 && theirs.length < named.length))
        throw new RefusedInput("FIELD_INVALID", {
          at: "http.id",
          expected: "subscriptions whose channel is websocket",
        });
      if (theirs.some(({ subscription }) => subscription.status === "off"))
        throw new RefusedInput("CONFLICT", { at: "Subscription.status", expected: "active" });
      const subscriptionIds = theirs.map(({ subscription }) => subscription.id);
      return { ...deps.tokens.issue(subscriptionIds), url: given.webSocketUrl(), subscriptionIds };
    },
  };
}

/** Whoever comes to us need not be asked first. */
const statusOf = ({ status, channel }: SubscriptionWish) =>
  status === "off" ? "off" : channel === "websocket" ? "active" : "requested";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
