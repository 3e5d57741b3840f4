import { RefusedInput } from "@openward/errors";
import { DAY_MS, type RollupSlot } from "@openward/timeseries";
import type { Pool, PoolClient } from "pg";
import type { StoreLog } from "./blocks.ts";
import { periodOf } from "./periods.ts";
import { mergeIntoBlock, mergeIntoRollup, type Snapshot, slotsOfBlock } from "./seal-content.ts";
import type { StreamMemory } from "./stream-memory.ts";

/** A period of a stream that goes into its blocks. */
export interface SealTask {
  readonly memory: StreamMemory;
  readonly period: number;
  readonly snapshot: Snapshot;
}

interface StoredBlock {
  readonly stream_id: string;
  readonly period_start: number;
  readonly association_id: string;
  readonly payload: Buffer;
}

interface DayChange {
  readonly memory: StreamMemory;
  readonly associationId: string;
  readonly dayStart: number;
  readonly hours: { readonly hour: number; readonly slots: readonly RollupSlot[] }[];
}

const keyOf = (...parts: readonly (string | number)[]) => parts.join(" ");

export interface SealContext {
  readonly pool: Pool;
  readonly log: StoreLog;
  /** Everything up to this place in the journal is in the snapshots. */
  readonly through: number;
  readonly now: number;
  /** Lets timers and sockets have their turn. */
  readonly pause: () => Promise<void>;
}

/** Merge what the tails have into the blocks and rollups, in one transaction. */
export async function sealTasks(
  tasks: readonly SealTask[],
  { pool, log, through, now, pause }: SealContext,
): Promise<void> {
  const client = await pool.connect();
  let failed: unknown;
  try {
    await client.query("BEGIN");
    const stored = await storedBlocks(client, tasks);
    const blocks = new Rows(9);
    const damaged: StoredBlock[] = [];
    const days = new Map<string, DayChange>();
    for (const { memory, period, snapshot } of tasks) {
      await pause();
      const { stream } = memory;
      for (const associationId of snapshot.parts.keys()) {
        const before = stored.get(keyOf(stream.id, period, associationId));
        let merged = readable(() => mergeIntoBlock(stream.unit, snapshot, associationId, before?.payload));
        if (!merged) {
          if (before) damaged.push(before);
          merged = { content: mergeIntoBlock(stream.unit, snapshot, associationId, undefined) };
        }
        if (!merged.content) continue;
        const { payload, overview, slots } = merged.content;
        blocks.add([
          stream.id,
          period,
          associationId,
          stream.organisationId,
          stream.patientId,
          payload,
          overview,
          through,
          now,
        ]);
        if (snapshot.kind !== "numeric") continue;
        const dayStart = periodOf(period, DAY_MS);
        const key = keyOf(stream.id, dayStart, associationId);
        const day = days.get(key) ?? { memory, associationId, dayStart, hours: [] };
        day.hours.push({ hour: period, slots });
        days.set(key, day);
      }
    }
    for (const block of damaged) {
      const where = { streamId: block.stream_id, periodStart: block.period_start, associationId: block.association_id };
      log.error(where, "a block cannot be read; it is set aside and a new one takes its place");
      await client.query(
        `INSERT INTO damaged_block (stream_id, period_start, association_id, found_at, organisation_id, patient_id, payload, overview)
         SELECT stream_id, period_start, association_id, $4, organisation_id, patient_id, payload, overview FROM block
         WHERE stream_id = $1 AND period_start = $2 AND association_id = $3 ON CONFLICT DO NOTHING`,
        [block.stream_id, block.period_start, block.association_id, now],
      );
    }
    await saveBlocks(client, blocks);
    await saveRollups(client, [...days.values()], log);
    await client.query("COMMIT");
  } catch (error) {
    failed = error;
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  } finally {
    // A connection that may be broken does not go back among the others.
    client.release(failed instanceof Error ? failed : undefined);
  }
}

/** undefined when what is stored cannot be read. */
function readable<T>(merge: () => T): { readonly content: T } | undefined {
  try {
    return { content: merge() };
  } catch (error) {
    if (error instanceof RefusedInput) return undefined;
    throw error;
  }
}

