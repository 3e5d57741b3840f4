-- Blocks beyond the hot period lie as Parquet files on object storage; these tables say where. Nothing clinical is here.

-- One row per file, written before the file is: what a crash leaves behind is found and removed by it.
CREATE TABLE archive_file (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organisation_id uuid NOT NULL,
  object_key text NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('numeric', 'waveform')),
  -- Of the files' layout: server/store/archive/file.ts, version 1.
  format integer NOT NULL,
  -- writing: not to be trusted; live: verified, its blocks are in archived_block; removing: nobody reads it any more.
  state text NOT NULL CHECK (state IN ('writing', 'live', 'removing')),
  state_since bigint NOT NULL,
  bytes bigint,
  sha256 bytea,
  -- Of the newest block in it; of a day the last hour.
  last_period bigint,
  -- When the whole file was last read and compared with sha256.
  checked_at bigint NOT NULL,
  -- Since when it is known to be missing or not what was written.
  damaged_at bigint,
  CHECK (state <> 'live' OR (bytes IS NOT NULL AND sha256 IS NOT NULL AND last_period IS NOT NULL))
);
COMMENT ON TABLE archive_file IS 'Parquet files of archived blocks; a row stands before its file does';

-- Where each archived block lies: a range of bytes of its file, and the first eight bytes of the range's SHA-256. Readings
-- move by whole days: what stands of the same hour in `day_block`, or in `block`, is newer.
CREATE TABLE archived_block (
  stream_id uuid NOT NULL,
  -- Of a day its start.
  period_start bigint NOT NULL,
  association_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  file_id bigint NOT NULL REFERENCES archive_file,
  payload_at bigint NOT NULL,
  payload_length integer NOT NULL,
  payload_check bytea NOT NULL,
  overview_at bigint,
  overview_length integer,
  overview_check bytea,
  -- A day's, as in day_block; null: one block.
  bounds integer[] CHECK (bounds IS NULL OR (array_length(bounds, 1) = 25 AND bounds[1] = 0 AND bounds[25] = payload_length)),
  PRIMARY KEY (stream_id, period_start, association_id)
);
ALTER TABLE archived_block ALTER COLUMN bounds SET STORAGE PLAIN;
CREATE INDEX archived_block_by_file ON archived_block (file_id);
COMMENT ON TABLE archived_block IS 'Blocks that were moved to the archive: file and range of bytes';

-- Archived blocks that could not be read when later data was to be merged into them: kept, as their file may come back.
CREATE TABLE lost_block (LIKE archived_block, found_at bigint NOT NULL, PRIMARY KEY (file_id, payload_at));
ALTER TABLE lost_block ADD FOREIGN KEY (file_id) REFERENCES archive_file;
COMMENT ON TABLE lost_block IS 'Archived blocks that could not be read when later data came, set aside';

-- What is due is found by its age. Of ranges of pages only: they are small, and no query for a stream is led astray by them.
CREATE INDEX block_by_period ON block USING brin (period_start) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX day_block_by_day ON day_block USING brin (day_start) WITH (pages_per_range = 32, autosummarize = on);

-- Plain files that were given away for a purpose, until a time.
CREATE TABLE data_export (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  folder text NOT NULL,
  purpose text NOT NULL CHECK (purpose <> ''),
  expires_at bigint NOT NULL,
  created_at bigint NOT NULL,
  created_by text NOT NULL,
  -- Everybody who is in it.
  patient_ids uuid[] NOT NULL,
  removed_at bigint
);
CREATE INDEX data_export_due ON data_export (expires_at) WHERE removed_at IS NULL;
COMMENT ON TABLE data_export IS 'Exports in plain form, with purpose and expiry';

-- What was given away in plain form cannot be made unreadable: an export that holds somebody who is erased has had its day.
-- Also when the erasure is done again after a restore.
CREATE FUNCTION end_exports_of_erased() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE data_export SET expires_at = least(expires_at, NEW.erased_at)
    WHERE removed_at IS NULL AND patient_ids @> ARRAY[NEW.patient_id];
  RETURN NULL;
END $$;
CREATE TRIGGER end_exports AFTER INSERT ON erased_patient FOR EACH ROW EXECUTE FUNCTION end_exports_of_erased();

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['archive_file', 'archived_block', 'lost_block', 'data_export'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO openward_worker', name);
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api
      USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation())', name);
    EXECUTE format('GRANT SELECT ON %I TO openward_api', name);
  END LOOP;
END $$;
GRANT UPDATE, DELETE ON archive_file TO openward_worker;
-- A day that is archived already is put together with what came late: its row then names another file.
GRANT UPDATE, DELETE ON archived_block TO openward_worker;
GRANT DELETE ON lost_block TO openward_worker;
GRANT UPDATE (removed_at) ON data_export TO openward_worker;
-- Moving to the archive, and retention; of `block` it may already.
GRANT DELETE ON day_block, damaged_block, rollup TO openward_worker;
