-- Which backups were made of this database. An increment rests on its parent only while the parent's row is here: where
-- the database itself was set back to an earlier state, it is not, and a full backup is made.
CREATE TABLE backup_taken (
  id uuid PRIMARY KEY,
  -- When its snapshot was taken.
  taken_at bigint NOT NULL
);
COMMENT ON TABLE backup_taken IS 'Backups of this database, of all organisations together';
ALTER TABLE backup_taken ENABLE ROW LEVEL SECURITY;
CREATE POLICY every_backup ON backup_taken TO openward_worker USING (true);
GRANT SELECT ON backup_taken TO openward_worker;

-- As in 0002; and while a backup reads the journal nothing is dropped: waiting for it would hold up every commit. The
-- number is that of server/store/backup/locks.ts.
CREATE OR REPLACE FUNCTION journal_drop_before(before date) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  partition regclass;
  sealed bigint;
  newest bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7276903413) THEN RETURN; END IF;
  SELECT min(watermark) INTO sealed FROM seal_state;
  FOR partition IN
    SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'journal'::regclass ORDER BY inhrelid::regclass::text
  LOOP
    CONTINUE WHEN right(partition::text, 8) >= to_char(before, 'YYYYMMDD');
    EXECUTE format('SELECT max(position) FROM %s', partition) INTO newest;
    CONTINUE WHEN newest IS NOT NULL AND (sealed IS NULL OR newest >= sealed);
    RETURN NEXT partition::text;
    EXECUTE format('DROP TABLE %s', partition);
  END LOOP;
END $$;

-- As in 0008, and for the same reason.
CREATE OR REPLACE FUNCTION raw_input_drop_before(before date) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  partition regclass;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7276903413) THEN RETURN; END IF;
  FOR partition IN
    SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'raw_input'::regclass ORDER BY inhrelid::regclass::text
  LOOP
    CONTINUE WHEN right(partition::text, 8) >= to_char(before, 'YYYYMMDD');
    RETURN NEXT partition::text;
    EXECUTE format('DROP TABLE %s', partition);
  END LOOP;
END $$;

-- Rows that `openward store verify` found not to be as they were written: told on the ward until they are mended.
CREATE TABLE store_fault (
  kind text NOT NULL CHECK (kind IN ('block', 'overview', 'rollup', 'journal', 'quarantine')),
  -- The row's own key, in internal ids.
  key text NOT NULL,
  organisation_id uuid NOT NULL,
  patient_id uuid,
  reason text NOT NULL,
  found_at bigint NOT NULL,
  mended_at bigint,
  PRIMARY KEY (kind, key)
);
CREATE INDEX store_fault_open ON store_fault (found_at) WHERE mended_at IS NULL;
COMMENT ON TABLE store_fault IS 'Stored rows that could not be read when everything was verified';
ALTER TABLE store_fault ENABLE ROW LEVEL SECURITY;
CREATE POLICY every_organisation ON store_fault TO openward_worker USING (true) WITH CHECK (true);
CREATE POLICY own_organisation ON store_fault TO openward_api
  USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
GRANT SELECT ON store_fault TO openward_api;
GRANT SELECT, INSERT, UPDATE ON store_fault TO openward_worker;
