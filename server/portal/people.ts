import { RefusedInput } from "@openward/errors";
import type { Person } from "@openward/model";
import type { Handlers } from "./call.ts";
import type { Access, Mail, People } from "./ports/index.ts";
import { personBody } from "./present.ts";

type PeopleRoutes = "people" | "addPerson" | "changePerson" | "disablePerson" | "enablePerson" | "newLink";

export function peopleHandlers(deps: {
  people: People;
  access: Pick<Access, "issueLink" | "grants">;
  /** The page that takes a one-time token. */
  signInLink: (token: string) => string;
  /** null: links are handed over. */
  mail: Mail | null;
}): Pick<Handlers, PeopleRoutes> {
  const { people, access, signInLink, mail } = deps;

  async function withLink(person: Person, by: string) {
    const { token, expiresAt } = await access.issueLink(person.id, by);
    return { person: personBody(person), link: signInLink(token), expiresAt };
  }

  return {
    async people({ signedIn }) {
      return (await people.list(signedIn.organisation.id)).map(personBody);
    },
    async addPerson({ signedIn: { organisation, principal }, body: { display, role, email } }) {
      const by = principal.id;
      const person = await people.create(organisation.id, display, role, by);
      if (email !== undefined) await people.change(organisation.id, person.id, { email }, by);
      await access.grants.assignNewcomer(person, by);
      return withLink(person, by);
    },
    async changePerson({ signedIn: { organisation, principal }, params, body }) {
      return personBody(await people.change(organisation.id, params.id, body, principal.id));
    },
    async disablePerson({ signedIn: { organisation, principal }, params }) {
      return personBody(await people.disable(organisation.id, params.id, principal.id));
    },
    async enablePerson({ signedIn: { organisation, principal }, params }) {
      return personBody(await people.enable(organisation.id, params.id, principal.id));
    },
    async newLink({ signedIn, params, body }) {
      const person = await people.find(params.id);
      if (!person || person.organisationId !== signedIn.organisation.id) throw new RefusedInput("NOT_FOUND");
      if (person.disabledAt !== null)
        throw new RefusedInput("CONFLICT", { at: "id", expected: "a person who may sign in" });
      if (!body) return withLink(person, signedIn.principal.id);
      if (!mail) throw new RefusedInput("CONFLICT", { at: "email", expected: "OPENWARD_SMTP_URL to be set" });
      const made = await withLink(person, signedIn.principal.id);
      await mail.sendLink(body.email, made.link, made.expiresAt);
      return { ...made, link: null };
    },
  };
}
