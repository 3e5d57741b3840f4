import type { FeedBody, FeedsBody } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import type { FeedState, FeedTarget } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { Handlers } from "./call.ts";
import type { Names } from "./names.ts";
import type { Applications, Authenticated, Feeds, Relations, SystemState } from "./ports/index.ts";
import { createStanding } from "./standing.ts";

type OfPatient =
  | "feeds"
  | "addFeed"
  | "pauseFeed"
  | "resumeFeed"
  | "endFeed"
  | "rotateFeed"
  | "pingFeed"
  | "replayFeed";
type OfApplications =
  | "applicationFeeds"
  | "addApplicationFeed"
  | "pauseApplicationFeed"
  | "resumeApplicationFeed"
  | "endApplicationFeed"
  | "rotateApplicationFeed"
  | "pingApplicationFeed"
  | "replayApplicationFeed";

interface Asked {
  readonly url?: string | undefined;
  readonly everySeconds: number;
  readonly username?: string | undefined;
  readonly ca?: string | undefined;
  readonly homeAssistant: boolean;
  readonly discoveryPrefix?: string | undefined;
}

/** Where data goes as it happens: of a patient by who stands beside them, of applications by an administrator. */
export function feedHandlers(deps: {
  readonly feeds: Feeds;
  readonly applications: Pick<Applications, "list">;
  readonly relations: Pick<Relations, "ofPerson">;
  readonly system: Pick<SystemState, "mqtt">;
  readonly names: Pick<Names, "of" | "learn">;
  readonly clock: Clock;
}): Pick<Handlers, OfPatient | OfApplications> {
  const { feeds, system, names } = deps;
  const standing = createStanding(deps);

  async function told(
    signedIn: Authenticated,
    states: readonly FeedState[],
    patientId: string | null,
  ): Promise<FeedsBody> {
    const { host, port } = system.mqtt();
    const apps = patientId === null ? await deps.applications.list(signedIn.organisation.id) : [];
    await names.learn(states.map(({ feed }) => feed.owner.id));
    const nameOf = ({ owner }: FeedState["feed"]) => apps.find(({ id }) => id === owner.id)?.name ?? names.of(owner.id);
    const bodies = states.map((state) => bodyOf(state, nameOf(state.feed), signedIn.principal.id));
    return { patientId, mqtt: { host, port, topic: "openward/v1/feed/{id}/#" }, feeds: bodies };
  }

  /** Those of the patient that who asks may know of: their own, and all where they decide for the patient. */
  async function ofPatient(signedIn: Authenticated, patientId: string): Promise<FeedState[]> {
    const { mayDecide } = await standing(signedIn, patientId);
    const all = feeds.list(signedIn.organisation.id, { patientId });
    return all.filter(({ feed }) => mayDecide || feed.owner.id === signedIn.principal.id);
  }

  const listed = async (signedIn: Authenticated, patientId: string) =>
    told(signedIn, await ofPatient(signedIn, patientId), patientId);

  /** @throws RefusedInput NOT_FOUND */
  async function own(signedIn: Authenticated, patientId: string, feedId: string): Promise<FeedState> {
    const found = (await ofPatient(signedIn, patientId)).find(({ feed }) => feed.id === feedId);
    if (!found) throw new RefusedInput("NOT_FOUND", { at: "feedId" });
    return found;
  }

  const ofApplications = ({ organisation }: Authenticated) => feeds.list(organisation.id, "applications");
  const applicationsTold = (signedIn: Authenticated) => told(signedIn, ofApplications(signedIn), null);
  function ofApplication(signedIn: Authenticated, feedId: string): FeedState {
    const found = ofApplications(signedIn).find(({ feed }) => feed.id === feedId);
    if (!found) throw new RefusedInput("NOT_FOUND", { at: "feedId" });
    return found;
  }

  const withSecret = async (signedIn: Authenticated, state: FeedState, secret: string | null) => {
    const { patientId } = state.feed;
    const [feed] = (await told(signedIn, [state], patientId)).feeds;
    return { patientId, feed: feed as FeedBody, secret }; // one in, one out
  };
  const fromOf = (from: string | number) => (typeof from === "number" ? { at: from } : { cursor: from });

  return {
    feeds: ({ signedIn, params }) => listed(signedIn, params.patientId),

    async addFeed({ signedIn, params: { patientId }, body }) {
      await standing(signedIn, patientId);
      const { organisation, principal } = signedIn;
      const owner = { kind: "person", id: principal.id } as const;
      const { name, way, kinds, signals, password, ...rest } = body;
      const whose = { organisationId: organisation.id, owner, patientId, by: principal.id };
      const { state, secret } = await feeds.create(whose, {
        name,
        way,
        kinds,
        signals,
        password,
        target: targetOf(rest),
      });
      return withSecret(signedIn, state, secret);
    },

    async pauseFeed({ signedIn, params: { patientId, feedId } }) {
      await own(signedIn, patientId, feedId);
      await feeds.pause(signedIn.organisation.id, feedId, signedIn.principal.id);
      return listed(signedIn, patientId);
    },

    async resumeFeed({ signedIn, params: { patientId, feedId } }) {
      await own(signedIn, patientId, feedId);
      await feeds.resume(signedIn.organisation.id, feedId, signedIn.principal.id);
      return listed(signedIn, patientId);
    },

    async endFeed({ signedIn, params: { patientId, feedId } }) {
      await own(signedIn, patientId, feedId);
      await feeds.end(signedIn.organisation.id, feedId, signedIn.principal.id);
      return listed(signedIn, patientId);
    },

    async rotateFeed({ signedIn, params: { patientId, feedId }, body }) {
      const { feed } = await own(signedIn, patientId, feedId);
      // Whoever has the secret is told what its owner sees: it is theirs alone.
      if (feed.owner.id !== signedIn.principal.id) throw new RefusedInput("NOT_PERMITTED", { expected: "who made it" });
      const secret = await feeds.rotate(signedIn.organisation.id, feedId, signedIn.principal.id, body.password);
      return withSecret(signedIn, await own(signedIn, patientId, feedId), secret);
    },

    async pingFeed({ signedIn, params: { patientId, feedId } }) {
      await own(signedIn, patientId, feedId);
      return feeds.ping(signedIn.organisation.id, feedId);
    },

    async replayFeed({ signedIn, params: { patientId, feedId }, body }) {
      await own(signedIn, patientId, feedId);
      await feeds.replay(signedIn.organisation.id, feedId, fromOf(body.from), signedIn.principal.id);
      return listed(signedIn, patientId);
    },

    applicationFeeds: ({ signedIn }) => applicationsTold(signedIn),

    async addApplicationFeed({ signedIn, body }) {
      const { organisation, principal } = signedIn;
      const { name, way, kinds, signals, password, applicationId, ...rest } = body;
      const application = (await deps.applications.list(organisation.id)).find(({ id }) => id === applicationId);
      if (application?.kind !== "backend" || application.disabledAt !== null)
        throw new RefusedInput("FIELD_INVALID", {
          at: "applicationId",
          expected: "an application that acts for nobody",
        });
      const owner = { kind: "token", id: applicationId } as const;
      const whose = { organisationId: organisation.id, owner, patientId: null, by: principal.id };
      const { state, secret } = await feeds.create(whose, {
        name,
        way,
        kinds,
        signals,
        password,
        target: targetOf(rest),
      });
      return withSecret(signedIn, state, secret);
    },

    async pauseApplicationFeed({ signedIn, params: { feedId } }) {
      ofApplication(signedIn, feedId);
      await feeds.pause(signedIn.organisation.id, feedId, signedIn.principal.id);
      return applicationsTold(signedIn);
    },

    async resumeApplicationFeed({ signedIn, params: { feedId } }) {
      ofApplication(signedIn, feedId);
      await feeds.resume(signedIn.organisation.id, feedId, signedIn.principal.id);
      return applicationsTold(signedIn);
    },

    async endApplicationFeed({ signedIn, params: { feedId } }) {
      ofApplication(signedIn, feedId);
      await feeds.end(signedIn.organisation.id, feedId, signedIn.principal.id);
      return applicationsTold(signedIn);
    },

    async rotateApplicationFeed({ signedIn, params: { feedId }, body }) {
      ofApplication(signedIn, feedId);
      const secret = await feeds.rotate(signedIn.organisation.id, feedId, signedIn.principal.id, body.password);
      return withSecret(signedIn, ofApplication(signedIn, feedId), secret);
    },

    async pingApplicationFeed({ signedIn, params: { feedId } }) {
      ofApplication(signedIn, feedId);
      return feeds.ping(signedIn.organisation.id, feedId);
    },

    async replayApplicationFeed({ signedIn, params: { feedId }, body }) {
      ofApplication(signedIn, feedId);
      await feeds.replay(signedIn.organisation.id, feedId, fromOf(body.from), signedIn.principal.id);
      return applicationsTold(signedIn);
    },
  };
}

