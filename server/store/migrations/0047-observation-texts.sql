-- Observations as others wrote them, over the readings that were made of them (docs/adr/0068-observations-written.md).
-- The text is a resource like any other. A text about one reading has the id of that reading's Observation, and needs no row
-- here; what else it stands for is in observation_reading. Times are bigint milliseconds UTC.

CREATE TABLE observation_stream (
  stream_id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX observation_stream_patient ON observation_stream (patient_id);
COMMENT ON TABLE observation_stream IS 'Streams over some readings of which there are texts: of all others nobody needs to ask';

CREATE TABLE observation_reading (
  organisation_id uuid NOT NULL,
  resource_id text NOT NULL,
  part integer NOT NULL,
  patient_id uuid NOT NULL,
  device_id text NOT NULL,
  stream_id uuid NOT NULL,
  from_at bigint NOT NULL,
  -- Exclusive.
  to_at bigint NOT NULL,
  -- Among the readings of that time; null: samples.
  ordinal integer,
  PRIMARY KEY (organisation_id, resource_id, part),
  CHECK (from_at < to_at),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX observation_reading_place ON observation_reading (patient_id, stream_id, from_at);
COMMENT ON TABLE observation_reading IS 'For which readings an Observation stands whose id does not say so';

CREATE TABLE observation_untaken (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  device_id text NOT NULL,
  -- What goes to ingest, as it was written; null: `resource_id` is to be compared with its readings.
  body text,
  resource_id text,
  at bigint NOT NULL,
  CHECK ((body IS NULL) <> (resource_id IS NULL)),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX observation_untaken_patient ON observation_untaken (patient_id);
COMMENT ON TABLE observation_untaken IS 'What is written and may not be in telemetry yet: read once more after a crash';

DO $$
DECLARE
  name text;
  rule text := 'organisation_id = current_organisation() AND ((SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients()))';
BEGIN
  FOREACH name IN ARRAY ARRAY['observation_stream', 'observation_reading', 'observation_untaken'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api USING (%s) WITH CHECK (%2$s)', name, rule);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO openward_api, openward_worker', name);
  END LOOP;
END $$;
-- Where a text stands tells of what kind its readings are.
CREATE POLICY shared_by_patient ON observation_stream AS RESTRICTIVE FOR SELECT TO openward_api
  USING (stream_id NOT IN (SELECT hidden_streams()));
CREATE POLICY shared_by_patient ON observation_reading AS RESTRICTIVE FOR SELECT TO openward_api
  USING (stream_id NOT IN (SELECT hidden_streams()));
GRANT DELETE ON observation_reading TO openward_api;
GRANT DELETE ON observation_untaken TO openward_worker;
