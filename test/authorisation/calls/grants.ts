import { json } from "../server.ts";
import type { World } from "../world.ts";
import { about, type Calls, house, NOBODY, ofPatient, plain, toSpare, WISH } from "./call.ts";

const EMERGENCY = "unconscious in the corridor";

async function broken(world: World): Promise<string> {
  const { person } = await world.newPerson("nurse");
  const patient = world.known.glass.mrn;
  const grant = await world.server.foundation.access.breakGlass.open(
    { ...person, kind: "person" },
    { patient, reason: "an emergency" },
  );
  return grant.id;
}

/** Who may see whom, and why. */
export const grantCalls = {
  grants: about(({ id }) => ({ query: { patient: id } })),
  addGrant: about(({ id }) => ({
    body: {
      grantee: { kind: "role", role: "nobody" },
      reach: { kind: "patient", patientId: id },
      purpose: "care",
      basis: "care-team",
    },
  })),
  endGrant: about(
    ({ grantId }) => ({ params: { id: grantId }, body: {} }),
    async (world, _subject, { id }) => {
      const grant = {
        grantee: { kind: "role", role: "nobody" },
        reach: { kind: "patient", patientId: id },
        purpose: "care",
        basis: "care-team",
      };
      return { params: { id: (await house(world, "POST", "/grants", grant)).id }, body: {} };
    },
  ),
  breakGlass: {
    ...about(
      ({ mrn }) => ({ body: { patient: mrn, reason: EMERGENCY, confirm: true } }),
      async (world, subject) => {
        const { id, mrn } = await world.spare(subject, false);
        return { body: { patient: mrn, reason: EMERGENCY, confirm: true }, shows: [id] };
      },
    ),
    isForPeople: true,
  },
  glassBroken: { isAbout: false, ask: (_, { known }) => ({ shows: [known.glass.id] }) },
  reviewGlass: plain({ params: { id: NOBODY } }, async (world) => ({
    params: { id: await broken(world) },
    body: { outcome: "justified" },
    shows: [world.known.glass.id],
  })),
  myBrokenGlass: plain(),
  endBreakGlass: {
    ...plain({ params: { id: NOBODY } }, async (world, subject) => {
      const { mrn } = await world.spare(subject, false);
      const { id } = await json<{ id: string }>(world.server, {
        method: "POST",
        path: "/api/break-glass",
        headers: subject.headers,
        body: { patient: mrn, reason: EMERGENCY, confirm: true },
      });
      return { params: { id } };
    }),
    isForPeople: true,
  },
  unwatched: plain(),
  patientMonitoring: ofPatient(),
  patientGrants: ofPatient(),
  patientConsents: ofPatient(),
  writeConsent: about(
    ({ id }) => ({ params: { id }, body: WISH }),
    toSpare((id) => ({ params: { id }, body: WISH })),
  ),
  withdrawConsent: about(
    ({ id }) => ({ params: { id, consentId: NOBODY }, body: {} }),
    toSpare(
      (id) => ({ params: { id }, body: {} }),
      async (world, id) => {
        const { id: consentId } = await house(world, "POST", `/patients/${id}/consents`, WISH);
        return { params: { consentId } };
      },
    ),
  ),
  explainHidden: {
    isAbout: false,
    ask: (_, { known, subjects }) => ({
      query: { patient: known.own.id, person: subjects.find(({ name }) => name === "nurse (own)")?.id ?? NOBODY },
    }),
  },
} satisfies Calls;
