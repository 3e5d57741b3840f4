import { DAY_MS } from "@openward/timeseries";
import type { Pool, PoolClient } from "pg";
import type { BlockRow, BlockStore, PeriodKey, SealRows } from "./block-store.ts";
import { blocksWithin, joinDays, newestOfDays, periodsWithin } from "./postgres-days.ts";

const COLUMNS =
  'b.stream_id::text AS "streamId", b.period_start::float8 AS "periodStart", b.association_id::text AS "associationId"';
const ROLLUP_COLUMNS =
  'r.stream_id::text AS "streamId", r.day_start::float8 AS "periodStart", r.association_id::text AS "associationId", r.payload';
const HEADER_BYTES = 256;

/** @param pool under the role `worker` */
export function postgresBlocks(pool: Pool): BlockStore {
  const rowsOf = async <T>(text: string, values: unknown[] = []) => (await pool.query(text, values)).rows as T[];
  // Planning these takes as long as running them: each connection plans them once.
  const preparedRowsOf = async <T>(name: string, text: string, values: unknown[]) =>
    (await pool.query({ name, text, values })).rows as T[];

  return {
    blocksBetween: (streamIds, from, to) =>
      preparedRowsOf<BlockRow>(
        "blocks between",
        `SELECT ${COLUMNS}, b.payload FROM ${blocksWithin("$1::uuid[]", "$2::bigint", "$3::bigint")} AS b
          ORDER BY b.stream_id, b.period_start`,
        [streamIds, from, to],
      ),
    blocksOf: (keys) => rowsOf<BlockRow>(blocksOfText, periodValues(keys)),
    blocksNext(cursors, isDescending, periods) {
      const order = isDescending ? "DESC" : "ASC";
      const text = `SELECT ${COLUMNS}, b.payload FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS c (stream_id, since, until)
        JOIN LATERAL ${periodsWithin("c.stream_id", "c.since", "c.until", order, "$4::integer")} AS p ON true
        JOIN LATERAL ${blocksWithin("ARRAY[c.stream_id]", "p.period_start", "p.period_start + 1")} AS b ON true
        ORDER BY b.stream_id, b.period_start`;
      return preparedRowsOf<BlockRow>(`blocks next ${order}`, text, [
        cursors.map((c) => c.streamId),
        cursors.map((c) => Math.floor(c.from)),
        cursors.map((c) => Math.ceil(c.to)),
        periods,
      ]);
    },
    overviewsBetween: (streamId, from, to) =>
      rowsOf<BlockRow>(
        `SELECT ${COLUMNS}, b.overview AS payload FROM block b
          WHERE b.stream_id = $1 AND b.period_start >= $2 AND b.period_start < $3 AND b.overview IS NOT NULL ORDER BY b.period_start`,
        [streamId, from, to],
      ),
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
        await work(rowsWithin(client));
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

const blocksOfText = `SELECT ${COLUMNS}, b.payload FROM unnest($1::uuid[], $2::bigint[]) AS k (stream_id, period_start)
  JOIN LATERAL ${blocksWithin("ARRAY[k.stream_id]", "k.period_start", "k.period_start + 1")} AS b ON true
  ORDER BY b.stream_id, b.period_start`;

const periodValues = (keys: readonly PeriodKey[]) => [
  keys.map(({ streamId }) => streamId),
  keys.map(({ period }) => period),
];

function rowsWithin(client: PoolClient): SealRows {
  const rowsOf = async (text: string, values: unknown[]) => (await client.query(text, values)).rows as BlockRow[];
  return {
    blocksOf: (keys) => rowsOf(blocksOfText, periodValues(keys)),
    blocksOfDay: ({ streamId, associationId, dayStart }) =>
      rowsOf(
        `SELECT ${COLUMNS}, b.payload FROM ${blocksWithin("ARRAY[$1::uuid]", "$3::bigint", "$4::bigint")} AS b
          WHERE b.association_id = $2`,
        [streamId, associationId, dayStart, dayStart + DAY_MS],
      ),
    async setAside({ streamId, periodStart, associationId }, now) {
      await client.query(
        `INSERT INTO damaged_block (stream_id, period_start, association_id, found_at, organisation_id, patient_id, payload, overview)
         SELECT b.stream_id, b.period_start, b.association_id, $4, s.organisation_id, s.patient_id, b.payload,
           (SELECT overview FROM block WHERE stream_id = $1 AND period_start = $2 AND association_id = $3)
         FROM ${blocksWithin("ARRAY[$1::uuid]", "$2::bigint", "$2::bigint + 1")} AS b JOIN stream s ON s.id = b.stream_id
         WHERE b.association_id = $3 ON CONFLICT DO NOTHING`,
        [streamId, periodStart, associationId, now],
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