function targetOf({ url, everySeconds, username, ca, homeAssistant, discoveryPrefix }: Asked): FeedTarget {
  return {
    everySeconds,
    homeAssistant,
    ...(url === undefined ? {} : { url }),
    ...(username === undefined ? {} : { username }),
    ...(ca === undefined ? {} : { ca }),
    ...(discoveryPrefix === undefined ? {} : { discoveryPrefix }),
  };
}

function stateOf({ feed, progress }: FeedState): FeedBody["state"] {
  if (feed.pausedAt !== null) return feed.pauseReason === null ? "paused" : "gave-up";
  return progress.failingSince === null ? "running" : "failing";
}

function bodyOf(state: FeedState, owner: string, me: string): FeedBody {
  const { feed, progress } = state;
  const { target } = feed;
  return {
    id: feed.id,
    name: feed.name,
    way: feed.way,
    patientId: feed.patientId,
    ownerId: feed.owner.id,
    owner,
    isMine: feed.owner.id === me,
    kinds: [...feed.kinds],
    signals: feed.signals && [...feed.signals],
    url: target.url ?? null,
    username: target.username ?? null,
    everySeconds: target.everySeconds ?? null,
    homeAssistant: target.homeAssistant ?? false,
    state: stateOf(state),
    createdAt: feed.createdAt,
    hasBacklog: state.hasBacklog,
    isConnected: state.isConnected,
    delivered: progress.delivered,
    lastSuccessAt: progress.lastSuccessAt,
    lastErrorAt: progress.lastErrorAt,
    lastError: progress.lastError ?? feed.pauseReason,
  };
}
