-- Numeric blocks of a finished day as one row: the same files one behind the other, each still readable by itself.
-- An hour's row and its share of the indexes cost as much as what is in it; the rows of an hour stand in `block` until
-- their day is over, and again when something late comes in. Where both have an hour, that of `block` is the newer one.
CREATE TABLE day_block (
  stream_id uuid NOT NULL,
  day_start bigint NOT NULL,
  association_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  -- Where each hour's file begins in `payload`, from 00:00 UTC on, and the end; equal to the next where there is none.
  bounds integer[] NOT NULL CHECK (array_ndims(bounds) = 1 AND array_length(bounds, 1) = 25 AND bounds[1] = 0),
  payload bytea NOT NULL,
  PRIMARY KEY (stream_id, day_start, association_id),
  CHECK (octet_length(payload) = bounds[25])
);
-- Not compressed again: so an hour is fetched without the rest of the day.
ALTER TABLE day_block ALTER COLUMN payload SET STORAGE EXTERNAL, ALTER COLUMN bounds SET STORAGE PLAIN;
COMMENT ON TABLE day_block IS 'Compressed readings of a finished day, one row per stream, day and association';

-- Hours are rewritten as they fill, and leave when their day is over: their places are to be free again soon.
ALTER TABLE block SET (autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_scale_factor = 0.05);

ALTER TABLE day_block ENABLE ROW LEVEL SECURITY;
CREATE POLICY every_organisation ON day_block TO openward_worker USING (true) WITH CHECK (true);
CREATE POLICY own_organisation ON day_block TO openward_api
  USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
GRANT SELECT ON day_block TO openward_api;
GRANT SELECT, INSERT, UPDATE ON day_block TO openward_worker;
-- Only what has become part of a day's row is deleted, in the statement that writes that row.
GRANT DELETE ON block TO openward_worker;