async function storedBlocks(client: PoolClient, tasks: readonly SealTask[]): Promise<Map<string, StoredBlock>> {
  const text = `SELECT b.stream_id::text AS stream_id, b.period_start::float8 AS period_start, b.association_id::text AS association_id, b.payload
    FROM unnest($1::uuid[], $2::bigint[]) AS k (stream_id, period_start) JOIN block b USING (stream_id, period_start)`;
  const values = [tasks.map((task) => task.memory.stream.id), tasks.map((task) => task.period)];
  const { rows } = await client.query(text, values);
  return new Map(
    (rows as StoredBlock[]).map((row) => [keyOf(row.stream_id, row.period_start, row.association_id), row]),
  );
}

async function saveBlocks(client: PoolClient, rows: Rows): Promise<void> {
  if (rows.count === 0) return;
  await client.query(
    `INSERT INTO block (stream_id, period_start, association_id, organisation_id, patient_id, payload, overview, sealed_through, sealed_at)
     VALUES ${rows.tuples()} ON CONFLICT (stream_id, period_start, association_id) DO UPDATE SET
       payload = excluded.payload, overview = excluded.overview, sealed_through = excluded.sealed_through, sealed_at = excluded.sealed_at`,
    rows.values,
  );
}

async function saveRollups(client: PoolClient, days: readonly DayChange[], log: StoreLog): Promise<void> {
  if (days.length === 0) return;
  const text = `SELECT r.stream_id::text AS stream_id, r.day_start::float8 AS period_start, r.association_id::text AS association_id, r.payload
    FROM unnest($1::uuid[], $2::bigint[], $3::uuid[]) AS k (stream_id, day_start, association_id)
    JOIN rollup r USING (stream_id, day_start, association_id)`;
  const values = [
    days.map((day) => day.memory.stream.id),
    days.map((day) => day.dayStart),
    days.map((day) => day.associationId),
  ];
  const { rows } = await client.query(text, values);
  const stored = new Map(
    (rows as StoredBlock[]).map((row) => [keyOf(row.stream_id, row.period_start, row.association_id), row.payload]),
  );
  const saved = new Rows(6);
  for (const { memory, associationId, dayStart, hours } of days) {
    const { stream } = memory;
    const before = stored.get(keyOf(stream.id, dayStart, associationId));
    const merged = readable(() => mergeIntoRollup(stream.unit, associationId, dayStart, before, hours));
    if (!merged)
      log.error(
        { streamId: stream.id, dayStart, associationId },
        "a rollup cannot be read; it is made again from the blocks",
      );
    const payload = merged?.content ?? (await remadeRollup(client, { memory, associationId, dayStart, hours }));
    saved.add([stream.id, dayStart, associationId, stream.organisationId, stream.patientId, payload]);
  }
  if (saved.count === 0) return;
  await client.query(
    `INSERT INTO rollup (stream_id, day_start, association_id, organisation_id, patient_id, payload) VALUES ${saved.tuples()}
     ON CONFLICT (stream_id, day_start, association_id) DO UPDATE SET payload = excluded.payload`,
    saved.values,
  );
}

async function remadeRollup(
  client: PoolClient,
  { memory, associationId, dayStart, hours }: DayChange,
): Promise<Uint8Array> {
  const { id, unit } = memory.stream;
  const { rows } = await client.query<{ period_start: string | number; payload: Buffer }>(
    "SELECT period_start, payload FROM block WHERE stream_id = $1 AND association_id = $2 AND period_start >= $3 AND period_start < $4",
    [id, associationId, dayStart, dayStart + DAY_MS],
  );
  const all = new Map(hours.map(({ hour, slots }) => [hour, slots]));
  for (const row of rows) {
    const slots = readable(() => slotsOfBlock(row.payload))?.content;
    if (slots) all.set(Number(row.period_start), slots);
  }
  const remade = [...all].map(([hour, slots]) => ({ hour, slots }));
  return mergeIntoRollup(unit, associationId, dayStart, undefined, remade);
}

/** Rows for a multi-row INSERT. */
class Rows {
  readonly values: unknown[] = [];
  readonly #width: number;

  constructor(width: number) {
    this.#width = width;
  }

  get count(): number {
    return this.values.length / this.#width;
  }

  add(row: readonly unknown[]): void {
    for (const value of row)
      this.values.push(
        value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value,
      );
  }

  tuples(): string {
    const tuple = (row: number) =>
      `(${Array.from({ length: this.#width }, (_, i) => `$${row * this.#width + i + 1}`).join(", ")})`;
    return Array.from({ length: this.count }, (_, row) => tuple(row)).join(", ");
  }
}
