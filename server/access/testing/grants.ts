import type { Person } from "@openward/model";

/** A grant for the person's whole organisation, since ever, as the tables' owner writes it. */
export async function seesEverybody(
  { owner }: { readonly owner: { query(sql: string, values: unknown[]): Promise<unknown> } },
  { id, organisationId }: Pick<Person, "id" | "organisationId">,
): Promise<void> {
  // Who sees by working here is somebody who does.
  await owner.query(
    `INSERT INTO person (id, organisation_id, display, role, created_at) VALUES ($2, $1, 'Somebody of the ward', 'nurse', 0)
     ON CONFLICT DO NOTHING`,
    [organisationId, id],
  );
  await owner.query(
    `INSERT INTO access_grant (id, organisation_id, grantee_kind, grantee_id, purpose, basis, from_at, created_at, created_by)
     VALUES (gen_random_uuid(), $1, 'person', $2, 'care', 'care-team', 0, 0, 'test')`,
    [organisationId, id],
  );
}
