-- That a certificate or token ends was told to those who look after devices: once a month, a week before, and when it has ended.
-- Times are bigint milliseconds UTC.
CREATE TABLE ending_told (
  organisation_id uuid NOT NULL REFERENCES organisation,
  -- Of what it is, and which: the id of a credential or token, or the name of a file of the server.
  kind text NOT NULL,
  subject text NOT NULL,
  ends_at bigint NOT NULL,
  -- Days before its end; 0: it has ended.
  days_before integer NOT NULL CHECK (days_before >= 0),
  told_at bigint NOT NULL,
  PRIMARY KEY (organisation_id, kind, subject, ends_at, days_before)
);
COMMENT ON TABLE ending_told IS 'Which endings of certificates and tokens engineers were told of';
ALTER TABLE ending_told ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON ending_told TO openward_api USING (organisation_id = current_organisation());
CREATE POLICY every_organisation ON ending_told TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT ON ending_told TO openward_api;
GRANT SELECT, INSERT, DELETE ON ending_told TO openward_worker;

-- Quarantined messages that were run again from the page, and what came of each run, so that it can be undone.
CREATE TABLE quarantine_run (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  started_by text NOT NULL,
  started_at bigint NOT NULL,
  reason text NOT NULL,
  messages integer NOT NULL,
  -- NULL: it did not come to its end.
  ended_at bigint,
  placed integer,
  readings integer,
  undone_at bigint,
  undone_by text,
  undone_reason text,
  CHECK ((undone_at IS NULL) = (undone_by IS NULL))
);
CREATE INDEX quarantine_run_newest ON quarantine_run (organisation_id, started_at DESC);
COMMENT ON TABLE quarantine_run IS 'Quarantined messages that were run again, many at once';

-- Written before the readings themselves: where the server was killed between the two, undoing finds fewer than stand here.
CREATE TABLE quarantine_run_added (
  run_id uuid NOT NULL REFERENCES quarantine_run,
  ordinal integer NOT NULL,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  stream_id uuid NOT NULL,
  -- Of the readings, without their values.
  times bigint[] NOT NULL,
  PRIMARY KEY (run_id, ordinal)
);
CREATE INDEX quarantine_run_added_patient ON quarantine_run_added (patient_id);
COMMENT ON TABLE quarantine_run_added IS 'Which readings a run has added, by stream and time';

ALTER TABLE quarantine_resolution ADD COLUMN run_id uuid;
CREATE INDEX quarantine_resolution_run ON quarantine_resolution (run_id) WHERE run_id IS NOT NULL;
-- A resolution that was undone: its message is open again.
CREATE TABLE quarantine_undone (
  run_id uuid NOT NULL REFERENCES quarantine_run,
  quarantine_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  resolved_by text NOT NULL,
  resolved_at bigint NOT NULL,
  PRIMARY KEY (run_id, quarantine_id)
);
CREATE INDEX quarantine_undone_patient ON quarantine_undone (patient_id);
COMMENT ON TABLE quarantine_undone IS 'Resolutions of quarantined messages that a person has undone with their run';

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['quarantine_run', 'quarantine_run_added', 'quarantine_undone'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO openward_worker', name);
    EXECUTE format('GRANT SELECT ON %I TO openward_api', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['quarantine_run_added', 'quarantine_undone'] LOOP
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api USING (organisation_id = current_organisation()
      AND ((SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients())))', name);
  END LOOP;
END $$;
CREATE POLICY own_organisation ON quarantine_run TO openward_api USING (organisation_id = current_organisation());
GRANT DELETE ON quarantine_resolution TO openward_worker;
CREATE POLICY shared_by_patient ON quarantine_run_added AS RESTRICTIVE FOR SELECT TO openward_api
  USING (stream_id NOT IN (SELECT hidden_streams()));
