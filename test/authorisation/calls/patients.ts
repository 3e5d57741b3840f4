import { about, bed, type Calls, house, NOBODY, ofPatient, plain, toSpare } from "./call.ts";

/** The house, its wards, who lies in them, and who is who to them. */
export const patientCalls = {
  about: plain(),
  system: plain(),
  wards: plain(),
  addWard: plain({}, async () => ({ body: { name: `Ward ${bed()}`, timeZone: "Europe/Oslo" } })),

  patients: plain({ query: { all: "true" } }),
  admit: plain({}, async ({ home }) => ({ body: { isUnknown: true, wardId: home.wardId, bed: bed() } })),
  findPatients: plain({ body: { q: "", all: true } }),
  patient: ofPatient(),
  changePatient: ofPatient({ body: { sex: "female" } }),
  readmit: about(
    ({ id, wardId }) => ({ params: { id }, body: { wardId, bed: "x" } }),
    async (world, subject) => {
      const { id } = await world.spare(subject);
      await house(world, "POST", `/patients/${id}/discharge`);
      return { params: { id }, body: { wardId: world.home.wardId, bed: bed() }, shows: [id] };
    },
  ),
  transfer: about(
    ({ id, wardId }) => ({ params: { id }, body: { wardId, bed: "x" } }),
    async (world, subject) => {
      const { id } = await world.spare(subject);
      return { params: { id }, body: { wardId: world.home.wardId, bed: bed() }, shows: [id] };
    },
  ),
  discharge: about(
    ({ id }) => ({ params: { id } }),
    toSpare((id) => ({ params: { id } })),
  ),
  merge: about(
    // Somebody who sees both, with the server's checks off, would make one of the two.
    ({ id, key }, { known }) => ({ params: { id }, body: { into: key === "kept" ? id : known.own.id } }),
    async (world, subject) => ({
      params: { id: (await world.spare(subject)).id },
      body: { into: (await world.spare(subject)).id },
    }),
  ),

  relations: ofPatient(),
  relate: about(
    ({ id }) => ({ params: { id }, body: { personId: NOBODY, relation: "family", reason: "a daughter" } }),
    async (world, _subject, { id }) => {
      const { person } = await world.newPerson("family");
      return { params: { id }, body: { personId: person.id, relation: "family", reason: "a daughter" } };
    },
  ),
  endRelation: about(
    ({ id, relationId }) => ({ params: { id, relationId } }),
    async (world, _subject, { id }) => {
      const { person } = await world.newPerson("family");
      const relation = { personId: person.id, relation: "family", reason: "a son" };
      const { id: relationId } = await house(world, "POST", `/patients/${id}/relations`, relation);
      return { params: { id, relationId } };
    },
  ),
  stateFact: about(
    (known) => ({ params: { id: known.id }, body: { fact: "deceased", reason: "an error" } }),
    toSpare((id) => ({ params: { id }, body: { fact: "incapacity", reason: "asleep" } })),
  ),
  endFact: about(
    ({ id, factId }) => ({ params: { id, factId } }),
    toSpare(
      (id) => ({ params: { id } }),
      async (world, id) => {
        const fact = await house(world, "POST", `/patients/${id}/facts`, { fact: "incapacity", reason: "asleep" });
        return { params: { factId: fact.id } };
      },
    ),
  ),
} satisfies Calls;
