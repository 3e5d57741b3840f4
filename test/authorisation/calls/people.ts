import type { World } from "../world.ts";
import { about, type Calls, NOBODY, plain } from "./call.ts";

const personOf = (role: "nurse" | "family") => async (world: World) => ({
  params: { id: (await world.newPerson(role)).person.id },
});

const APPLICATION = {
  name: "Of another maker",
  kind: "secret",
  scope: "patient/*.rs",
  redirectUris: ["http://127.0.0.1:1/"],
} as const;
const application = async ({ server, home }: World) =>
  (await server.foundation.clients.add(home.organisationId, APPLICATION, "test")).client.id;

/** People who sign in, and the applications that they use. */
export const peopleCalls = {
  people: plain(),
  launchApp: {
    ...about(
      ({ id }) => ({ body: { clientId: NOBODY, patientId: id } }),
      async ({ server, home }, _subject, { id }) => {
        const how = {
          name: "Launched",
          kind: "public",
          scope: "launch patient/*.rs",
          redirectUris: ["http://127.0.0.1:1/"],
        } as const;
        const { client } = await server.foundation.clients.add(
          home.organisationId,
          { ...how, launchUri: "http://127.0.0.1:1/launch" },
          "test",
        );
        return { body: { clientId: client.id, patientId: id } };
      },
    ),
    isForPeople: true,
  },
  launchableApps: plain(),
  applications: plain(),
  addApplication: plain({}, async () => ({ body: APPLICATION })),
  rotateApplication: plain({ params: { id: NOBODY }, body: {} }, async (world) => ({
    params: { id: await application(world) },
    body: {},
  })),
  disableApplication: plain({ params: { id: NOBODY } }, async (world) => ({
    params: { id: await application(world) },
  })),
  addPerson: plain({}, async () => ({ body: { display: "Nia Berg", role: "nurse" } })),
  changePerson: plain({ params: { id: NOBODY } }, async (world) => ({
    ...(await personOf("nurse")(world)),
    body: { display: "Nia Lie" },
  })),
  disablePerson: plain({ params: { id: NOBODY } }, personOf("nurse")),
  enablePerson: plain({ params: { id: NOBODY } }, personOf("nurse")),
  newLink: plain({ params: { id: NOBODY } }, personOf("nurse")),
} satisfies Calls;
