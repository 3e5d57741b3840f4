import type { Transaction } from "../registry/transaction.ts";

/** From one type to the next along the primary key: as many looks as there are types, however many resources. */
const TYPES = `
  WITH RECURSIVE found AS (
    (SELECT type FROM resource WHERE organisation_id = current_organisation() ORDER BY type LIMIT 1)
    UNION ALL
    SELECT (SELECT r.type FROM resource r
             WHERE r.organisation_id = current_organisation() AND r.type > f.type ORDER BY r.type LIMIT 1)
      FROM found f WHERE f.type IS NOT NULL
  )
  SELECT type FROM found WHERE type IS NOT NULL
  UNION SELECT 'Observation' WHERE EXISTS (SELECT FROM observation_filled WHERE NOT is_superseded) ORDER BY type`;

export async function typesIn(tx: Transaction): Promise<readonly string[]> {
  return (await tx.rows<{ type: string }>(TYPES, [])).map(({ type }) => type);
}
