import type { Principal } from "@openward/model";
import { categories } from "@openward/signals/categories";
import type { Tables, Transaction } from "../ports.ts";

/** By record: the kinds of data that consent hides. */
export type Hidden = ReadonlyMap<string, ReadonlySet<string>>;

export interface Shared {
  readonly hidden: Hidden;
  /** When what is seen is next otherwise by itself. */
  readonly changesAt: number | null;
}

export const EVERYTHING: ReadonlySet<string> = new Set(categories.map(({ key }) => key));

/** @throws where the rules cannot be read */
export async function readShared(tx: Transaction): Promise<Shared> {
  const rows = await tx.rows<{ patient: string; categories: readonly string[] }>(
    "SELECT patient, array_agg(category ORDER BY category) AS categories FROM hidden_categories() GROUP BY patient",
  );
  const [changes] = await tx.rows<{ at: number | null }>("SELECT sight_changes_at() AS at");
  return {
    hidden: new Map(rows.map(({ patient, categories }) => [patient, new Set(categories)])),
    changesAt: changes?.at ?? null,
  };
}

/** The patients for whom this one has broken the glass. */
export async function readBroken(principal: Principal, tables: Tables): Promise<ReadonlySet<string>> {
  const rows = await tables.inOrganisation(principal, (tx) =>
    tx.rows<{ patient_id: string }>(
      `SELECT patient_id FROM access_grant WHERE basis = 'break-glass' AND grantee_id = $1 AND ended_at IS NULL
         AND from_at <= current_instant() AND to_at > current_instant()`,
      [principal.id],
    ),
  );
  return new Set(rows.map(({ patient_id: id }) => id));
}

/** The records of which something else is hidden than was before. */
export function changedBetween(before: Hidden, after: Hidden): string[] {
  const none: ReadonlySet<string> = new Set();
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (id) => (before.get(id) ?? none).symmetricDifference(after.get(id) ?? none).size > 0,
  );
}
