-- Who of the people is which patient, or stands beside one, and what about a patient changes what they may do.
-- What was said stays: a relation or a fact ends, it is not taken away.

CREATE TABLE patient_relation (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  person_id uuid NOT NULL,
  relation text NOT NULL CHECK (relation IN ('self', 'family', 'guardian')),
  reason text NOT NULL CHECK (reason <> ''),
  from_at bigint NOT NULL,
  to_at bigint,
  created_at bigint NOT NULL,
  created_by text NOT NULL,
  CHECK (to_at >= from_at),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id),
  FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id),
  -- One person is one patient at a time, and the other way round.
  CONSTRAINT patient_relation_one_self EXCLUDE USING gist
    (patient_id WITH =, int8range(from_at, to_at) WITH &&) WHERE (relation = 'self'),
  CONSTRAINT patient_relation_one_patient EXCLUDE USING gist
    (person_id WITH =, int8range(from_at, to_at) WITH &&) WHERE (relation = 'self'),
  CONSTRAINT patient_relation_once EXCLUDE USING gist
    (patient_id WITH =, person_id WITH =, int8range(from_at, to_at) WITH &&)
);
CREATE INDEX patient_relation_person ON patient_relation (person_id);
COMMENT ON TABLE patient_relation IS 'The patient''s own sign-in, family and guardians: from when to when, and why';

CREATE TABLE patient_fact (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  fact text NOT NULL CHECK (fact IN ('incapacity', 'deceased')),
  reason text NOT NULL CHECK (reason <> ''),
  from_at bigint NOT NULL,
  to_at bigint,
  created_at bigint NOT NULL,
  created_by text NOT NULL,
  CHECK (to_at >= from_at),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id),
  CONSTRAINT patient_fact_once EXCLUDE USING gist
    (patient_id WITH =, fact WITH =, int8range(from_at, to_at) WITH &&)
);
COMMENT ON TABLE patient_fact IS 'Death and incapacity: they end or change what relations allow';

-- Whoever stands beside the patient is looked at again, in every process, within a second.
CREATE FUNCTION announce_relation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  person uuid;
BEGIN
  PERFORM pg_notify('openward_change', jsonb_build_object('kind', 'patient', 'organisationId', NEW.organisation_id,
    'patientId', NEW.patient_id)::text);
  FOR person IN
    SELECT DISTINCT r.person_id FROM patient_relation r WHERE r.patient_id = NEW.patient_id
  LOOP
    PERFORM pg_notify('openward_change', jsonb_build_object('kind', 'session', 'organisationId', NEW.organisation_id,
      'principalId', person)::text);
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER INSERT OR UPDATE ON patient_relation FOR EACH ROW EXECUTE FUNCTION announce_relation();
CREATE TRIGGER announce AFTER INSERT OR UPDATE ON patient_fact FOR EACH ROW EXECUTE FUNCTION announce_relation();

DO $$
DECLARE
  name text;
  rule text := 'organisation_id = current_organisation() AND ((SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients()))';
BEGIN
  FOREACH name IN ARRAY ARRAY['patient_relation', 'patient_fact'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api USING (%s) WITH CHECK (%2$s)', name, rule);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO openward_api, openward_worker', name);
    EXECUTE format('GRANT UPDATE (to_at) ON %I TO openward_api, openward_worker', name);
  END LOOP;
END $$;
