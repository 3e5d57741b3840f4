import type { Organisation, Role } from "@openward/model";
import type { GrantStore } from "./grants/grants.ts";
import type { FirstPerson, People } from "./ports.ts";
import type { CredentialStore } from "./sign-in.ts";

const FIRST: readonly { role: Role; display: string }[] = [{ role: "administrator", display: "Administrator" }];

const DEMO: readonly { role: Role; display: string }[] = [
  { role: "nurse", display: "Demo nurse" },
  { role: "clinical-engineer", display: "Demo clinical engineer" },
  { role: "administrator", display: "Demo administrator" },
];

/** Somebody has to be first to let the others in; there is no default password. */
export async function ensureFirstPeople(
  deps: {
    people: People;
    credentials: Pick<CredentialStore, "issueLink" | "haveSignedIn">;
    grants: Pick<GrantStore, "assignToAll">;
  },
  organisation: Organisation,
  again: boolean,
): Promise<FirstPerson[]> {
  const present = await deps.people.list(organisation.id);
  const signedIn = await deps.credentials.haveSignedIn(organisation.id);
  const first: FirstPerson[] = [];
  for (const { role, display } of organisation.isDemo ? DEMO : FIRST) {
    let person = present.find((one) => one.role === role && one.disabledAt === null);
    if (!person) {
      person = await deps.people.create(organisation.id, display, role, "system");
      await deps.grants.assignToAll(person, "system");
    }
    // When another administrator has signed in, the door is open: no links for people who were forgotten.
    const isDoorOpen = present.some((one) => one.role === role && signedIn.has(one.id));
    const link = again || !isDoorOpen ? await deps.credentials.issueLink(person.id, "system") : null;
    first.push({ person, link });
  }
  return first;
}
