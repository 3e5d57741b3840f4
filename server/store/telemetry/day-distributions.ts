import { OutsideTrouble } from "@openward/errors";
import type { Stream } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { Turn } from "@openward/runtime/turns";
import { DAY_MS, Distribution, decodeDistribution, encodeDistribution } from "@openward/timeseries";
import type { Pool } from "pg";
import type { BlockPacking } from "../keys/block-packing.ts";
import type { Blocks, StoreLog } from "./blocks.ts";
import { HOUR_MS, periodOf } from "./periods.ts";
import { createColumnPool, queryColumns } from "./query-columns.ts";
import type { StreamMemory } from "./stream-memory.ts";

interface DayKey {
  readonly streamId: string;
  readonly dayStart: number;
}

/** Days' distributions as rows. */
export interface DistributionRows {
  /** Of days that begin in [from, to), oldest first. */
  between(
    streamId: string,
    from: number,
    to: number,
  ): Promise<{ readonly dayStart: number; readonly payload: Uint8Array }[]>;
  /**
   * Days of which there is none, behind a key in their order: those whose blocks were put together, or all that begin before
   * a time.
   */
  missing(after: DayKey, limit: number, allBefore?: number): Promise<DayKey[]>;
  save(day: DayKey, stream: Pick<Stream, "organisationId" | "patientId">, payload: Uint8Array): Promise<void>;
}

/** @param pool under the role `worker` */
export function postgresDistributions(pool: Pool): DistributionRows {
  return {
    async between(streamId, from, to) {
      const text =
        'SELECT day_start::float8 AS "dayStart", payload FROM day_distribution WHERE stream_id = $1 AND day_start >= $2 AND day_start < $3 ORDER BY day_start';
      return (await pool.query({ name: "distributions", text, values: [streamId, from, to] })).rows;
    },
    async missing({ streamId, dayStart }, limit, allBefore) {
      if (allBefore !== undefined) {
        const { rows } = await pool.query(
          `SELECT DISTINCT b.stream_id::text AS "streamId", b.day_start::float8 AS "dayStart"
             FROM (SELECT stream_id, day_start FROM day_block UNION ALL
               SELECT n.stream_id, n.period_start - mod(mod(n.period_start, ${DAY_MS}) + ${DAY_MS}, ${DAY_MS})
                 FROM block n JOIN stream s ON s.id = n.stream_id WHERE s.kind = 'numeric') b
            WHERE (b.stream_id, b.day_start) > ($1::uuid, $2::bigint) AND b.day_start < $4
              AND NOT EXISTS (SELECT FROM day_distribution d WHERE d.stream_id = b.stream_id AND d.day_start = b.day_start)
            ORDER BY 1, 2 LIMIT $3`,
          [streamId, dayStart, limit, allBefore],
        );
        return rows;
      }
      const { rows } = await pool.query(
        `SELECT DISTINCT b.stream_id::text AS "streamId", b.day_start::float8 AS "dayStart" FROM day_block b
          WHERE (b.stream_id, b.day_start) > ($1::uuid, $2::bigint)
            AND NOT EXISTS (SELECT FROM day_distribution d WHERE d.stream_id = b.stream_id AND d.day_start = b.day_start)
            AND NOT EXISTS (SELECT FROM block h WHERE h.stream_id = b.stream_id
              AND h.period_start >= b.day_start AND h.period_start < b.day_start + ${DAY_MS})
          ORDER BY 1, 2 LIMIT $3`,
        [streamId, dayStart, limit],
      );
      return rows;
    },
    async save({ streamId, dayStart }, { organisationId, patientId }, payload) {
      await pool.query(
        `INSERT INTO day_distribution (stream_id, day_start, organisation_id, patient_id, payload) VALUES ($1, $2, $3, $4, $5)
          ON CONFLICT (stream_id, day_start) DO UPDATE SET payload = excluded.payload`,
        [streamId, dayStart, organisationId, patientId, Buffer.from(payload)],
      );
    },
  };
}

export interface DistributionQuery {
  /** Inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly signal?: AbortSignal | undefined;
}

export interface DayDistributions {
  /** Of the readings of a span: of whole finished days from what was made of them, of the rest from the readings. */
  of(memory: StreamMemory, query: DistributionQuery): Promise<Distribution>;
  /**
   * Make those that are missing.
   *
   * @param alone runs work while nothing is sealed: what is read is then what stays
   */
  make(alone: Alone): Promise<number>;
  /** The same of all days that are over, also of those whose hours are rows of their own yet. */
  makeAll(alone: Alone): Promise<number>;
  /** An hour was sealed: if its day is over, what was made of that day is gone. */
  sealed(streamId: string, hour: number): void;
  /** Make those of days of which nothing was sealed for a while, for a moment; the rest of them the next time. */
  makeSettled(alone: Alone): Promise<number>;
}

type Alone = (work: () => Promise<void>) => Promise<void>;

/** Who sends a year at once sends it in order: a day that was not written to for so long is done. */
const SETTLED_MS = 90_000;
/** At a time; sealing waits no longer than one day of one stream takes. */
const MAKE_MS = 10_000;
/** Days that wait to be made; more are found by the search for those that are missing. */
const SETTLING_MAX = 100_000;

