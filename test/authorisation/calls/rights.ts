import { about, type Calls, house, NOBODY, ofPatient, plain, span } from "./call.ts";

/** Who has looked, and everything about a patient. */
export const rightsCalls = {
  accessHistory: ofPatient(),
  audit: plain({ query: { limit: 1000 } }),

  exportPatient: ofPatient({ body: { reason: "asked for by letter" } }),
  disclosures: ofPatient(),
  breach: { isAbout: false, ask: (_, { home }) => ({ query: { ...span, by: home.token.slice(0, 8) } }) },
  findRecord: about(({ mrn }) => ({ body: { mrn } })),
  holds: plain(),
  placeHold: about(
    ({ mrn }) => ({ body: { patient: mrn, reason: "a claim in court" } }),
    async (world, subject) => {
      const { id, mrn } = await world.spare(subject, false);
      return { body: { patient: mrn, reason: "a claim in court" }, shows: [id] };
    },
  ),
  endHold: plain({ params: { id: NOBODY }, body: { reason: "settled" } }, async (world, subject) => {
    const { mrn } = await world.spare(subject, false);
    const hold = await house(world, "POST", "/rights/holds", { patient: mrn, reason: "a claim in court" });
    return { params: { id: hold.id }, body: { reason: "settled" } };
  }),
} satisfies Calls;
