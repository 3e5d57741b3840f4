-- What devices say and what follows from it. Times are bigint milliseconds UTC; a position is a place in the journal.
-- Tables that the journal feeds are insert-only: each row tells a key that the batch itself gives, so that inserting a
-- batch a second time (outcome unknown, spool chained in) changes nothing, and openward_ingest needs INSERT alone.
-- Text from devices that is kept as it was said is json, not jsonb: jsonb refuses what JSON allows (U+0000).

-- The journal: one row per organisation and group commit; `batch` is server/store/journal/batch.ts, version 1.
-- Days are partitions; a day is dropped whole, rows are never deleted.
CREATE TABLE journal (
  day date NOT NULL,
  -- Given by the writing process, ascending in the order of acknowledgement; unique per process start.
  position bigint NOT NULL,
  batch_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  written_at bigint NOT NULL,
  batch bytea NOT NULL,
  PRIMARY KEY (day, batch_id)
) PARTITION BY RANGE (day);
CREATE INDEX journal_by_position ON journal (position);
-- Already compact: PostgreSQL need not try to compress it.
ALTER TABLE journal ALTER COLUMN batch SET STORAGE EXTERNAL;
COMMENT ON TABLE journal IS 'Everything accepted, durable before it is acknowledged; binary batches, a partition per day';

-- Each start of a writing process takes the next 2^32 positions.
CREATE SEQUENCE journal_position_range;

-- Makes the partitions of `days` days from `first` on, where they are missing.
CREATE FUNCTION journal_prepare(first date, days integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
  d date;
  partition text;
BEGIN
  IF days NOT BETWEEN 1 AND 62 THEN RAISE EXCEPTION 'days must be from 1 to 62'; END IF;
  FOR d IN SELECT first + n FROM generate_series(0, days - 1) AS n LOOP
    partition := 'journal_' || to_char(d, 'YYYYMMDD');
    IF to_regclass(partition) IS NULL THEN
      -- Made apart and then attached: attaching does not stop inserts into the other days.
      EXECUTE format('CREATE TABLE %I (LIKE journal INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING INDEXES)', partition);
      EXECUTE format('ALTER TABLE journal ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition, d, d + 1);
    END IF;
  END LOOP;
END $$;

-- Drops the days before `before` of which everything is in blocks; gives their names.
CREATE FUNCTION journal_drop_before(before date) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  partition regclass;
  sealed bigint;
  newest bigint;
BEGIN
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

-- One signal from one device on one patient, in the unit as received. The id is derived from the other columns.
CREATE TABLE stream (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  device_id text NOT NULL,
  signal text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('numeric', 'waveform')),
  unit text NOT NULL
);
CREATE INDEX stream_by_patient ON stream (patient_id);
CREATE INDEX stream_by_device ON stream (device_id);
COMMENT ON TABLE stream IS 'One signal from one device on one patient; exists before its first reading is journaled';

-- Something that happened; the id is the device's own where it gave one.
CREATE TABLE event (
  organisation_id uuid NOT NULL,
  device_id text NOT NULL,
  id text NOT NULL,
  patient_id uuid,
  association_id uuid,
  event text NOT NULL,
  at bigint NOT NULL,
  time_from_server boolean NOT NULL,
  received_at bigint NOT NULL,
  detail json NOT NULL,
  -- Devices count from 1 again when they restart: the same id at another time is another event.
  PRIMARY KEY (organisation_id, device_id, id, at)
);
CREATE INDEX event_by_patient ON event (patient_id, at DESC) WHERE patient_id IS NOT NULL;
-- For the start: calls of the last day.
CREATE INDEX event_by_arrival ON event (event, received_at);
COMMENT ON TABLE event IS 'Device events; the same id and time from the same device is the same event';

-- What could not be placed, whole, with its reasons. It is open until quarantine_resolution has a row for it.
CREATE TABLE quarantine (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  device_id text NOT NULL,
  received_at bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('readings', 'waveform', 'event', 'status', 'raw')),
  content_type text NOT NULL,
  -- Array of Problem (packages/model).
  problems json NOT NULL,
  raw bytea NOT NULL
);
CREATE INDEX quarantine_by_organisation ON quarantine (organisation_id, received_at DESC, id DESC);
CREATE INDEX quarantine_by_device ON quarantine (device_id, received_at DESC);
COMMENT ON TABLE quarantine IS 'Messages that could not be placed, as received, with their reasons; insert-only';

