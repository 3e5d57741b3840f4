// The two kinds of rows that are archived: waveforms' blocks, and readings' days.

const DAY_MS = 86_400_000;
const KEYS = "unnest($1::uuid[], $2::bigint[], $3::uuid[]) WITH ORDINALITY";

/** $1: organisation, $2: before, $3: how many at most. Not those of which the journal is still read at a start. */
export const DUE_WAVEFORMS = `SELECT b.stream_id AS "streamId", b.period_start AS "periodStart", b.association_id AS "associationId",
    b.patient_id AS "patientId", octet_length(b.payload) + coalesce(octet_length(b.overview), 0) AS bytes
  FROM block b JOIN stream s ON s.id = b.stream_id
  WHERE b.period_start < $2 AND s.kind = 'waveform' AND b.organisation_id = $1
    AND b.sealed_through < (SELECT min(watermark) FROM seal_state)
    AND EXISTS (SELECT FROM block n WHERE n.stream_id = b.stream_id AND n.period_start > b.period_start)
  ORDER BY b.period_start LIMIT $3`;

/** The same. A day of which an hour stands in a row of its own is put together first. */
export const DUE_DAYS = `SELECT d.stream_id AS "streamId", d.day_start AS "periodStart", d.association_id AS "associationId",
    d.patient_id AS "patientId", octet_length(d.payload) AS bytes
  FROM day_block d
  WHERE d.day_start < $2 AND d.organisation_id = $1
    AND (EXISTS (SELECT FROM day_block n WHERE n.stream_id = d.stream_id AND n.day_start > d.day_start)
      OR EXISTS (SELECT FROM block n WHERE n.stream_id = d.stream_id AND n.period_start >= d.day_start + ${DAY_MS}))
    AND NOT EXISTS (SELECT FROM block n WHERE n.stream_id = d.stream_id AND n.association_id = d.association_id
      AND n.period_start >= d.day_start AND n.period_start < d.day_start + ${DAY_MS})
  ORDER BY d.day_start LIMIT $3`;

const check = (of: string) => `substr(sha256(${of}), 1, 8)`;

/** $1: streams, $2: periods, $3: associations. */
export const LOAD_WAVEFORMS = `SELECT b.stream_id AS "streamId", b.period_start AS "periodStart", b.association_id AS "associationId",
    b.patient_id AS "patientId", b.payload, b.overview, NULL AS bounds, ${check("b.payload")} AS check, NULL AS "baseFileId"
  FROM ${KEYS} AS k (stream_id, period_start, association_id, n)
  JOIN block b USING (stream_id, period_start, association_id) ORDER BY k.n`;

export const LOAD_DAYS = `SELECT d.stream_id AS "streamId", d.day_start AS "periodStart", d.association_id AS "associationId",
    d.patient_id AS "patientId", d.payload, NULL AS overview, d.bounds, ${check("d.payload")} AS check,
    a.file_id AS "baseFileId", a.payload_at AS "baseAt", a.payload_length AS "baseLength", a.payload_check AS "baseCheck",
    a.bounds AS "baseBounds"
  FROM ${KEYS} AS k (stream_id, day_start, association_id, n)
  JOIN day_block d USING (stream_id, day_start, association_id)
  LEFT JOIN archived_block a ON a.stream_id = d.stream_id AND a.period_start = d.day_start AND a.association_id = d.association_id
  ORDER BY k.n`;

/** $1: the file, $2 to $14: its rows, column by column. */
const PLACED = `k AS (
    SELECT * FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::bytea[], $6::bigint[], $7::bigint[], $8::text[],
        $9::bigint[], $10::integer[], $11::bytea[], $12::bigint[], $13::integer[], $14::bytea[])
      AS k (stream_id, period_start, association_id, source_check, base_file, base_at, bounds,
        payload_at, payload_length, payload_check, overview_at, overview_length, overview_check))`;

const INSERT = `INSERT INTO archived_block (stream_id, period_start, association_id, organisation_id, patient_id, file_id, bounds,
    payload_at, payload_length, payload_check, overview_at, overview_length, overview_check)
  SELECT m.stream_id, m.period_start, m.association_id, m.organisation_id, m.patient_id, $1, k.bounds::integer[],
    k.payload_at, k.payload_length, k.payload_check, k.overview_at, k.overview_length, k.overview_check
  FROM moved m JOIN k USING (stream_id, period_start, association_id)`;

export const MOVE_WAVEFORMS = `WITH ${PLACED}, moved AS (
    DELETE FROM block b USING k
      WHERE b.stream_id = k.stream_id AND b.period_start = k.period_start AND b.association_id = k.association_id
        AND ${check("b.payload")} = k.source_check AND ${check("b.overview")} IS NOT DISTINCT FROM k.overview_check
      RETURNING b.stream_id, b.period_start, b.association_id, b.organisation_id, b.patient_id)
  ${INSERT}`;

/** A day that was archived in part is replaced, if it lies where it did when it was read. */
export const MOVE_DAYS = `WITH ${PLACED}, moved AS (
    DELETE FROM day_block d USING k
      WHERE d.stream_id = k.stream_id AND d.day_start = k.period_start AND d.association_id = k.association_id
        AND ${check("d.payload")} = k.source_check
        AND NOT EXISTS (SELECT FROM archived_block a
          WHERE a.stream_id = d.stream_id AND a.period_start = d.day_start AND a.association_id = d.association_id
            AND (a.file_id, a.payload_at) IS DISTINCT FROM (k.base_file, k.base_at))
      RETURNING d.stream_id, d.day_start AS period_start, d.association_id, d.organisation_id, d.patient_id)
  ${INSERT}
  ON CONFLICT (stream_id, period_start, association_id) DO UPDATE SET file_id = excluded.file_id, bounds = excluded.bounds,
    payload_at = excluded.payload_at, payload_length = excluded.payload_length, payload_check = excluded.payload_check`;
