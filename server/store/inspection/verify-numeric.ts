import { RefusedInput } from "@openward/errors";
import type { Stream } from "@openward/model";
import { DAY_MS, decodeNumericBlock, decodeRollup, type RollupSlot, rollupSlots } from "@openward/timeseries";
import type { BlockPacking } from "../keys/index.ts";
import { blocksWithin } from "../telemetry/index.ts";
import type { Queries } from "./ports.ts";
import type { Findings } from "./verify.ts";

const HOUR_MS = 3_600_000;
/** Days of a stream that are in memory at once. */
const DAYS_AT_ONCE = 32;

interface Row {
  readonly at: number;
  readonly associationId: string;
  readonly payload: Uint8Array;
}

interface Context {
  readonly packing: BlockPacking;
  readonly findings: Findings;
  readonly elsewhere: (streamId: string, from: number, to: number) => Promise<ReadonlySet<number>>;
}

/** The blocks and rollups of one numeric stream, within a snapshot. */
export async function verifyNumeric(client: Queries, stream: Stream, context: Context): Promise<void> {
  const { rows } = await client.query(
    `SELECT min(at)::float8 AS first, max(at)::float8 AS last FROM (
        SELECT period_start AS at FROM block WHERE stream_id = $1
        UNION ALL SELECT day_start FROM day_block WHERE stream_id = $1
        UNION ALL SELECT day_start FROM rollup WHERE stream_id = $1) AS t`,
    [stream.id],
  );
  const { first, last } = rows[0] as { first: number | null; last: number | null };
  if (first === null || last === null) return;
  for (let from = Math.floor(first / DAY_MS) * DAY_MS; from <= last; from += DAYS_AT_ONCE * DAY_MS)
    await verifyDays(client, stream, { from, to: from + DAYS_AT_ONCE * DAY_MS }, context);
}

async function verifyDays(
  client: Queries,
  { id, organisationId, patientId }: Stream,
  { from, to }: { from: number; to: number },
  { packing, findings, elsewhere }: Context,
): Promise<void> {
  const { counts, fault } = findings;
  const owner = { organisationId, patientId };
  /** By hour and association; null: there is a block, and it cannot be read. */
  const hours = new Map<string, readonly RollupSlot[] | null>();
  const { rows: blocks } = await client.query(
    `SELECT b.period_start::float8 AS at, b.association_id::text AS "associationId", b.payload
      FROM ${blocksWithin("ARRAY[$1::uuid]", "$2::bigint", "$3::bigint", "hot")} AS b`,
    [id, from, to],
  );
  for (const { at, associationId, payload } of blocks as Row[]) {
    counts.blocks++;
    const key = `${at} ${associationId}`;
    try {
      const { columns } = decodeNumericBlock(payload, packing.of(id));
      counts.readings += columns.times.length;
      hours.set(key, rollupSlots(columns.times, columns.values));
    } catch (error) {
      hours.set(key, null);
      fault({ kind: "block", key: `${id} ${key}`, ...owner }, error);
    }
  }

  const { rows: rollups } = await client.query(
    `SELECT day_start::float8 AS at, association_id::text AS "associationId", payload FROM rollup
      WHERE stream_id = $1 AND day_start >= $2 AND day_start < $3`,
    [id, from, to],
  );
  const compared = new Set<string>();
  const archived = rollups.length === 0 ? new Set<number>() : new Set(await elsewhere(id, from, to));
  // What was set aside is told by the rollups alone.
  const { rows: aside } = await client.query(
    "SELECT period_start::float8 AS at FROM damaged_block WHERE stream_id = $1 AND period_start >= $2 AND period_start < $3",
    [id, from, to],
  );
  for (const { at } of aside as { at: number }[]) archived.add(at);
  for (const { at, associationId, payload } of rollups as Row[]) {
    counts.rollups++;
    const where = { kind: "rollup", key: `${id} ${at} ${associationId}`, ...owner } as const;
    try {
      const slots = decodeRollup(payload, packing.of(id));
      const wrong = firstWrongHour(slots, { day: at, associationId, hours, archived });
      if (wrong !== undefined) fault(where, `hour ${(wrong - at) / HOUR_MS} does not have what the blocks have`);
    } catch (error) {
      fault(where, error);
    }
    for (let hour = at; hour < at + DAY_MS; hour += HOUR_MS) compared.add(`${hour} ${associationId}`);
  }
  for (const [key, slots] of hours) {
    if (compared.has(key) || slots === null) continue;
    const [at = "", associationId = ""] = key.split(" ");
    const day = Math.floor(Number(at) / DAY_MS) * DAY_MS;
    compared.add(key);
    fault({ kind: "rollup", key: `${id} ${day} ${associationId}`, ...owner }, missing());
  }
}

const missing = () =>
  new RefusedInput("BLOCK_CORRUPT", { at: "rollup", expected: "one for every day that has blocks" });

/** The hour in which a rollup and the blocks differ; undefined: none. Of a block that cannot be read nothing is known. */
function firstWrongHour(
  slots: readonly RollupSlot[],
  of: {
    day: number;
    associationId: string;
    hours: ReadonlyMap<string, readonly RollupSlot[] | null>;
    archived: ReadonlySet<number>;
  },
): number | undefined {
  const { day, associationId, hours, archived } = of;
  for (let hour = day; hour < day + DAY_MS; hour += HOUR_MS) {
    const told = slots.filter(({ start }) => start >= hour && start < hour + HOUR_MS);
    const found = hours.get(`${hour} ${associationId}`);
    if (found === null || (found === undefined && archived.has(hour))) continue;
    if (!isSame(told, found ?? [])) return hour;
  }
  return undefined;
}

function isSame(a: readonly RollupSlot[], b: readonly RollupSlot[]): boolean {
  return (
    a.length === b.length &&
    a.every((slot, i) => {
      const other = b[i];
      return (
        other && (["start", "count", "min", "max", "last", "lastTime"] as const).every((k) => slot[k] === other[k])
      );
    })
  );
}
