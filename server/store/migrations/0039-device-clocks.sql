-- What is known of each device's clock. Times are bigint milliseconds UTC.
ALTER TABLE device_clock
  -- When its gateway had it, by the gateway's clock.
  ADD COLUMN gateway_time bigint,
  -- The device said what its clock shows: it was not late data.
  ADD COLUMN is_stated boolean NOT NULL DEFAULT false,
  -- CRC-32 of what came.
  ADD COLUMN body_hash bigint;

-- What was decided of a clock: added to, never changed. Device time = time + ahead_ms + drift * (time - at).
CREATE TABLE device_clock_state (
  device_id text NOT NULL,
  sequence bigint NOT NULL,
  organisation_id uuid NOT NULL,
  decided_at bigint NOT NULL,
  -- NULL: nothing is wrong with it.
  kind text,
  leads_to text NOT NULL CHECK (leads_to IN ('kept', 'corrected', 'flagged', 'quarantined')),
  is_certain boolean NOT NULL,
  from_at bigint NOT NULL,
  after_at bigint,
  -- Device time from which on it holds; NULL: from the beginning of the span.
  applies_from bigint,
  at bigint NOT NULL,
  ahead_ms double precision NOT NULL,
  -- ms per ms.
  drift double precision NOT NULL,
  drift_bound double precision NOT NULL,
  below_ms double precision NOT NULL,
  above_ms double precision NOT NULL,
  sightings integer NOT NULL,
  PRIMARY KEY (device_id, sequence)
);
COMMENT ON TABLE device_clock_state IS 'What was decided of each device''s clock: offset, drift, how sure, and what it led to';

-- What the server has learnt of a clock, so that a start need not learn it anew: sightings behind `through` are learnt again.
CREATE TABLE device_clock_track (
  device_id text PRIMARY KEY,
  organisation_id uuid NOT NULL,
  -- packages/timeseries/clocks: bounded, and no reading is in it.
  track jsonb NOT NULL,
  -- Server time of the last sighting that is in the track.
  through bigint NOT NULL
);
COMMENT ON TABLE device_clock_track IS 'What was learnt of each device''s clock; may be lost, and is learnt again';

ALTER TABLE device_clock_state ENABLE ROW LEVEL SECURITY;
GRANT INSERT ON device_clock_state TO openward_ingest;
CREATE POLICY insert_only ON device_clock_state FOR INSERT TO openward_ingest WITH CHECK (true);
GRANT SELECT ON device_clock_state TO openward_api, openward_worker;
CREATE POLICY own_organisation ON device_clock_state TO openward_api USING (organisation_id = current_organisation());
CREATE POLICY every_organisation ON device_clock_state TO openward_worker USING (true) WITH CHECK (true);

ALTER TABLE device_clock_track ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE ON device_clock_track TO openward_worker;
CREATE POLICY every_organisation ON device_clock_track TO openward_worker USING (true) WITH CHECK (true);