const FIRST: DayKey = { streamId: "00000000-0000-0000-0000-000000000000", dayStart: 0 };
const DAYS_AT_A_TIME = 100;

export function createDayDistributions(deps: {
  /** Left out: none are kept. */
  readonly rows: DistributionRows | undefined;
  readonly streams: ReadonlyMap<string, StreamMemory>;
  readonly blocks: Blocks;
  readonly packing: BlockPacking;
  readonly log: StoreLog;
  readonly turn: Turn;
  readonly clock: Clock;
}): DayDistributions {
  const { rows, streams, blocks, packing, log, turn, clock } = deps;
  /** Days that are over and were written to, and when; the longest ago first. */
  const settling = new Map<string, DayKey & { readonly at: number }>();
  let isMaking = false;
  const pool = createColumnPool();

  const readInto = async (
    distribution: Distribution,
    memory: StreamMemory,
    { from, to, signal }: DistributionQuery,
  ) => {
    if (!(from < to)) return;
    const query = { from, to, isDescending: false, isTransient: true, signal };
    for await (const { times, values } of queryColumns(memory, query, blocks, pool)) {
      await turn();
      distribution.add(times, values);
    }
  };

  /** Whole days within the span of which nothing waits to be sealed. */
  const stored = async (memory: StreamMemory, from: number, to: number): Promise<Map<number, Distribution>> => {
    const found = new Map<number, Distribution>();
    const [first, end] = [Math.ceil(from / DAY_MS) * DAY_MS, periodOf(to, DAY_MS)];
    if (!rows || !(first < end)) return found;
    const { id } = memory.stream;
    let all: Awaited<ReturnType<DistributionRows["between"]>>;
    try {
      all = await rows.between(id, first, end);
    } catch (error) {
      throw new OutsideTrouble("DATABASE_UNREACHABLE", true, { at: "distributions" }, { cause: error });
    }
    for (const { dayStart, payload } of all) {
      await turn();
      if (isWaiting(memory, dayStart)) continue;
      try {
        found.set(dayStart, decodeDistribution(payload, packing.of(id)));
      } catch (error) {
        log.error(
          { streamId: id, dayStart, reason: (error as Error).message },
          "a distribution cannot be read; its readings are",
        );
      }
    }
    return found;
  };

  /** @returns whether it was made */
  const makeDay = async (day: DayKey, alone: Alone): Promise<boolean> => {
    const memory = streams.get(day.streamId);
    let isMade = false;
    if (!memory || !rows) return isMade;
    await alone(async () => {
      if (isWaiting(memory, day.dayStart)) return;
      const damaged = blocks.damaged;
      const distribution = new Distribution();
      await readInto(distribution, memory, { from: day.dayStart, to: day.dayStart + DAY_MS });
      // What cannot be read now may be mended.
      if (blocks.damaged > damaged) return;
      const { stream } = memory;
      await rows.save(day, stream, encodeDistribution(day.dayStart, distribution, stream.unit, packing.for(stream)));
      isMade = true;
    });
    return isMade;
  };

  const makeMissing = async (alone: Alone, allBefore?: number): Promise<number> => {
    let made = 0;
    if (!rows) return made;
    for (let after = FIRST; ; ) {
      const page = await rows.missing(after, DAYS_AT_A_TIME, allBefore);
      for (const day of page) if (await makeDay(day, alone)) made++;
      const last = page.at(-1);
      if (!last || page.length < DAYS_AT_A_TIME) return made;
      after = last;
    }
  };

  return {
    async of(memory, query) {
      const { from, to } = query;
      const days = await stored(memory, from, to);
      const distribution = new Distribution();
      let at = from;
      for (const [dayStart, day] of days) {
        await readInto(distribution, memory, { ...query, from: at, to: dayStart });
        distribution.merge(day);
        at = dayStart + DAY_MS;
      }
      await readInto(distribution, memory, { ...query, from: at, to });
      return distribution;
    },

    make: (alone) => makeMissing(alone),
    makeAll: (alone) => makeMissing(alone, periodOf(clock.now(), DAY_MS)),

    sealed(streamId, hour) {
      const dayStart = periodOf(hour, DAY_MS);
      if (!rows || dayStart + DAY_MS > clock.now()) return;
      const key = `${streamId} ${dayStart}`;
      settling.delete(key);
      if (settling.size < SETTLING_MAX) settling.set(key, { streamId, dayStart, at: clock.monotonic() });
    },

    async makeSettled(alone) {
      if (isMaking) return 0;
      isMaking = true;
      try {
        const began = clock.monotonic();
        let made = 0;
        for (const [key, day] of settling) {
          const now = clock.monotonic();
          if (now - day.at < SETTLED_MS || now - began > MAKE_MS) break;
          settling.delete(key);
          if (await makeDay(day, alone)) made++;
        }
        return made;
      } finally {
        isMaking = false;
      }
    },
  };
}

/** Is anything of the day in memory alone? */
function isWaiting(memory: StreamMemory, dayStart: number): boolean {
  for (let hour = dayStart; hour < dayStart + DAY_MS; hour += HOUR_MS) if (memory.isUnsealed(hour)) return true;
  return false;
}
