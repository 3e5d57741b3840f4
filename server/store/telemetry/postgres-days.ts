import { DAY_MS } from "@openward/timeseries";
import type { Pool } from "pg";
import type { DueDays } from "./block-store.ts";
import { HOUR_MS } from "./periods.ts";
import { archivedPeriods, archivedWithin, here, type Tiers } from "./postgres-tiers.ts";

// The SQL of `day_block`: a day's hour files one behind the other in one row.

/** One part of a day's payload; only the pieces of the row that hold it are fetched. */
const part = (hour: string) =>
  `substring(d.payload FROM d.bounds[${hour} + 1] + 1 FOR d.bounds[${hour} + 2] - d.bounds[${hour} + 1])`;
const isThere = (hour: string) => `d.bounds[${hour} + 2] > d.bounds[${hour} + 1]`;

/**
 * Numeric and waveform blocks of periods that begin in [since, until), in rows of their own, in those of their day, or in
 * the archive.
 *
 * @param streams SQL of an array of stream ids; @param since, until SQL of bigints: none says n, d, h, a or own, which are ours
 */
export const blocksWithin = (streams: string, since: string, until: string, tiers: Tiers) => `(
  SELECT n.stream_id, n.period_start, n.association_id, n.payload${here(tiers)} FROM block n
    WHERE n.stream_id = ANY(${streams}) AND n.period_start >= ${since} AND n.period_start < ${until}
  UNION ALL
  SELECT d.stream_id, d.day_start + h.hour * ${HOUR_MS}::bigint, d.association_id, ${part("h.hour")}${here(tiers)}
    FROM day_block d CROSS JOIN generate_series(0, 23) AS h (hour)
    WHERE d.stream_id = ANY(${streams}) AND d.day_start > ${since} - ${DAY_MS} AND d.day_start < ${until}
      AND d.day_start + h.hour * ${HOUR_MS}::bigint >= ${since} AND d.day_start + h.hour * ${HOUR_MS}::bigint < ${until}
      AND ${isThere("h.hour")} AND NOT EXISTS (SELECT FROM block n
        WHERE n.stream_id = d.stream_id AND n.period_start = d.day_start + h.hour * ${HOUR_MS}::bigint
          AND n.association_id = d.association_id)
  ${tiers === "hot" ? "" : `UNION ALL ${archivedWithin(streams, since, until)}`})`;

/** The next periods of one stream in which there is something: SQL of its id, of bigints, and of a count. */
export const periodsWithin = (
  stream: string,
  since: string,
  until: string,
  order: "ASC" | "DESC",
  count: string,
  tiers: Tiers,
) => `(
  SELECT p.period_start FROM (
    (SELECT DISTINCT n.period_start FROM block n
      WHERE n.stream_id = ${stream} AND n.period_start >= ${since} AND n.period_start < ${until}
      ORDER BY n.period_start ${order} LIMIT ${count})
    UNION
    (SELECT d.day_start + h.hour * ${HOUR_MS}::bigint
      -- A day has an hour at least, but of the first one all may lie outside.
      FROM (SELECT DISTINCT day_start FROM day_block
        WHERE stream_id = ${stream} AND day_start > ${since} - ${DAY_MS} AND day_start < ${until}
        ORDER BY day_start ${order} LIMIT ${count} + 1) AS x
      JOIN day_block d ON d.stream_id = ${stream} AND d.day_start = x.day_start
      CROSS JOIN generate_series(0, 23) AS h (hour)
      WHERE ${isThere("h.hour")} AND d.day_start + h.hour * ${HOUR_MS}::bigint >= ${since}
        AND d.day_start + h.hour * ${HOUR_MS}::bigint < ${until})
    ${tiers === "hot" ? "" : `UNION (${archivedPeriods(stream, since, until, order, count)})`}
  ) AS p ORDER BY p.period_start ${order} LIMIT ${count})`;

/**
 * The last block of each of the newest days' rows of one stream, one for each association, where it is not in a row of its
 * own. They are not archived.
 */
export const newestOfDays = (stream: string) => `(
  SELECT d.stream_id, d.day_start + l.hour * ${HOUR_MS}::bigint AS period_start, d.association_id, ${part("l.hour")} AS payload
    FROM (SELECT * FROM day_block WHERE stream_id = ${stream} ORDER BY day_start DESC FETCH FIRST 2 ROWS WITH TIES) AS d
    CROSS JOIN LATERAL (SELECT max(h.hour) AS hour FROM generate_series(0, 23) AS h (hour) WHERE ${isThere("h.hour")}) AS l
    WHERE NOT EXISTS (SELECT FROM block n WHERE n.stream_id = d.stream_id
      AND n.period_start = d.day_start + l.hour * ${HOUR_MS}::bigint AND n.association_id = d.association_id))`;

