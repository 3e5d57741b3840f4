-- What was sent, byte for byte, beside the journal's row of the same batch and in the same commit
-- (docs/adr/0020-raw-input.md). `input` is server/store/raw/format.ts: a slice for each patient, encrypted under the
-- patient's key; who sent it, and of whom it tells, stands inside. Days are partitions; a day is dropped whole, rows are
-- never deleted.
CREATE TABLE raw_input (
  day date NOT NULL,
  position bigint NOT NULL,
  batch_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  written_at bigint NOT NULL,
  input bytea NOT NULL,
  PRIMARY KEY (day, batch_id)
) PARTITION BY RANGE (day);
CREATE INDEX raw_input_by_position ON raw_input (position);
ALTER TABLE raw_input ALTER COLUMN input SET STORAGE EXTERNAL;
COMMENT ON TABLE raw_input IS 'What devices and integrations sent, byte for byte, for the days of raw retention; a partition per day';

-- Makes the partitions of `days` days from `first` on, where they are missing: of the journal and of raw input alike.
CREATE OR REPLACE FUNCTION journal_prepare(first date, days integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
  parent text;
  d date;
  partition text;
BEGIN
  IF days NOT BETWEEN 1 AND 62 THEN RAISE EXCEPTION 'days must be from 1 to 62'; END IF;
  FOREACH parent IN ARRAY ARRAY['journal', 'raw_input'] LOOP
    FOR d IN SELECT first + n FROM generate_series(0, days - 1) AS n LOOP
      partition := parent || '_' || to_char(d, 'YYYYMMDD');
      IF to_regclass(partition) IS NULL THEN
        -- Made apart and then attached: attaching does not stop inserts into the other days.
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING INDEXES)', partition, parent);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, partition, d, d + 1);
      END IF;
    END LOOP;
  END LOOP;
END $$;

-- Drops the days of raw input before `before`; gives their names.
CREATE FUNCTION raw_input_drop_before(before date) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  partition regclass;
BEGIN
  FOR partition IN
    SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'raw_input'::regclass ORDER BY inhrelid::regclass::text
  LOOP
    CONTINUE WHEN right(partition::text, 8) >= to_char(before, 'YYYYMMDD');
    RETURN NEXT partition::text;
    EXECUTE format('DROP TABLE %s', partition);
  END LOOP;
END $$;

ALTER TABLE raw_input ENABLE ROW LEVEL SECURITY;
GRANT INSERT ON raw_input TO openward_ingest;
CREATE POLICY insert_only ON raw_input FOR INSERT TO openward_ingest WITH CHECK (true);
GRANT SELECT ON raw_input TO openward_worker;
CREATE POLICY every_organisation ON raw_input TO openward_worker USING (true) WITH CHECK (true);
REVOKE ALL ON FUNCTION raw_input_drop_before(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION raw_input_drop_before(date) TO openward_worker;
