import { DAY_MS } from "@openward/timeseries";
import type { Pool, PoolClient } from "pg";
import { type ArchivedBlocks, fillIn, type MaybeArchived, noArchive } from "./archived.ts";
import type { BlockRow, BlockStore, PeriodKey, SealRows } from "./block-store.ts";
import { periodOf } from "./periods.ts";
import { blocksWithin, joinDays, newestOfDays, periodsWithin } from "./postgres-days.ts";
import { overviewsWithin, placeOf, type Tiers } from "./postgres-tiers.ts";

const COLUMNS =
  'b.stream_id::text AS "streamId", b.period_start::float8 AS "periodStart", b.association_id::text AS "associationId"';
const ROLLUP_COLUMNS =
  'r.stream_id::text AS "streamId", r.day_start::float8 AS "periodStart", r.association_id::text AS "associationId", r.payload';
const HEADER_BYTES = 256;

type TieredRow = BlockRow & MaybeArchived;

/**
 * @param pool under the role `worker`
 * @param archive where blocks go that are beyond the hot period; left out: nowhere
 */
export function postgresBlocks(pool: Pool, archive: ArchivedBlocks = noArchive): BlockStore {
  const rowsOf = async <T>(text: string, values: unknown[] = []) => (await pool.query(text, values)).rows as T[];
  // Planning these takes as long as running them: each connection plans them once.
  const preparedRowsOf = async <T>(name: string, text: string, values: unknown[]) =>
    (await pool.query({ name, text, values })).rows as T[];
  const tiersFrom = tiersOf(archive);

  return {
    async blocksBetween(streamIds, from, to) {
      const tiers = tiersFrom(from);
      const text = `SELECT ${COLUMNS}, b.payload${placeOf(tiers)}
        FROM ${blocksWithin("$1::uuid[]", "$2::bigint", "$3::bigint", tiers)} AS b ORDER BY b.stream_id, b.period_start, b.association_id`;
      return fillIn(await preparedRowsOf<TieredRow>(`blocks between ${tiers}`, text, [streamIds, from, to]), archive);
    },
    async blocksOf(keys) {
      const tiers = tiersFrom(...keys.map(({ period }) => period));
      const rows = await preparedRowsOf<TieredRow>(`blocks of ${tiers}`, blocksOfText(tiers), periodValues(keys));
      return fillIn(rows, archive);
    },
    async blocksNext(cursors, isDescending, periods) {
      const order = isDescending ? "DESC" : "ASC";
      const tiers = tiersFrom(...cursors.map(({ from }) => from));
      const text = `SELECT ${COLUMNS}, b.payload${placeOf(tiers)}
        FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS c (stream_id, since, until)
        JOIN LATERAL ${periodsWithin("c.stream_id", "c.since", "c.until", order, "$4::integer", tiers)} AS p ON true
        JOIN LATERAL ${blocksWithin("ARRAY[c.stream_id]", "p.period_start", "p.period_start + 1", tiers)} AS b ON true
        ORDER BY b.stream_id, b.period_start, b.association_id`;
      const rows = await preparedRowsOf<TieredRow>(`blocks next ${order} ${tiers}`, text, [
        cursors.map((c) => c.streamId),
        cursors.map((c) => Math.floor(c.from)),
        cursors.map((c) => Math.ceil(c.to)),
        periods,
      ]);
      return fillIn(rows, archive);
    },
    async overviewsBetween(streamId, from, to) {
      const tiers = tiersFrom(from);
      const text = `SELECT ${COLUMNS}, b.payload${placeOf(tiers)}
        FROM ${overviewsWithin("$1::uuid", "$2::bigint", "$3::bigint", tiers)} AS b ORDER BY b.period_start`;
      return fillIn(await rowsOf<TieredRow>(text, [streamId, from, to]), archive);
    },
    rollupsBetween: (streamIds, from, to) =>
      rowsOf<BlockRow>(
        `SELECT ${ROLLUP_COLUMNS} FROM rollup r WHERE r.stream_id = ANY($1::uuid[]) AND r.day_start >= $2 AND r.day_start < $3
          ORDER BY r.stream_id, r.day_start`,
        [streamIds, from, to],
      ),
    // The newest rows, and all of their period: an association may have changed within it, also more than once. Waveforms
    // need no samples.
    newestBlocks: (streamIds) =>
      rowsOf(
        `SELECT ${COLUMNS}, CASE WHEN s.kind = 'numeric' THEN b.payload ELSE substring(b.payload FROM 1 FOR ${HEADER_BYTES}) END AS payload,
            s.kind = 'numeric' AS "isNumeric"
          FROM stream s CROSS JOIN LATERAL (
            (SELECT stream_id, period_start, association_id, payload FROM block
              WHERE stream_id = s.id ORDER BY period_start DESC FETCH FIRST 2 ROWS WITH TIES)
            UNION ALL SELECT * FROM ${newestOfDays("s.id")} AS d) AS b
          WHERE s.id = ANY($1::uuid[])`,
        [streamIds],
      ),
    streams: () =>
      rowsOf(
        'SELECT id, organisation_id AS "organisationId", patient_id AS "patientId", device_id AS "deviceId", signal, kind, unit FROM stream',
      ),
    async runningStreams() {
      const text =
        "SELECT s.id FROM stream s JOIN association a ON a.device_id = s.device_id AND a.patient_id = s.patient_id WHERE a.to_at IS NULL";
      return (await rowsOf<{ id: string }>(text)).map((row) => row.id);
    },
    sealedThrough: (watermark) =>
      rowsOf(
        `SELECT stream_id::text AS "streamId", period_start::float8 AS period, max(sealed_through)::float8 AS through
          FROM block WHERE sealed_through >= $1 GROUP BY 1, 2`,
        [watermark],
      ),
    async saveWatermark(organisationIds, watermark, now) {
      await pool.query(
        `INSERT INTO seal_state (organisation_id, watermark, updated_at)
         SELECT organisation_id, $2, $3 FROM (SELECT unnest($1::uuid[]) AS organisation_id UNION SELECT organisation_id FROM seal_state) AS o
         ON CONFLICT (organisation_id) DO UPDATE SET watermark = excluded.watermark, updated_at = excluded.updated_at`,
        [organisationIds, watermark, now],
      );
    },
    joinDays: (due) => joinDays(pool, due),
    async transaction(work) {
      const client = await pool.connect();
      let failed: unknown;
      try {
        await client.query("BEGIN");
        await work(rowsWithin(client, archive));
        await client.query("COMMIT");
      } catch (error) {
        failed = error;
        await client.query("ROLLBACK").catch(() => {});
        throw error;
      } finally {
        // A connection that may be broken does not go back among the others.
        client.release(failed instanceof Error ? failed : undefined);
      }
    },
  };
}

