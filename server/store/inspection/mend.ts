import type { Stream } from "@openward/model";
import {
  DAY_MS,
  decodeNumericBlock,
  decodeRollup,
  decodeWaveformBlock,
  encodeOverview,
  encodeRollup,
  type RollupSlot,
  rollupSlots,
} from "@openward/timeseries";
import type { Pool, PoolClient } from "pg";
import type { BlockPacking } from "../keys/index.ts";
import { blocksWithin } from "../telemetry/index.ts";
import type { Fault } from "./ports.ts";

const HOUR_MS = 3_600_000;

export interface MendOptions {
  /** Under the role `worker`. Nobody else writes: what is replaced may not be in a server's memory. */
  readonly worker: Pool;
  readonly packing: BlockPacking;
  readonly now: number;
  /** Hours of a numeric stream that are in no block here, but in the archive. */
  readonly elsewhere?: (streamId: string, from: number, to: number) => Promise<ReadonlySet<number>>;
}

export interface Mended {
  /** Blocks that were moved to damaged_block. */
  readonly setAside: number;
  /** Rollups and overviews that were made again from blocks. */
  readonly remade: number;
}

/**
 * Set aside what cannot be read, and make again what follows from what can. Rows of the journal and quarantined input stay
 * where they are: readers pass over them.
 */
export async function mendStore(faults: readonly Fault[], options: MendOptions): Promise<Mended> {
  let [setAside, remade] = [0, 0];
  // Blocks first: a rollup is made from those that are left.
  for (const fault of faults.filter(({ kind }) => kind === "block"))
    await inTransaction(options.worker, async (client) => {
      setAside += await setBlockAside(client, fault, options.now);
    });
  for (const fault of faults) {
    if (fault.kind !== "rollup" && fault.kind !== "overview") continue;
    await inTransaction(options.worker, async (client) => {
      const stream = await streamOf(client, fault);
      if (!stream) return;
      const make = fault.kind === "rollup" ? remakeRollup : remakeOverview;
      if (await make(client, stream, fault, options)) remade++;
    });
  }
  return { setAside, remade };
}

const partsOf = ({ key }: Fault) => {
  const [streamId = "", at = "", associationId = ""] = key.split(" ");
  return { streamId, at: Number(at), associationId };
};

/** What was made of a day whose hour is not there any more. */
const forgetDistribution = (client: PoolClient, streamId: string, at: number) =>
  client.query("DELETE FROM day_distribution WHERE stream_id = $1 AND day_start = $2", [
    streamId,
    Math.floor(at / DAY_MS) * DAY_MS,
  ]);

async function setBlockAside(client: PoolClient, fault: Fault, now: number): Promise<number> {
  const { streamId, at, associationId } = partsOf(fault);
  const { rowCount } = await client.query(
    `INSERT INTO damaged_block (stream_id, period_start, association_id, found_at, organisation_id, patient_id, payload, overview)
      SELECT b.stream_id, b.period_start, b.association_id, $4, $5, $6, b.payload,
        (SELECT overview FROM block WHERE stream_id = $1 AND period_start = $2 AND association_id = $3)
      FROM ${blocksWithin("ARRAY[$1::uuid]", "$2::bigint", "$2::bigint + 1", "hot")} AS b WHERE b.association_id = $3
      ON CONFLICT DO NOTHING`,
    [streamId, at, associationId, now, fault.organisationId, fault.patientId],
  );
  if (!rowCount) return 0;
  await forgetDistribution(client, streamId, at);
  const taken = await client.query(
    "DELETE FROM block WHERE stream_id = $1 AND period_start = $2 AND association_id = $3",
    [streamId, at, associationId],
  );
  if (!taken.rowCount) await cutHour(client, { streamId, at, associationId });
  return rowCount;
}

/** Out of its day's row; the others move up. */
async function cutHour(client: PoolClient, of: { streamId: string; at: number; associationId: string }): Promise<void> {
  const day = Math.floor(of.at / DAY_MS) * DAY_MS;
  const hour = Math.round((of.at - day) / HOUR_MS);
  await client.query(
    `UPDATE day_block SET
        payload = substring(payload FROM 1 FOR bounds[$4 + 1]) || substring(payload FROM bounds[$4 + 2] + 1),
        bounds = ARRAY(SELECT CASE WHEN n > $4 + 1 THEN bounds[n] - (bounds[$4 + 2] - bounds[$4 + 1]) ELSE bounds[n] END
          FROM generate_series(1, 25) AS n ORDER BY n)
      WHERE stream_id = $1 AND day_start = $2 AND association_id = $3`,
    [of.streamId, day, of.associationId, hour],
  );
}

