import { json } from "../server.ts";
import type { World } from "../world.ts";
import { about, type Calls, house, NOBODY, plain } from "./call.ts";

const FEED = { way: "mqtt", name: "Display" };
/** Made by who asks, and then changed. */
const ofOwnFeed = (body?: unknown) =>
  about(
    ({ id }) => ({ params: { patientId: id, feedId: NOBODY }, ...(body === undefined ? {} : { body }) }),
    async ({ server }, { headers }, { id }) => {
      const path = `/api/me/patients/${id}/feeds`;
      const made = await json<{ feed: { id: string } }>(server, { method: "POST", path, headers, body: FEED });
      return { params: { patientId: id, feedId: made.feed.id }, ...(body === undefined ? {} : { body }) };
    },
  );
const BACKEND = {
  name: "Registry",
  kind: "backend",
  scope: "system/Observation.rs",
  jwksUri: "https://registry.example/keys",
} as const;
const backend = async ({ server, home }: World) =>
  (await server.foundation.clients.add(home.organisationId, BACKEND, "test")).client.id;
const ofApplicationFeed = (body?: unknown) =>
  plain({ params: { feedId: NOBODY }, ...(body === undefined ? {} : { body }) }, async (world) => {
    const made = await house<{ feed: { id: string } }>(world, "POST", "/feeds", {
      ...FEED,
      applicationId: await backend(world),
    });
    return { params: { feedId: made.feed.id }, ...(body === undefined ? {} : { body }) };
  });

/** What leaves the house as it happens, to people and to applications. */
export const feedCalls = {
  feeds: about(({ id }) => ({ params: { patientId: id } })),
  addFeed: about(({ id }) => ({ params: { patientId: id }, body: FEED })),
  pauseFeed: ofOwnFeed(),
  resumeFeed: ofOwnFeed(),
  endFeed: ofOwnFeed(),
  rotateFeed: ofOwnFeed({}),
  pingFeed: ofOwnFeed(),
  replayFeed: ofOwnFeed({ from: 0 }),
  applicationFeeds: plain(),
  addApplicationFeed: plain({}, async (world) => ({ body: { ...FEED, applicationId: await backend(world) } })),
  pauseApplicationFeed: ofApplicationFeed(),
  resumeApplicationFeed: ofApplicationFeed(),
  endApplicationFeed: ofApplicationFeed(),
  rotateApplicationFeed: ofApplicationFeed({}),
  pingApplicationFeed: ofApplicationFeed(),
  replayApplicationFeed: ofApplicationFeed({ from: 0 }),
} satisfies Calls;
