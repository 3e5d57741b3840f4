-- Organisations, people, patients, devices and who did what. Times are bigint milliseconds UTC.
-- Every table names its organisation; references carry it along, so that nothing can point across organisations.

CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE organisation (
  organisation_id uuid PRIMARY KEY,
  name text NOT NULL CHECK (name <> ''),
  is_demo boolean NOT NULL DEFAULT false,
  created_at bigint NOT NULL
);

CREATE TABLE ward (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  name text NOT NULL CHECK (name <> ''),
  time_zone text NOT NULL,
  created_at bigint NOT NULL,
  UNIQUE (organisation_id, id),
  UNIQUE (organisation_id, name)
);

-- People who sign in, and what they sign in with. Of every secret only its SHA-256 is here.

CREATE TABLE person (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  display text NOT NULL CHECK (display <> ''),
  role text NOT NULL,
  created_at bigint NOT NULL,
  disabled_at bigint,
  UNIQUE (organisation_id, id)
);

CREATE TABLE sign_in_link (
  token_hash bytea PRIMARY KEY,
  organisation_id uuid NOT NULL,
  person_id uuid NOT NULL,
  created_at bigint NOT NULL,
  created_by text NOT NULL,
  expires_at bigint NOT NULL,
  used_at bigint,
  FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id)
);
CREATE INDEX sign_in_link_person ON sign_in_link (person_id);

CREATE TABLE session (
  id_hash bytea PRIMARY KEY,
  organisation_id uuid NOT NULL,
  person_id uuid NOT NULL,
  created_at bigint NOT NULL,
  last_used_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  ended_at bigint,
  FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id)
);
CREATE INDEX session_person ON session (person_id);

CREATE TABLE api_token (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  token_hash bytea NOT NULL UNIQUE,
  role text NOT NULL,
  display text NOT NULL,
  created_at bigint NOT NULL,
  created_by text NOT NULL,
  expires_at bigint NOT NULL,
  revoked_at bigint
);

CREATE TABLE patient (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  name text NOT NULL CHECK (name <> ''),
  -- The words of the name, folded and sorted: what searches and the warning on similar names look at.
  name_key text NOT NULL,
  birth_date date,
  sex text NOT NULL CHECK (sex IN ('male', 'female', 'other', 'unknown')),
  mrn text NOT NULL CHECK (mrn <> ''),
  is_unknown boolean NOT NULL DEFAULT false,
  time_zone text NOT NULL,
  age_group text CHECK (age_group IN ('neonate', 'pediatric', 'adult')),
  merged_into uuid,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  UNIQUE (organisation_id, id),
  UNIQUE (organisation_id, mrn),
  FOREIGN KEY (organisation_id, merged_into) REFERENCES patient (organisation_id, id),
  CHECK (merged_into <> id)
);

-- In which zone the patient's days are counted, since when.
CREATE TABLE patient_time_zone (
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  from_at bigint NOT NULL,
  time_zone text NOT NULL,
  PRIMARY KEY (patient_id, from_at),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);

CREATE TABLE stay (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  ward_id uuid NOT NULL,
  bed text NOT NULL CHECK (bed <> ''),
  from_at bigint NOT NULL,
  to_at bigint,
  CHECK (to_at >= from_at),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id),
  FOREIGN KEY (organisation_id, ward_id) REFERENCES ward (organisation_id, id)
);
-- A patient lies in one place at a time.
CREATE UNIQUE INDEX stay_running ON stay (patient_id) WHERE to_at IS NULL;
CREATE INDEX stay_patient ON stay (patient_id, from_at);

-- The id is also the MQTT user name, so it is unique over all organisations.
CREATE TABLE device (
  id text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9._-]{1,64}$'),
  organisation_id uuid NOT NULL REFERENCES organisation,
  type text NOT NULL,
  display text NOT NULL,
  manufacturer text,
  model text,
  serial text,
  token_hash bytea NOT NULL,
  created_at bigint NOT NULL,
  revoked_at bigint,
  UNIQUE (organisation_id, id)
);

-- Device X is on patient Y from from_at (inclusive) to to_at (exclusive). A device is on one patient at a time: the
-- database itself refuses anything else.
CREATE TABLE association (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  device_id text NOT NULL,
  patient_id uuid NOT NULL,
  from_at bigint NOT NULL,
  to_at bigint,
  created_at bigint NOT NULL,
  created_by text NOT NULL,
  CHECK (to_at > from_at),
  FOREIGN KEY (organisation_id, device_id) REFERENCES device (organisation_id, id),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id),
  CONSTRAINT association_never_overlaps EXCLUDE USING gist (device_id WITH =, int8range(from_at, to_at) WITH &&)
);
CREATE INDEX association_patient ON association (patient_id);