async function remakeOverview(
  client: PoolClient,
  stream: Stream,
  fault: Fault,
  { packing }: MendOptions,
): Promise<boolean> {
  const { streamId, at, associationId } = partsOf(fault);
  const { rows } = await client.query<{ payload: Uint8Array }>(
    "SELECT payload FROM block WHERE stream_id = $1 AND period_start = $2 AND association_id = $3 FOR UPDATE",
    [streamId, at, associationId],
  );
  if (!rows[0]) return false;
  const { runs } = decodeWaveformBlock(rows[0].payload, packing.of(streamId));
  const overview = encodeOverview(runs, { unit: stream.unit, associationId }, packing.for(stream));
  await client.query(
    "UPDATE block SET overview = $4 WHERE stream_id = $1 AND period_start = $2 AND association_id = $3",
    [streamId, at, associationId, Buffer.from(overview)],
  );
  return true;
}

/**
 * Hours without a block here keep what the rollup says of them: they were set aside, or archived. Where it cannot be read
 * and hours are archived, it stays as it is: without them it would be a gap that nobody is told of.
 */
async function remakeRollup(
  client: PoolClient,
  stream: Stream,
  fault: Fault,
  { packing, elsewhere = async () => new Set() }: MendOptions,
): Promise<boolean> {
  const { streamId, at: day, associationId } = partsOf(fault);
  const { rows: stored } = await client.query<{ payload: Uint8Array }>(
    "SELECT payload FROM rollup WHERE stream_id = $1 AND day_start = $2 AND association_id = $3 FOR UPDATE",
    [streamId, day, associationId],
  );
  const { rows: blocks } = await client.query<{ at: number; payload: Uint8Array }>(
    `SELECT b.period_start::float8 AS at, b.payload
      FROM ${blocksWithin("ARRAY[$1::uuid]", "$2::bigint", "$3::bigint", "hot")} AS b WHERE b.association_id = $4`,
    [streamId, day, day + DAY_MS, associationId],
  );
  const { rows: asideRows } = await client.query<{ at: number }>(
    `SELECT DISTINCT period_start::float8 AS at FROM damaged_block
      WHERE stream_id = $1 AND period_start >= $2 AND period_start < $3 AND association_id = $4`,
    [streamId, day, day + DAY_MS, associationId],
  );
  const archived = await elsewhere(streamId, day, day + DAY_MS);
  const said = stored[0] && readable(stored[0].payload, packing.of(streamId));
  if (!said && archived.size > 0) return false;
  const kept = new Set([...asideRows.map(({ at }) => at), ...archived]);
  const hours = new Map<number, readonly RollupSlot[]>();
  for (const slot of said ?? []) {
    const hour = Math.floor(slot.start / HOUR_MS) * HOUR_MS;
    if (kept.has(hour)) hours.set(hour, [...(hours.get(hour) ?? []), slot]);
  }
  for (const { at, payload } of blocks) {
    const { columns } = decodeNumericBlock(payload, packing.of(streamId));
    hours.set(at, rollupSlots(columns.times, columns.values));
  }
  const slots = [...hours.values()].flat().sort((a, b) => a.start - b.start);
  const payload = encodeRollup(day, slots, { unit: stream.unit, associationId }, packing.for(stream));
  await client.query(
    `INSERT INTO rollup (stream_id, day_start, association_id, organisation_id, patient_id, payload) VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (stream_id, day_start, association_id) DO UPDATE SET payload = excluded.payload`,
    [streamId, day, associationId, stream.organisationId, stream.patientId, Buffer.from(payload)],
  );
  return true;
}

function readable(payload: Uint8Array, packing: Parameters<typeof decodeRollup>[1]): readonly RollupSlot[] | undefined {
  try {
    return decodeRollup(payload, packing);
  } catch {
    return undefined;
  }
}

async function streamOf(client: PoolClient, fault: Fault): Promise<Stream | undefined> {
  const { rows } = await client.query(
    `SELECT id::text AS id, organisation_id::text AS "organisationId", patient_id::text AS "patientId",
      device_id AS "deviceId", signal, kind, unit FROM stream WHERE id = $1`,
    [partsOf(fault).streamId],
  );
  return (rows as Stream[])[0];
}

async function inTransaction(pool: Pool, work: (client: PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  let failed: unknown;
  try {
    await client.query("BEGIN");
    await work(client);
    await client.query("COMMIT");
  } catch (error) {
    failed = error;
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  } finally {
    client.release(failed instanceof Error ? failed : undefined);
  }
}
