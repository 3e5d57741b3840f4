-- What a patient is to measure and when, and the private addresses at which a calendar reads it (docs/adr/0059-calendar.md).
-- Times are bigint milliseconds UTC.
CREATE TABLE measurement_task (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  patient_id uuid NOT NULL,
  signal text NOT NULL,
  -- "08:00", by the clock of `time_zone`.
  times text[] NOT NULL CHECK (cardinality(times) BETWEEN 1 AND 24),
  -- ISO weekdays, 1 is Monday; null: every day.
  weekdays smallint[] CHECK (weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7]::smallint[] AND cardinality(weekdays) > 0),
  time_zone text NOT NULL,
  -- Days by that clock, both inclusive; null: until somebody ends it.
  from_day date NOT NULL,
  to_day date,
  -- People's own words.
  note text CHECK (length(note) <= 200),
  created_at bigint NOT NULL,
  created_by text NOT NULL,
  ended_at bigint,
  ended_by text,
  CHECK (to_day >= from_day),
  CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX measurement_task_patient ON measurement_task (patient_id);
COMMENT ON TABLE measurement_task IS 'What a patient is to measure, at which times of which days; a task is ended, never changed';

CREATE TABLE calendar_address (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  patient_id uuid NOT NULL,
  -- In whose name: it shows what they see.
  person_id uuid NOT NULL,
  name text NOT NULL CHECK (name <> '' AND length(name) <= 80),
  -- SHA-256 of what the address ends with.
  token_hash bytea NOT NULL UNIQUE,
  -- Titles say what is measured.
  shows_what boolean NOT NULL,
  -- So many minutes before, a calendar reminds; null: it does not.
  remind_minutes integer CHECK (remind_minutes BETWEEN 0 AND 1440),
  created_at bigint NOT NULL,
  used_at bigint,
  ended_at bigint,
  ended_by text,
  CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id),
  FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id)
);
CREATE INDEX calendar_address_patient ON calendar_address (patient_id);
COMMENT ON TABLE calendar_address IS 'Private addresses of calendars, as hashes; those that have ended stay, and open nothing';

DO $$
DECLARE
  name text;
  rule text := 'organisation_id = current_organisation() AND ((SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients()))';
BEGIN
  FOREACH name IN ARRAY ARRAY['measurement_task', 'calendar_address'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api USING (%s) WITH CHECK (%2$s)', name, rule);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO openward_api, openward_worker', name);
  END LOOP;
END $$;
-- That something is to be measured tells of the patient as what is measured does.
CREATE POLICY shared_by_patient ON measurement_task AS RESTRICTIVE FOR SELECT TO openward_api
  USING ((patient_id, category_of(signal)) NOT IN (SELECT patient, category FROM hidden_categories()));
GRANT UPDATE (ended_at, ended_by) ON measurement_task TO openward_api;
GRANT UPDATE (used_at, ended_at, ended_by) ON calendar_address TO openward_api, openward_worker;