/** Which tiers have to be asked about what begins at these times and later. */
const tiersOf =
  (archive: ArchivedBlocks) =>
  (...from: readonly number[]): Tiers => {
    const first = Math.min(...from);
    return archive.isOnlyHot("numeric", first) && archive.isOnlyHot("waveform", first) ? "hot" : "all";
  };

const blocksOfText = (
  tiers: Tiers,
) => `SELECT ${COLUMNS}, b.payload${placeOf(tiers)} FROM unnest($1::uuid[], $2::bigint[]) AS k (stream_id, period_start)
  JOIN LATERAL ${blocksWithin("ARRAY[k.stream_id]", "k.period_start", "k.period_start + 1", tiers)} AS b ON true
  ORDER BY b.stream_id, b.period_start, b.association_id`;

const periodValues = (keys: readonly PeriodKey[]) => [
  keys.map(({ streamId }) => streamId),
  keys.map(({ period }) => period),
];

function rowsWithin(client: PoolClient, archive: ArchivedBlocks): SealRows {
  const rowsOf = async (text: string, values: unknown[]) => (await client.query(text, values)).rows as TieredRow[];
  const tiersFrom = tiersOf(archive);
  return {
    async blocksOf(keys) {
      const tiers = tiersFrom(...keys.map(({ period }) => period));
      return fillIn(await rowsOf(blocksOfText(tiers), periodValues(keys)), archive);
    },
    async blocksOfDay({ streamId, associationId, dayStart }) {
      const tiers = tiersFrom(dayStart);
      const text = `SELECT ${COLUMNS}, b.payload${placeOf(tiers)}
        FROM ${blocksWithin("ARRAY[$1::uuid]", "$3::bigint", "$4::bigint", tiers)} AS b WHERE b.association_id = $2`;
      return fillIn(await rowsOf(text, [streamId, associationId, dayStart, dayStart + DAY_MS]), archive);
    },
    async setAside({ streamId, periodStart, associationId }, now) {
      const { rowCount } = await client.query(
        `INSERT INTO damaged_block (stream_id, period_start, association_id, found_at, organisation_id, patient_id, payload, overview)
         SELECT b.stream_id, b.period_start, b.association_id, $4, s.organisation_id, s.patient_id, b.payload,
           (SELECT overview FROM block WHERE stream_id = $1 AND period_start = $2 AND association_id = $3)
         FROM ${blocksWithin("ARRAY[$1::uuid]", "$2::bigint", "$2::bigint + 1", "hot")} AS b JOIN stream s ON s.id = b.stream_id
         WHERE b.association_id = $3 ON CONFLICT DO NOTHING`,
        [streamId, periodStart, associationId, now],
      );
      if (rowCount !== 0) return;
      // It is in the archive: its file is kept, and may come back.
      await client.query(
        `INSERT INTO lost_block SELECT a.*, $4 FROM archived_block a
         WHERE a.stream_id = $1 AND a.period_start IN ($2, $5) AND a.association_id = $3
           AND (a.bounds IS NOT NULL OR a.period_start = $2) ON CONFLICT DO NOTHING`,
        [streamId, periodStart, associationId, now, periodOf(periodStart, DAY_MS)],
      );
    },
    async saveBlocks(blocks) {
      const rows = new Rows(9);
      for (const block of blocks) {
        const { streamId, periodStart, associationId, organisationId, patientId, payload, overview } = block;
        const owner = [streamId, periodStart, associationId, organisationId, patientId];
        rows.add([...owner, payload, overview, block.sealedThrough, block.sealedAt]);
      }
      if (rows.count === 0) return;
      await client.query(
        `INSERT INTO block (stream_id, period_start, association_id, organisation_id, patient_id, payload, overview, sealed_through, sealed_at)
         VALUES ${rows.tuples()} ON CONFLICT (stream_id, period_start, association_id) DO UPDATE SET
           payload = excluded.payload, overview = excluded.overview, sealed_through = excluded.sealed_through, sealed_at = excluded.sealed_at`,
        rows.values,
      );
      if (tiersFrom(...blocks.map(({ periodStart }) => periodStart)) === "hot") return;
      // A block has in it what was archived of it. Of a day, what is here is newer, hour by hour.
      await client.query(
        `DELETE FROM archived_block a USING unnest($1::uuid[], $2::bigint[], $3::uuid[]) AS k (stream_id, period_start, association_id)
         WHERE a.stream_id = k.stream_id AND a.period_start = k.period_start AND a.association_id = k.association_id
           AND a.bounds IS NULL`,
        [
          blocks.map(({ streamId }) => streamId),
          blocks.map(({ periodStart }) => periodStart),
          blocks.map(({ associationId }) => associationId),
        ],
      );
    },
    rollupsOf: (keys) =>
      rowsOf(
        `SELECT ${ROLLUP_COLUMNS} FROM unnest($1::uuid[], $2::bigint[], $3::uuid[]) AS k (stream_id, day_start, association_id)
          JOIN rollup r USING (stream_id, day_start, association_id)`,
        [
          keys.map(({ streamId }) => streamId),
          keys.map(({ dayStart }) => dayStart),
          keys.map(({ associationId }) => associationId),
        ],
      ),
    async saveRollups(rollups) {
      const rows = new Rows(6);
      for (const { streamId, periodStart, associationId, organisationId, patientId, payload } of rollups)
        rows.add([streamId, periodStart, associationId, organisationId, patientId, payload]);
      if (rows.count === 0) return;
      await client.query(
        `INSERT INTO rollup (stream_id, day_start, association_id, organisation_id, patient_id, payload) VALUES ${rows.tuples()}
         ON CONFLICT (stream_id, day_start, association_id) DO UPDATE SET payload = excluded.payload`,
        rows.values,
      );
    },
  };
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
