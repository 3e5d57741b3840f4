import { RefusedInput } from "@openward/errors";
import { type Person, ROLES, type Role } from "@openward/model";
import { audit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import type { PeopleRegistry } from "./ports.ts";
import { everywhere, inOrganisation, isUuid } from "./transaction.ts";

interface PersonRow {
  readonly id: string;
  readonly organisation_id: string;
  readonly display: string;
  readonly role: Role;
  readonly created_at: number;
  readonly disabled_at: number | null;
}

const COLUMNS = "id, organisation_id, display, role, created_at, disabled_at";

/** Who can sign in. */
export function createPeopleRegistry({ api, worker, runtime }: RegistryContext): PeopleRegistry {
  return {
    async list(organisationId) {
      const rows = await inOrganisation(api, organisationId, (tx) =>
        tx.rows<PersonRow>(`SELECT ${COLUMNS} FROM person ORDER BY created_at, id`),
      );
      return rows.map(toPerson);
    },

    async create(organisationId, display, role, by) {
      const at = runtime.clock.now();
      const name = display.trim();
      if (name === "" || name.length > 120)
        throw new RefusedInput("FIELD_INVALID", { at: "display", expected: "1 to 120 characters" });
      if (!ROLES.includes(role)) throw new RefusedInput("FIELD_INVALID", { at: "role", expected: ROLES.join(", ") });
      const person: Person = {
        id: runtime.ids.uuid(),
        organisationId,
        display: name,
        role,
        createdAt: at,
        disabledAt: null,
      };
      await inOrganisation(api, organisationId, async (tx) => {
        await tx.run(
          "INSERT INTO person (id, organisation_id, display, role, created_at) VALUES ($1, $2, $3, $4, $5)",
          [person.id, organisationId, name, role, at],
        );
        await audit(tx, { organisationId, at, by, action: "person.create", detail: { personId: person.id, role } });
      });
      return person;
    },

    async find(personId) {
      if (!isUuid(personId)) return undefined;
      const [row] = await everywhere(worker, (tx) =>
        tx.rows<PersonRow>(`SELECT ${COLUMNS} FROM person WHERE id = $1`, [personId]),
      );
      return row && toPerson(row);
    },
  };
}

function toPerson(row: PersonRow): Person {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    display: row.display,
    role: row.role,
    createdAt: row.created_at,
    disabledAt: row.disabled_at,
  };
}