-- Its primary key is why an entry is resolved once only.
CREATE TABLE quarantine_resolution (
  quarantine_id uuid PRIMARY KEY REFERENCES quarantine (id),
  organisation_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('claimed', 'dismissed')),
  -- To whom it was given; null when dismissed.
  patient_id uuid,
  reason text,
  -- Array of Problem: what still could not be placed when it was claimed.
  remainder json NOT NULL DEFAULT '[]',
  resolved_by text NOT NULL,
  resolved_at bigint NOT NULL,
  CHECK ((state = 'claimed') = (patient_id IS NOT NULL))
);
COMMENT ON TABLE quarantine_resolution IS 'A quarantined message was given to a patient, or dismissed, by a person';

-- Each change of an alarm is a row; the alarm is its highest revision.
CREATE TABLE alarm_revision (
  alarm_id text NOT NULL,
  revision integer NOT NULL,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  device_id text,
  stream_id uuid,
  signal text,
  rule text NOT NULL,
  priority text NOT NULL CHECK (priority IN ('high', 'medium', 'low')),
  state text NOT NULL CHECK (state IN ('raised', 'acknowledged', 'resolved')),
  latched boolean NOT NULL,
  onset_at bigint NOT NULL,
  raised_at bigint NOT NULL,
  condition_ended_at bigint,
  acknowledged_at bigint,
  acknowledged_by text,
  resolved_at bigint,
  value double precision,
  limit_value double precision,
  unit text,
  PRIMARY KEY (alarm_id, revision)
);
CREATE INDEX alarm_revision_by_patient ON alarm_revision (patient_id, onset_at DESC);
-- For the start: alarms that are not resolved are those without a resolved revision.
CREATE INDEX alarm_revision_resolved ON alarm_revision (alarm_id) WHERE state = 'resolved';
-- And those that ended last.
CREATE INDEX alarm_revision_calls_ended ON alarm_revision (resolved_at DESC) WHERE state = 'resolved' AND rule = 'event';
CREATE INDEX alarm_revision_ended ON alarm_revision (resolved_at DESC) WHERE state = 'resolved' AND rule <> 'event';
COMMENT ON TABLE alarm_revision IS 'The life of alarms, a row per change; the highest revision of an alarm_id is the alarm';

-- Each change of a standby is a row; the standby is its row of the highest position.
CREATE TABLE standby_revision (
  standby_id text NOT NULL,
  position bigint NOT NULL,
  -- Place in the batch.
  ordinal integer NOT NULL,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  stream_id uuid,
  reason text NOT NULL,
  from_at bigint NOT NULL,
  until_at bigint NOT NULL,
  started_by text NOT NULL,
  ended_at bigint,
  PRIMARY KEY (standby_id, position, ordinal)
);
CREATE INDEX standby_revision_by_patient ON standby_revision (patient_id, until_at);
CREATE INDEX standby_revision_by_end ON standby_revision (until_at);
COMMENT ON TABLE standby_revision IS 'Pauses of watching, a row per change; the highest (position, ordinal) of a standby_id holds';

-- How often a stream is expected to speak, with history; the highest (position, ordinal) of a stream holds.
CREATE TABLE expectation (
  stream_id uuid NOT NULL,
  position bigint NOT NULL,
  ordinal integer NOT NULL,
  set_at bigint NOT NULL,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  -- null: nobody expects anything (on demand).
  interval_ms double precision,
  source text NOT NULL CHECK (source IN ('device-type', 'learned', 'confirmed', 'on-demand')),
  PRIMARY KEY (stream_id, position, ordinal)
);
CREATE INDEX expectation_by_patient ON expectation (patient_id);
COMMENT ON TABLE expectation IS 'How often a stream is expected to speak, with history by set_at';

-- What a device says of itself; the newest received_at (then position, ordinal) holds.
CREATE TABLE device_status (
  device_id text NOT NULL,
  position bigint NOT NULL,
  ordinal integer NOT NULL,
  organisation_id uuid NOT NULL,
  state text NOT NULL,
  -- Percent.
  battery double precision,
  -- The device's own time when it said so.
  clock_at bigint,
  received_at bigint NOT NULL,
  PRIMARY KEY (device_id, position, ordinal)
);
CREATE INDEX device_status_newest ON device_status (device_id, received_at DESC);
COMMENT ON TABLE device_status IS 'Online, offline, battery: what a device said of itself, with history';

