import { DAY_MS } from "@openward/timeseries";
import type { Pool } from "pg";
import { postgresJournalRows } from "../journal/index.ts";
import { postgresBlocks } from "../telemetry/index.ts";

const HOUR_MS = 3_600_000;

export interface Compaction {
  /** Rows of days that were put together from rows of hours. */
  readonly daysJoined: number;
  /** Days of the journal that were dropped. */
  readonly daysDropped: number;
  readonly bytesBefore: number;
  /** After tidying; places that became free within a table stay with it, to be written again. */
  readonly bytesAfter: number;
}

/**
 * What the server does by and by, now: hours of finished days into one row each, old days of the journal that are in blocks
 * out, and the places of what was deleted free again. Beside a running server it is safe: both do it under the same locks.
 *
 * @param pools the tables' owner tidies, which nobody else may
 */
export async function compactStore(
  pools: { readonly worker: Pool; readonly owner: Pool },
  { journalDays, now }: { journalDays: number; now: number },
): Promise<Compaction> {
  const bytesBefore = await bytesOf(pools.owner);
  const settled = now - HOUR_MS;
  const before = Math.floor(settled / DAY_MS) * DAY_MS;
  const daysJoined = await postgresBlocks(pools.worker).joinDays({ before, sealedBefore: settled });
  const lastKept = new Date(now - journalDays * DAY_MS).toISOString().slice(0, 10);
  const daysDropped = await postgresJournalRows(pools.worker).dropBefore(lastKept);
  await pools.owner.query("VACUUM (ANALYZE) block, day_block, rollup, day_distribution, quarantine, seal_state");
  return { daysJoined, daysDropped, bytesBefore, bytesAfter: await bytesOf(pools.owner) };
}

async function bytesOf(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ bytes: number }>("SELECT pg_database_size(current_database())::float8 AS bytes");
  return rows[0]?.bytes ?? 0;
}