const STREAMS_PER_STATEMENT = 16;
/** Two processes that join the same day would each leave out what the other has. */
const LOCK = 0x6f_77_64_62;

// In one statement: what is deleted from `block` is in the row that is written, or nothing has happened.
const JOIN_DAYS = `WITH page AS MATERIALIZED (
    SELECT id FROM stream WHERE kind = 'numeric' AND id > $3 ORDER BY id LIMIT ${STREAMS_PER_STATEMENT}),
  due AS MATERIALIZED (
    SELECT DISTINCT b.stream_id, b.association_id, b.period_start - mod(mod(b.period_start, ${DAY_MS}) + ${DAY_MS}, ${DAY_MS}) AS day_start
      FROM page JOIN block b ON b.stream_id = page.id WHERE b.period_start < $1 AND b.sealed_at <= $2),
  taken AS (
    DELETE FROM block b USING due
      WHERE b.stream_id = due.stream_id AND b.association_id = due.association_id
        AND b.period_start >= due.day_start AND b.period_start < due.day_start + ${DAY_MS}
      RETURNING b.stream_id, b.association_id, b.organisation_id, b.patient_id, due.day_start,
        ((b.period_start - due.day_start) / ${HOUR_MS})::integer AS hour, b.payload),
  hours AS (
    SELECT * FROM taken
    UNION ALL
    SELECT d.stream_id, d.association_id, d.organisation_id, d.patient_id, d.day_start, h.hour, ${part("h.hour")}
      FROM due JOIN day_block d USING (stream_id, association_id, day_start) CROSS JOIN generate_series(0, 23) AS h (hour)
      WHERE ${isThere("h.hour")} AND NOT EXISTS (SELECT FROM taken t WHERE t.stream_id = d.stream_id
        AND t.association_id = d.association_id AND t.day_start = d.day_start AND t.hour = h.hour)),
  joined AS (
    INSERT INTO day_block AS d (stream_id, association_id, organisation_id, patient_id, day_start, bounds, payload)
      SELECT stream_id, association_id, organisation_id, patient_id, day_start, ARRAY[${boundsOfHours()}],
        string_agg(payload, ''::bytea ORDER BY hour)
      FROM hours GROUP BY stream_id, association_id, organisation_id, patient_id, day_start
      ON CONFLICT (stream_id, day_start, association_id) DO UPDATE SET bounds = excluded.bounds, payload = excluded.payload
      RETURNING 1)
  SELECT (SELECT id::text FROM page ORDER BY id DESC LIMIT 1) AS last, (SELECT count(*)::integer FROM joined) AS days`;

function boundsOfHours(): string {
  const before = (hour: number) => `coalesce(sum(octet_length(payload)) FILTER (WHERE hour < ${hour}), 0)::integer`;
  return Array.from({ length: 25 }, (_, hour) => before(hour)).join(", ");
}

/**
 * Make one row of the hour rows of each finished day, stream and association.
 *
 * @returns how many days were written
 */
export async function joinDays(pool: Pool, { before, sealedBefore }: DueDays): Promise<number> {
  let days = 0;
  let after: string | null = "00000000-0000-0000-0000-000000000000";
  while (after !== null) {
    const client = await pool.connect();
    let failed: unknown;
    try {
      await client.query("BEGIN");
      const lock = await client.query("SELECT pg_try_advisory_xact_lock($1) AS mine", [LOCK]);
      // Another process is at it.
      if (!lock.rows[0]?.mine) after = null;
      else {
        // A statement of its own, behind the lock: it sees what the one before it has written.
        const { rows } = await client.query(JOIN_DAYS, [before, sealedBefore, after]);
        const [row] = rows as { last: string | null; days: number }[];
        days += row?.days ?? 0;
        after = row?.last ?? null;
      }
      await client.query("COMMIT");
    } catch (error) {
      failed = error;
      await client.query("ROLLBACK").catch(() => {});
      throw error;
    } finally {
      client.release(failed instanceof Error ? failed : undefined);
    }
  }
  return days;
}
