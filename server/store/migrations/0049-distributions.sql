-- How the values of a finished day are distributed: what statistics over months are made of (docs/adr/0069-statistics.md).
CREATE TABLE day_distribution (
  stream_id uuid NOT NULL,
  day_start bigint NOT NULL,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  -- Under the patient's key.
  payload bytea NOT NULL,
  PRIMARY KEY (stream_id, day_start)
);
ALTER TABLE day_distribution ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE INDEX day_distribution_patient ON day_distribution (patient_id);
COMMENT ON TABLE day_distribution IS 'Moments and values of a finished day of one stream; made of its blocks, gone when one of them changes';

ALTER TABLE day_distribution ENABLE ROW LEVEL SECURITY;
CREATE POLICY every_organisation ON day_distribution TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON day_distribution TO openward_worker;

-- Whoever writes an hour of a day, sealing, mending or bringing back from the archive: what was made of the day before is not so any more.
CREATE FUNCTION forget_day_distribution() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM day_distribution d USING (
    SELECT DISTINCT stream_id, period_start - mod(mod(period_start, 86400000) + 86400000, 86400000) AS day_start FROM written) AS w
    WHERE d.stream_id = w.stream_id AND d.day_start = w.day_start;
  RETURN NULL;
END $$;
CREATE TRIGGER forget_day_distribution_inserted AFTER INSERT ON block
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION forget_day_distribution();
CREATE TRIGGER forget_day_distribution_updated AFTER UPDATE ON block
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION forget_day_distribution();
