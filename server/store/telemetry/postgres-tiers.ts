import { DAY_MS } from "@openward/timeseries";
import { HOUR_MS } from "./periods.ts";

// Where blocks lie: `block`, `day_block`, and the catalogue of the archive. What stands in several of them is newest in the
// first. A statement asks them all, and is one snapshot: a block that moves meanwhile is seen once, here or there.

/** hot: PostgreSQL alone, where nothing can be in the archive. */
export type Tiers = "hot" | "all";

/** Columns of what is not in the archive, beside those that say where in it something lies. */
export const here = (tiers: Tiers): string =>
  tiers === "hot"
    ? ""
    : `, NULL::bigint AS file_id, NULL::bigint AS place_at, NULL::integer AS place_length, NULL::bytea AS place_check,
      NULL::integer AS part_from, NULL::integer AS part_to`;

/** The same of `b`, as they are read. */
export const placeOf = (tiers: Tiers): string =>
  tiers === "hot"
    ? ""
    : `, b.file_id AS "fileId", b.place_at AS "placeAt", b.place_length AS "placeLength", b.place_check AS "placeCheck",
      b.part_from AS "partFrom", b.part_to AS "partTo"`;

/** Blocks of a row `a` of the catalogue, as `own`: itself, or the hours of a day. */
const periodsOfRow = `CROSS JOIN LATERAL (
    SELECT a.period_start, NULL::integer AS hour, 0 AS part_from, a.payload_length AS part_to WHERE a.bounds IS NULL
    UNION ALL
    SELECT a.period_start + h.hour * ${HOUR_MS}::bigint, h.hour, a.bounds[h.hour + 1], a.bounds[h.hour + 2]
      FROM generate_series(0, 23) AS h (hour) WHERE a.bounds[h.hour + 2] > a.bounds[h.hour + 1]) AS own`;

/** Archived blocks of periods that begin in [since, until), of which PostgreSQL has none that is newer: SQL as in blocksWithin. */
export const archivedWithin = (streams: string, since: string, until: string): string => `
  SELECT a.stream_id, own.period_start, a.association_id, NULL::bytea,
      a.file_id, a.payload_at, a.payload_length, a.payload_check, own.part_from, own.part_to
    FROM archived_block a ${periodsOfRow}
    WHERE a.stream_id = ANY(${streams}) AND a.period_start > ${since} - ${DAY_MS} AND a.period_start < ${until}
      AND own.period_start >= ${since} AND own.period_start < ${until}
      AND NOT EXISTS (SELECT FROM block n
        WHERE n.stream_id = a.stream_id AND n.period_start = own.period_start AND n.association_id = a.association_id)
      AND NOT EXISTS (SELECT FROM day_block d
        WHERE d.stream_id = a.stream_id AND d.day_start = a.period_start AND d.association_id = a.association_id
          AND d.bounds[own.hour + 2] > d.bounds[own.hour + 1])`;

/** The next periods of one stream in the catalogue: SQL as in periodsWithin. */
export const archivedPeriods = (stream: string, since: string, until: string, order: string, count: string): string => `
  SELECT own.period_start
    -- Of the first day all may lie outside.
    FROM (SELECT DISTINCT period_start FROM archived_block
      WHERE stream_id = ${stream} AND period_start > ${since} - ${DAY_MS} AND period_start < ${until}
      ORDER BY period_start ${order} LIMIT ${count} + 1) AS x
    JOIN archived_block a ON a.stream_id = ${stream} AND a.period_start = x.period_start ${periodsOfRow}
    WHERE own.period_start >= ${since} AND own.period_start < ${until}`;

/** Overviews of one stream: SQL of its id and of bigints. A waveform's block is in one tier only. */
export const overviewsWithin = (stream: string, since: string, until: string, tiers: Tiers): string => `(
  SELECT stream_id, period_start, association_id, overview AS payload${here(tiers)} FROM block
    WHERE stream_id = ${stream} AND period_start >= ${since} AND period_start < ${until} AND overview IS NOT NULL
  ${
    tiers === "hot"
      ? ""
      : `UNION ALL
  SELECT stream_id, period_start, association_id, NULL::bytea,
      file_id, overview_at, overview_length, overview_check, 0, overview_length FROM archived_block
    WHERE stream_id = ${stream} AND period_start >= ${since} AND period_start < ${until} AND overview_at IS NOT NULL`
  })`;