-- The device's clock beside the server's: one track per device, shared by its streams. Offset = device_time - server_time.
CREATE TABLE device_clock (
  device_id text NOT NULL,
  position bigint NOT NULL,
  ordinal integer NOT NULL,
  organisation_id uuid NOT NULL,
  device_time bigint NOT NULL,
  server_time bigint NOT NULL,
  PRIMARY KEY (device_id, position, ordinal)
);
CREATE INDEX device_clock_newest ON device_clock (device_id, server_time DESC);
COMMENT ON TABLE device_clock IS 'Sightings of device clocks beside the server clock';

-- Sealed readings and samples: one row per stream, period (numeric: an hour; waveform: five minutes) and association.
-- `payload` is packages/timeseries, format version 1; nothing clinical stands outside it.
CREATE TABLE block (
  stream_id uuid NOT NULL,
  period_start bigint NOT NULL,
  association_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  payload bytea NOT NULL,
  -- Waveforms: least and greatest sample per second, so that a day opens without decoding samples.
  overview bytea,
  -- Everything of this stream and period up to this place in the journal is in the payload.
  sealed_through bigint NOT NULL,
  sealed_at bigint NOT NULL,
  PRIMARY KEY (stream_id, period_start, association_id)
);
ALTER TABLE block ALTER COLUMN payload SET STORAGE EXTERNAL, ALTER COLUMN overview SET STORAGE EXTERNAL;
CREATE INDEX block_recently_sealed ON block USING brin (sealed_through) WITH (pages_per_range = 32, autosummarize = on);
COMMENT ON TABLE block IS 'Compressed readings and samples, one row per stream, period and association';

-- Blocks that failed their checksum when later data was to be merged into them: kept as they were found.
CREATE TABLE damaged_block (
  stream_id uuid NOT NULL,
  period_start bigint NOT NULL,
  association_id uuid NOT NULL,
  found_at bigint NOT NULL,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  payload bytea NOT NULL,
  overview bytea,
  PRIMARY KEY (stream_id, period_start, association_id, found_at)
);
COMMENT ON TABLE damaged_block IS 'Blocks that could not be read any more, set aside';

-- Statistics of numeric streams in 15-minute slots, one row per stream, UTC day and association.
CREATE TABLE rollup (
  stream_id uuid NOT NULL,
  day_start bigint NOT NULL,
  association_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  payload bytea NOT NULL,
  PRIMARY KEY (stream_id, day_start, association_id)
);
ALTER TABLE rollup ALTER COLUMN payload SET STORAGE EXTERNAL;
COMMENT ON TABLE rollup IS 'Least, greatest, sum, last and count per quarter of an hour, one row per stream, day and association';

-- How far the journal is in blocks: a start reads what stands at or behind the least watermark.
CREATE TABLE seal_state (
  organisation_id uuid PRIMARY KEY,
  watermark bigint NOT NULL,
  updated_at bigint NOT NULL
);
COMMENT ON TABLE seal_state IS 'Journal rows at positions below the watermark are in blocks';

-- Rights. As in 0001: the api sees the organisation that its transaction names; ingest only inserts.
GRANT USAGE ON SCHEMA public TO openward_api, openward_ingest, openward_worker;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['journal', 'stream', 'event', 'quarantine', 'alarm_revision', 'standby_revision', 'expectation',
      'device_status', 'device_clock'] LOOP
    EXECUTE format('GRANT INSERT ON %I TO openward_ingest', name);
    EXECUTE format('CREATE POLICY insert_only ON %I FOR INSERT TO openward_ingest WITH CHECK (true)', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['journal', 'stream', 'event', 'quarantine', 'quarantine_resolution', 'alarm_revision',
      'standby_revision', 'expectation', 'device_status', 'device_clock', 'block', 'damaged_block', 'rollup', 'seal_state'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('GRANT SELECT ON %I TO openward_worker', name);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['stream', 'event', 'quarantine', 'quarantine_resolution', 'alarm_revision',
      'standby_revision', 'expectation', 'device_status', 'device_clock', 'block', 'rollup'] LOOP
    EXECUTE format('GRANT SELECT ON %I TO openward_api', name);
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api
      USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation())', name);
  END LOOP;
END $$;
GRANT INSERT ON quarantine_resolution TO openward_api, openward_worker;
GRANT INSERT, UPDATE ON block, rollup, seal_state TO openward_worker;
GRANT INSERT ON damaged_block TO openward_worker;
GRANT USAGE ON SEQUENCE journal_position_range TO openward_worker;
REVOKE ALL ON FUNCTION journal_prepare(date, integer), journal_drop_before(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal_prepare(date, integer), journal_drop_before(date) TO openward_worker;
