import { RefusedInput } from "@openward/errors";
import { type Person, ROLES, type Role } from "@openward/model";
import { audit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import type { PeopleRegistry } from "./ports.ts";
import { everywhere, inOrganisation, isUuid, needUuid, type Transaction } from "./transaction.ts";

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
  const now = () => runtime.clock.now();

  return {
    async list(organisationId) {
      const rows = await inOrganisation(api, organisationId, (tx) =>
        tx.rows<PersonRow>(`SELECT ${COLUMNS} FROM person ORDER BY created_at, id`),
      );
      return rows.map(toPerson);
    },

    async create(organisationId, display, role, by) {
      const at = now();
      const person: Person = {
        id: runtime.ids.uuid(),
        organisationId,
        display: needDisplay(display),
        role: needRole(role),
        createdAt: at,
        disabledAt: null,
      };
      await inOrganisation(api, organisationId, async (tx) => {
        await tx.run(
          "INSERT INTO person (id, organisation_id, display, role, created_at) VALUES ($1, $2, $3, $4, $5)",
          [person.id, organisationId, person.display, role, at],
        );
        await audit(tx, { organisationId, at, by, action: "person.create", detail: { personId: person.id, role } });
      });
      return person;
    },

    async change(organisationId, personId, change, by) {
      const at = now();
      return inOrganisation(api, organisationId, async (tx) => {
        const before = await lock(tx, personId);
        const display = change.display === undefined ? before.display : needDisplay(change.display);
        const role = change.role === undefined ? before.role : needRole(change.role);
        const email = change.email === undefined ? undefined : needEmail(change.email);
        if (role !== before.role) {
          await checkRelations(tx, before);
          if (before.role === "administrator" && before.disabledAt === null) await checkAnother(tx, personId, "role");
        }
        await tx.run("UPDATE person SET display = $2, role = $3 WHERE id = $1", [personId, display, role]);
        if (email !== undefined) await tx.run("UPDATE person SET email = $2 WHERE id = $1", [personId, email]);
        const detail = {
          personId,
          ...(role === before.role ? {} : { role, was: before.role }),
          ...(email === undefined ? {} : { email: email === null ? "removed" : "set" }),
        };
        await audit(tx, { organisationId, at, by, action: "person.change", detail });
        return { ...before, display, role };
      });
    },

    async disable(organisationId, personId, by) {
      const at = now();
      return inOrganisation(api, organisationId, async (tx) => {
        const before = await lock(tx, personId);
        if (before.disabledAt !== null) return before;
        if (before.role === "administrator") await checkAnother(tx, personId, "id");
        await tx.run("UPDATE person SET disabled_at = $2 WHERE id = $1", [personId, at]);
        await tx.run("UPDATE session SET ended_at = $2 WHERE person_id = $1 AND ended_at IS NULL", [personId, at]);
        // A link that was made before must not open the door when the person is let in again.
        await tx.run("UPDATE sign_in_link SET used_at = $2 WHERE person_id = $1 AND used_at IS NULL", [personId, at]);
        await audit(tx, { organisationId, at, by, action: "person.disable", detail: { personId } });
        return { ...before, disabledAt: at };
      });
    },

    async enable(organisationId, personId, by) {
      const at = now();
      return inOrganisation(api, organisationId, async (tx) => {
        const before = await lock(tx, personId);
        if (before.disabledAt === null) return before;
        await tx.run("UPDATE person SET disabled_at = NULL WHERE id = $1", [personId]);
        await audit(tx, { organisationId, at, by, action: "person.enable", detail: { personId } });
        return { ...before, disabledAt: null };
      });
    },

    async findIn(asker, personId) {
      if (!isUuid(personId)) return undefined;
      const [row] = await inOrganisation(api, asker, (tx) =>
        tx.rows<PersonRow>(`SELECT ${COLUMNS} FROM person WHERE id = $1`, [personId]),
      );
      return row && toPerson(row);
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

async function lock(tx: Transaction, personId: string): Promise<Person> {
  // Administrators are locked in one order, so that two who disable each other do not both succeed.
  await tx.rows("SELECT id FROM person WHERE role = 'administrator' AND disabled_at IS NULL ORDER BY id FOR UPDATE");
  const [row] = await tx.rows<PersonRow>(`SELECT ${COLUMNS} FROM person WHERE id = $1 FOR UPDATE`, [
    needUuid(personId, "person"),
  ]);
  if (!row) throw new RefusedInput("NOT_FOUND", { at: "person" });
  return toPerson(row);
}

/** Somebody has to be left who can let the others in. */
async function checkAnother(tx: Transaction, personId: string, at: string): Promise<void> {
  const [another] = await tx.rows(
    "SELECT id FROM person WHERE role = 'administrator' AND disabled_at IS NULL AND id <> $1 LIMIT 1",
    [personId],
  );
  if (!another) throw new RefusedInput("CONFLICT", { at, expected: "another administrator first" });
}

/** Who is a patient, or stands beside one, is that and nothing else. */
async function checkRelations(tx: Transaction, { id }: Person): Promise<void> {
  const [running] = await tx.rows("SELECT id FROM patient_relation WHERE person_id = $1 AND to_at IS NULL LIMIT 1", [
    id,
  ]);
  if (running) throw new RefusedInput("CONFLICT", { at: "role", expected: "the end of their relations to patients" });
}

function needDisplay(display: string): string {
  const name = display.trim();
  if (name === "" || name.length > 120)
    throw new RefusedInput("FIELD_INVALID", { at: "display", expected: "1 to 120 characters" });
  return name;
}

function needEmail(email: string | null): string | null {
  const address = email?.trim() ?? null;
  if (address !== null && (!/^[^\s@,;<>"]+@[^\s@,;<>"]+$/.test(address) || address.length > 254))
    throw new RefusedInput("FIELD_INVALID", { at: "email", expected: "one mail address" });
  return address;
}

function needRole(role: Role): Role {
  if (!ROLES.includes(role)) throw new RefusedInput("FIELD_INVALID", { at: "role", expected: ROLES.join(", ") });
  return role;
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
