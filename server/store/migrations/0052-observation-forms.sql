-- Observations of one kind are one form with two blanks, when and how much (docs/adr/0075-observations-by-form.md). What all of
-- them say is kept once; each of them is a row of what was filled in. The first change of one makes it a resource like any other.
-- Times are bigint milliseconds UTC.

CREATE TABLE observation_form (
  organisation_id uuid NOT NULL REFERENCES organisation,
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  patient_id uuid NOT NULL,
  stream_id uuid NOT NULL,
  device_id text NOT NULL,
  -- In whose name it is filled in.
  writer text NOT NULL,
  -- SHA-256 of writer and content.
  digest bytea NOT NULL,
  -- As it was written, with signs where the blanks are (packages/fhir/form).
  content text NOT NULL,
  -- By what it is found, as in resource and resource_string.
  terms bigint[] NOT NULL,
  words tsvector NOT NULL,
  string_keys bigint[] NOT NULL,
  string_values text[] NOT NULL,
  string_folded text[] NOT NULL,
  -- Keys of amounts, as in resource_span: as it is written, and in base units.
  amount_keys bigint[] NOT NULL,
  base_keys bigint[] NOT NULL,
  UNIQUE (organisation_id, digest),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX observation_form_patient ON observation_form (patient_id);
COMMENT ON TABLE observation_form IS 'What Observations of one kind, writer and patient have in common';

CREATE TABLE observation_filled (
  organisation_id uuid NOT NULL,
  -- That of its reading.
  id text PRIMARY KEY,
  form bigint NOT NULL,
  patient_id uuid NOT NULL,
  stream_id uuid NOT NULL,
  -- Among all resources, and among all changes of them.
  number bigint NOT NULL DEFAULT nextval('resource_number_seq'),
  change bigint NOT NULL DEFAULT nextval('resource_version_change_seq'),
  updated_at bigint NOT NULL,
  -- The blanks: FHIR's own text of both.
  effective text NOT NULL,
  value text NOT NULL,
  -- The same to search in: from when, to when, how much, how much in base units.
  at bigint NOT NULL,
  at_end bigint NOT NULL,
  amount double precision NOT NULL,
  base_amount double precision,
  -- A later version is a resource of its own; this is version 1 of it.
  is_superseded boolean NOT NULL DEFAULT false
);
CREATE INDEX observation_filled_place ON observation_filled (patient_id, stream_id, at);
CREATE INDEX observation_filled_change ON observation_filled (change);
CREATE INDEX observation_filled_updated ON observation_filled USING brin (updated_at);
COMMENT ON TABLE observation_filled IS 'Observations as they were written first, by their form; insert-only but for is_superseded';

-- A check of each row against its form would cost more than the row. Whoever fills in holds the forms instead, and with a form
-- everything goes that was filled in.
CREATE FUNCTION forms_to_fill(numbers bigint[]) RETURNS SETOF bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT number FROM observation_form WHERE number = ANY (numbers) FOR KEY SHARE
$$;
REVOKE ALL ON FUNCTION forms_to_fill(bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forms_to_fill(bigint[]) TO openward_api;

CREATE FUNCTION forget_filled() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM observation_filled WHERE patient_id = OLD.patient_id AND stream_id = OLD.stream_id AND form = OLD.number;
  RETURN NULL;
END $$;
CREATE TRIGGER forget_filled AFTER DELETE ON observation_form FOR EACH ROW EXECUTE FUNCTION forget_filled();

-- Everything up to this change has come to telemetry; what is behind it is read once more after a crash.
CREATE TABLE observation_taken (
  organisation_id uuid PRIMARY KEY REFERENCES organisation,
  through bigint NOT NULL
);
COMMENT ON TABLE observation_taken IS 'Up to where what was filled in is known to be in telemetry';

CREATE VIEW filled_observation WITH (security_invoker = true) AS
  SELECT l.organisation_id, 'Observation'::text AS type, l.id, l.number, l.change, 1 AS version, l.updated_at, l.patient_id,
      '{}'::uuid[] AS other_patient_ids, 'POST'::text AS method, l.is_superseded, l.effective, l.value, f.content AS form
    FROM observation_filled l JOIN observation_form f ON f.number = l.form;
COMMENT ON VIEW filled_observation IS 'What was filled in, as rows of resource are';

DO $$
DECLARE
  name text;
  rule text := 'organisation_id = current_organisation() AND ((SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients()))';
BEGIN
  FOREACH name IN ARRAY ARRAY['observation_form', 'observation_filled'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api USING (%s) WITH CHECK (%2$s)', name, rule);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO openward_api', name);
    EXECUTE format('GRANT SELECT ON %I TO openward_worker', name);
    EXECUTE format('CREATE POLICY shared_by_patient ON %I AS RESTRICTIVE FOR SELECT TO openward_api USING (stream_id NOT IN (SELECT hidden_streams()))', name);
  END LOOP;
END $$;
ALTER TABLE observation_taken ENABLE ROW LEVEL SECURITY;
CREATE POLICY every_organisation ON observation_taken TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON observation_taken TO openward_worker;
GRANT SELECT ON filled_observation TO openward_api, openward_worker;
GRANT UPDATE (is_superseded) ON observation_filled TO openward_api;
GRANT USAGE ON SEQUENCE resource_number_seq, resource_version_change_seq TO openward_api;

-- As of resources: what is written in one statement is told of in one, and only where somebody asks for it.
CREATE FUNCTION notice_filled() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM subscription WHERE ended_at IS NULL) THEN RETURN NULL; END IF;
  INSERT INTO outbox_notice (id, organisation_id, patient_id, kind, reference, method, at)
  SELECT gen_random_uuid(), w.organisation_id, w.patient_id, 'resource', 'Observation/' || w.id, 'POST', current_instant()
    FROM written w
   WHERE EXISTS (SELECT FROM subscription s WHERE s.organisation_id = w.organisation_id AND s.ended_at IS NULL
     AND s.topic IN ('urn:openward:subscription-topic:resources', 'urn:openward:subscription-topic:readings'));
  RETURN NULL;
END $$;
CREATE TRIGGER notice AFTER INSERT ON observation_filled REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION notice_filled();
