import type { Pool, PoolClient } from "pg";
import type { TestDatabase } from "../../../server/store/database/testing/database.ts";
import { connectWithPg, postgresJournalRows } from "../../../server/store/journal/index.ts";
import { postgresBlocks } from "../../../server/store/telemetry/index.ts";
import type { World } from "../world.ts";
import { connectionLost, halfOf, type Store } from "./store.ts";

const TABLES =
  "journal, raw_input, stream, event, quarantine, device_status, device_clock, device_clock_state, block, day_block, damaged_block, archive_file, rollup, seal_state";

/** The real thing, emptied; the world's time stands still while it works. */
export async function postgresStore(database: TestDatabase, world: World): Promise<Store> {
  await database.owner.query(`TRUNCATE ${TABLES} CASCADE`);
  await database.owner.query("ALTER SEQUENCE journal_position_range RESTART");
  const pool = waitedFor(database.worker, world);
  const blocks = postgresBlocks(pool);
  const connection = await connectWithPg(database.connectionConfig("ingest"))();
  const read = async <T>(text: string) => (await pool.query(text)).rows as T[];
  return {
    run: async (statement) => (await world.outside(connection.query(statement))).rows,
    rows: postgresJournalRows(pool),
    blocks: { ...blocks, runningStreams: async () => halfOf((await blocks.streams()).map(({ id }) => id)) },
    joinDays: (due, transactionsMax) => postgresBlocks(lostAfter(pool, transactionsMax)).joinDays(due),
    async stored() {
      const [watermark] = await read<{ at: number | null }>("SELECT min(watermark)::float8 AS at FROM seal_state");
      const [days] = await read<{ n: number }>("SELECT count(*)::integer AS n FROM day_block");
      return {
        journal: await read("SELECT position::float8 AS position, batch FROM journal ORDER BY position"),
        raw: await read("SELECT position::float8 AS position, input FROM raw_input"),
        hours: await read(
          `SELECT b.stream_id::text AS "streamId", b.period_start::float8 AS "periodStart"
            FROM block b JOIN stream s ON s.id = b.stream_id WHERE s.kind = 'numeric'`,
        ),
        days: days?.n ?? 0,
        quarantine: await read(
          'SELECT id::text AS id, organisation_id::text AS "organisationId", device_id AS "deviceId", raw FROM quarantine',
        ),
        events: await read(
          'SELECT device_id AS "deviceId", patient_id::text AS "patientId", at::float8 AS at FROM event',
        ),
        watermark: watermark?.at ?? 0,
      };
    },
    close: () => connection.close(),
  };
}

function waitedFor(pool: Pool, world: World): Pool {
  const query = (client: Pool | PoolClient) => (text: string, values?: unknown[]) =>
    world.outside(client.query(text, values));
  return {
    query: query(pool),
    async connect() {
      const client = await world.outside(pool.connect());
      return { query: query(client), release: (error?: Error) => client.release(error) };
    },
    // As much of a pool as the store uses.
  } as unknown as Pool;
}

/** A pool of which so many connections are given away. */
function lostAfter(pool: Pool, connectionsMax: number): Pool {
  let given = 0;
  return {
    async connect() {
      if (given++ >= connectionsMax) throw connectionLost();
      return pool.connect();
    },
    // As much of a pool as joining days uses.
  } as unknown as Pool;
}
