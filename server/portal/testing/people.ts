import type { Person } from "@openward/model";
import type { PortalDeps } from "../portal.ts";
import type { Held } from "./held.ts";

/** People of the organisation, in a few lines. */
export function peopleOf({ now, id, people, enabled, asked, need }: Held): Pick<PortalDeps, "people"> {
  return {
    people: {
      list: async () => [...people.values()],
      async create(organisationId, display, role) {
        const person: Person = { id: id(), organisationId, display, role, createdAt: now(), disabledAt: null };
        people.set(person.id, person);
        return person;
      },
      find: async (personId) => people.get(personId),
      async change(_, personId, { display, role, email }) {
        if (email !== undefined) asked.push(["change person", personId, { email }]);
        const before = need(people, personId);
        const person = { ...before, display: display ?? before.display, role: role ?? before.role };
        people.set(personId, person);
        return person;
      },
      disable: async (_, personId) => enabled(personId, now()),
      enable: async (_, personId) => enabled(personId, null),
    },
  };
}