-- Which default limits apply, and the limits themselves: what was set stays, the newest set_at counts.
CREATE TABLE alarm_profile (
  revision bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  age_group text CHECK (age_group IN ('neonate', 'pediatric', 'adult')),
  -- The age group that was known when this one was chosen: when another is known, the choice ends.
  chosen_for text CHECK (chosen_for IN ('neonate', 'pediatric', 'adult')),
  set_at bigint NOT NULL,
  set_by text NOT NULL,
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX alarm_profile_newest ON alarm_profile (patient_id, revision DESC);

CREATE TABLE alarm_limit (
  revision bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  signal text NOT NULL,
  low double precision,
  high double precision,
  critical_low double precision,
  critical_high double precision,
  priority text NOT NULL CHECK (priority IN ('high', 'medium', 'low')),
  delay_ms integer NOT NULL CHECK (delay_ms >= 0),
  hysteresis double precision NOT NULL CHECK (hysteresis >= 0),
  latching boolean NOT NULL,
  enabled boolean NOT NULL,
  set_at bigint NOT NULL,
  set_by text NOT NULL,
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX alarm_limit_newest ON alarm_limit (patient_id, signal, revision DESC);

-- Who did what, when, on which patient or device: written in the transaction of the change itself.
CREATE TABLE audit_event (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  at bigint NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  patient_id uuid,
  device_id text,
  detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_event_patient ON audit_event (patient_id, position) WHERE patient_id IS NOT NULL;
CREATE INDEX audit_event_organisation ON audit_event (organisation_id, position);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Changes that other processes hear of: LISTEN openward_change.
CREATE FUNCTION announce_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed jsonb := to_jsonb(COALESCE(NEW, OLD));
  message jsonb := jsonb_build_object('organisationId', changed->>'organisation_id');
BEGIN
  message := message || CASE TG_TABLE_NAME
    WHEN 'patient' THEN jsonb_build_object('kind', 'patient', 'patientId', changed->>'id')
    WHEN 'stay' THEN jsonb_build_object('kind', 'patient', 'patientId', changed->>'patient_id')
    WHEN 'device' THEN jsonb_build_object('kind', 'device', 'deviceId', changed->>'id')
    WHEN 'association' THEN
      jsonb_build_object('kind', 'association', 'deviceId', changed->>'device_id', 'patientId', changed->>'patient_id')
    WHEN 'session' THEN jsonb_build_object('kind', 'session', 'principalId', changed->>'person_id')
    ELSE jsonb_build_object('kind', 'session', 'principalId', changed->>'id') -- person, api_token
  END;
  PERFORM pg_notify('openward_change', message::text);
  RETURN NULL;
END $$;

CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON patient FOR EACH ROW EXECUTE FUNCTION announce_change();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON stay FOR EACH ROW EXECUTE FUNCTION announce_change();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON device FOR EACH ROW EXECUTE FUNCTION announce_change();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON association FOR EACH ROW EXECUTE FUNCTION announce_change();
CREATE TRIGGER announce AFTER UPDATE OF ended_at, expires_at OR DELETE ON session FOR EACH ROW EXECUTE FUNCTION announce_change();
CREATE TRIGGER announce AFTER UPDATE OF revoked_at, expires_at, role OR DELETE ON api_token FOR EACH ROW EXECUTE FUNCTION announce_change();
CREATE TRIGGER announce AFTER UPDATE OF disabled_at, role, display OR DELETE ON person FOR EACH ROW EXECUTE FUNCTION announce_change();

-- The roles own nothing. The api sees one organisation at a time, the one its transaction names; without one, nothing.
-- The tables' owner only migrates and is not bound (a data migration must see every row).
CREATE FUNCTION current_organisation() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT nullif(current_setting('openward.organisation', true), '')::uuid $$;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['organisation', 'ward', 'person', 'sign_in_link', 'session', 'api_token', 'patient',
      'patient_time_zone', 'stay', 'device', 'association', 'alarm_profile', 'alarm_limit', 'audit_event'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api
      USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation())', name);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO openward_api, openward_worker', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['ward', 'person', 'sign_in_link', 'session', 'api_token', 'patient', 'stay', 'device',
      'association'] LOOP
    EXECUTE format('GRANT UPDATE ON %I TO openward_api, openward_worker', name);
  END LOOP;
END $$;
REVOKE INSERT ON organisation FROM openward_api;
