import { OutsideTrouble } from "@openward/errors";
import type { Pool } from "pg";
import { clientConfig, ROLES } from "./connection.ts";

const WAIT_MS = 10_000;

/**
 * End the connections over which an earlier process wrote to the journal. A process that was killed may have left a
 * statement behind that PostgreSQL is still working on: committed after the journal was read again, it would be there
 * and in nobody's memory until the next start, and what was delivered once more meanwhile would be there twice.
 *
 * @param owner of the only writer's lock: nobody else is writing
 * @throws OutsideTrouble DATABASE_UNREACHABLE when one of them does not end
 */
export async function endEarlierWriters(owner: Pool): Promise<void> {
  const { rows } = await owner.query<{ ended: boolean }>(
    `SELECT pg_terminate_backend(pid, $1) AS ended FROM pg_stat_activity
      WHERE application_name = $2 AND datname = current_database() AND usename IN (current_user, $3)`,
    [WAIT_MS, clientConfig({}, "ingest").application_name, ROLES.ingest],
  );
  if (rows.some(({ ended }) => !ended))
    throw new OutsideTrouble("DATABASE_UNREACHABLE", true, {
      at: "journal",
      expected: `an earlier process's connection to end within ${WAIT_MS / 1000} s`,
    });
}
