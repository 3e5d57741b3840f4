import { OutsideTrouble } from "@openward/errors";
import type { Pool } from "pg";

/** What decides whether "committed" means "on disk". */
export interface Durability {
  readonly version: string;
  readonly fsync: string;
  readonly fullPageWrites: string;
  readonly synchronousCommit: string;
  readonly dataChecksums: string;
}

export async function readDurability(pool: Pool): Promise<Durability> {
  const { rows } = await pool.query<Record<string, string>>(
    `SELECT current_setting('server_version') AS "version", current_setting('fsync') AS "fsync",
            current_setting('full_page_writes') AS "fullPageWrites",
            current_setting('synchronous_commit') AS "synchronousCommit",
            current_setting('data_checksums') AS "dataChecksums"`,
  );
  return rows[0] as unknown as Durability;
}

/**
 * Every value of synchronous_commit but "off" waits for the local flush.
 *
 * @throws OutsideTrouble DATABASE_NOT_DURABLE, naming the first setting that is off
 */
export function refuseUndurable(found: Durability): void {
  const settings = {
    fsync: found.fsync,
    full_page_writes: found.fullPageWrites,
    synchronous_commit: found.synchronousCommit,
  };
  for (const [name, value] of Object.entries(settings)) {
    if (value === "off")
      throw new OutsideTrouble("DATABASE_NOT_DURABLE", false, { at: name, expected: "on", received: value });
  }
}
