import type { Pool } from "pg";
import { audit } from "../registry/audit.ts";
import { inTransaction } from "./catalogue.ts";
import type { Kind } from "./ports.ts";

const TABLES = [
  // Of what the journal is still read at a start, nothing goes: it would come again.
  { table: "block", time: "period_start", and: "AND t.sealed_through < (SELECT min(watermark) FROM seal_state)" },
  { table: "day_block", time: "day_start", and: "" },
  { table: "archived_block", time: "period_start", and: "" },
  { table: "lost_block", time: "period_start", and: "" },
  { table: "damaged_block", time: "period_start", and: "" },
  { table: "rollup", time: "day_start", and: "" },
  { table: "day_distribution", time: "day_start", and: "" },
];
const MADE_OF_BLOCKS: ReadonlySet<string> = new Set(["rollup", "day_distribution"]);

/**
 * Deletes what was measured before a time, in every tier, in one transaction with its audit records. Archive files go
 * when nothing in them is left. Of whom a legal hold runs everything stays.
 *
 * @param before the beginning of a day
 * @returns how many blocks
 */
export async function deleteExpired(pool: Pool, kind: Kind, before: number, now: number): Promise<number> {
  return inTransaction(pool, async (client) => {
    const perOrganisation = new Map<string, number>();
    for (const { table, time, and } of TABLES) {
      const { rows } = await client.query(
        `WITH gone AS (
           DELETE FROM ${table} t USING stream s
           WHERE s.id = t.stream_id AND s.kind = $1 AND t.${time} < $2 ${and}
             AND t.patient_id NOT IN (SELECT held_patients($3)) RETURNING t.organisation_id)
         SELECT organisation_id AS id, count(*) AS count FROM gone GROUP BY 1`,
        [kind, before, now],
      );
      for (const { id, count } of rows as { id: string; count: number }[]) {
        perOrganisation.set(id, (perOrganisation.get(id) ?? 0) + (MADE_OF_BLOCKS.has(table) ? 0 : count));
      }
    }
    const tx = {
      rows: async () => [],
      run: async (sql: string, values?: readonly unknown[]) =>
        (await client.query(sql, values as unknown[])).rowCount ?? 0,
    };
    for (const [organisationId, blocks] of perOrganisation) {
      const detail = { kind, measuredBefore: before, blocks };
      await audit(tx, { organisationId, at: now, by: "retention", action: "telemetry.expired", detail });
    }
    return [...perOrganisation.values()].reduce((sum, count) => sum + count, 0);
  });
}
