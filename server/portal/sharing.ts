import type { ConsentBody, SharedWithBody, SharingBody } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import type { Grant, Person } from "@openward/model";
import type { Clock } from "@openward/runtime";
import { categories } from "@openward/signals/categories";
import type { Handlers } from "./call.ts";
import { consentBodies, statementOf } from "./consents.ts";
import type { Names } from "./names.ts";
import type { Authenticated, Consents, Grants, People, Relations } from "./ports/index.ts";
import { createStanding } from "./standing.ts";

type SharingRoutes = "sharing" | "share" | "changeSharing" | "stopSharing";

/** Whom a patient can name: who takes care or studies here. */
const NAMED = new Set<string>(["nurse", "physician", "researcher"]);

/** What a patient says of who sees what: for the patient, and for who decides for them. */
export function sharingHandlers(deps: {
  consents: Consents;
  grants: Pick<Grants, "list">;
  relations: Pick<Relations, "ofPerson" | "ofPatient">;
  people: Pick<People, "list">;
  names: Names;
  clock: Clock;
}): Pick<Handlers, SharingRoutes> {
  const { consents, grants, relations, people, clock } = deps;
  const bodies = consentBodies(deps);
  const standing = createStanding(deps);
  const one = async (consent: Parameters<typeof bodies>[0][number]): Promise<ConsentBody> =>
    (await bodies([consent]))[0] as ConsentBody;

  /** @throws RefusedInput NOT_PERMITTED for who does not decide */
  async function deciding(signedIn: Authenticated, patientId: string, isConfirmed: boolean) {
    const { mayDecide, relation } = await standing(signedIn, patientId);
    if (!mayDecide) throw new RefusedInput("NOT_PERMITTED", { expected: "the patient, or who decides for them" });
    const as = relation.relation === "self" ? "self" : "guardian";
    return { by: signedIn.principal.id, as, isConfirmed } as const;
  }

  /** @throws RefusedInput NOT_FOUND where it is not this patient's */
  async function needTheirs({ organisation }: Authenticated, patientId: string, consentId: string): Promise<void> {
    const consent = await consents.find(organisation.id, consentId);
    if (consent.patientId !== patientId) throw new RefusedInput("NOT_FOUND", { at: "consentId" });
  }

  return {
    async sharing({ signedIn, params: { patientId } }): Promise<SharingBody> {
      const { mayDecide } = await standing(signedIn, patientId);
      const organisationId = signedIn.organisation.id;
      const [said, holding, everybody, related] = await Promise.all([
        consents.ofPatients(organisationId, [patientId]),
        grants.list(organisationId, { patientId }),
        people.list(organisationId),
        relations.ofPatient(organisationId, patientId),
      ]);
      const theirs = new Set(related.relations.flatMap(({ personId, to }) => (to === null ? [personId] : [])));
      const mine = signedIn.principal.id;
      const canBeNamed = ({ id, role, disabledAt }: Person) =>
        id !== mine && disabledAt === null && (NAMED.has(role) || (role === "family" && theirs.has(id)));
      const byId = new Map(everybody.map((person) => [person.id, person]));
      return {
        patientId,
        mayDecide,
        categories: categories.map(({ key, display, words, isSafety = false }) => ({ key, display, words, isSafety })),
        people: everybody.filter(canBeNamed).map(({ id, display, role }) => ({ id, display, role })),
        sees: holding.flatMap((grant) => sharedWith(grant, byId) ?? []),
        consents: await bodies(said),
      };
    },

    async share({ signedIn, params: { patientId }, body }) {
      const said = await deciding(signedIn, patientId, body.confirm);
      return one(await consents.say(signedIn.organisation.id, patientId, statementOf(body, clock.now()), said));
    },

    async changeSharing({ signedIn, params: { patientId, consentId }, body }) {
      const said = await deciding(signedIn, patientId, body.confirm);
      await needTheirs(signedIn, patientId, consentId);
      return one(await consents.change(signedIn.organisation.id, consentId, statementOf(body, clock.now()), said));
    },

    async stopSharing({ signedIn, params: { patientId, consentId }, body }) {
      const said = await deciding(signedIn, patientId, body.confirm);
      await needTheirs(signedIn, patientId, consentId);
      return one(await consents.withdraw(signedIn.organisation.id, consentId, said));
    },
  };
}

const UNNAMED: Readonly<Record<string, string>> = { token: "A program", kiosk: "A screen on the ward's wall" };

/** Programs and people who may sign in no more are not told by name: the first have none, the second see nothing. */
function sharedWith(
  { grantee, reach, purpose, basis, from, to, categories: kinds = null }: Grant,
  people: ReadonlyMap<string, Person>,
): SharedWithBody | undefined {
  const person = grantee.kind === "person" ? people.get(grantee.id) : undefined;
  if (grantee.kind === "person" && (!person || person.disabledAt !== null)) return undefined;
  const role = grantee.kind === "role" ? grantee.role : (person?.role ?? "integration");
  const display = person?.display ?? UNNAMED[grantee.kind] ?? null;
  return { display, role, reach: reach.kind, purpose, basis, from, to, categories: kinds && [...kinds] };
}
