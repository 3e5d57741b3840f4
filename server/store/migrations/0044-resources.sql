-- Resources of FHIR as others wrote them, their versions, and by what they are found (docs/adr/0063-written-resources.md).
-- Times are bigint milliseconds UTC.

CREATE TABLE resource (
  organisation_id uuid NOT NULL REFERENCES organisation,
  type text NOT NULL CHECK (type ~ '^[A-Z][A-Za-z]{1,63}$'),
  id text NOT NULL CHECK (id ~ '^[A-Za-z0-9.-]{1,64}$'),
  -- Order in which they came to be: pages of a search go by it.
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  version integer NOT NULL CHECK (version > 0),
  updated_at bigint NOT NULL,
  -- About whom it is; null: about no patient.
  patient_id uuid,
  -- Whom it names beside that one: it is for who sees all of them.
  other_patient_ids uuid[] NOT NULL DEFAULT '{}',
  -- As it was written, decimals to the digit; null: it was deleted.
  content text,
  -- 64 bits of the hash of each thing that it can be asked for: "type, parameter, system|code".
  terms bigint[] NOT NULL DEFAULT '{}',
  -- Its words, for _content and _text.
  words tsvector NOT NULL DEFAULT '',
  PRIMARY KEY (organisation_id, type, id),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id),
  CHECK (patient_id IS NOT NULL OR other_patient_ids = '{}')
);
CREATE INDEX resource_patient ON resource (patient_id, type) WHERE patient_id IS NOT NULL;
CREATE INDEX resource_by_number ON resource (organisation_id, type, number) WHERE content IS NOT NULL;
CREATE INDEX resource_updated ON resource (organisation_id, type, updated_at) WHERE content IS NOT NULL;
CREATE INDEX resource_terms ON resource USING gin (terms);
CREATE INDEX resource_words ON resource USING gin (words);
COMMENT ON TABLE resource IS 'The newest version of each resource that was written by FHIR';

CREATE TABLE resource_version (
  organisation_id uuid NOT NULL REFERENCES organisation,
  type text NOT NULL,
  id text NOT NULL,
  version integer NOT NULL,
  -- Order of all changes.
  change bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  updated_at bigint NOT NULL,
  updated_by text NOT NULL,
  method text NOT NULL CHECK (method IN ('POST', 'PUT', 'PATCH', 'DELETE')),
  patient_id uuid,
  other_patient_ids uuid[] NOT NULL DEFAULT '{}',
  content text,
  PRIMARY KEY (organisation_id, type, id, version),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id),
  CHECK ((method = 'DELETE') = (content IS NULL))
);
CREATE INDEX resource_version_patient ON resource_version (patient_id) WHERE patient_id IS NOT NULL;
CREATE INDEX resource_version_change ON resource_version (organisation_id, type, change);
COMMENT ON TABLE resource_version IS 'Every version of every written resource; insert-only';
CREATE TRIGGER resource_version_append_only BEFORE UPDATE OR TRUNCATE ON resource_version
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE resource_string (
  number bigint NOT NULL REFERENCES resource (number) ON DELETE CASCADE,
  ordinal integer NOT NULL,
  organisation_id uuid NOT NULL,
  patient_id uuid,
  -- Of type and parameter, as terms are.
  key bigint NOT NULL,
  value text NOT NULL,
  -- Without case, accents and white space.
  folded text NOT NULL,
  PRIMARY KEY (number, ordinal)
);
CREATE INDEX resource_string_folded ON resource_string (key, folded text_pattern_ops);
CREATE INDEX resource_string_number ON resource_string (number, key);
CREATE INDEX resource_string_patient ON resource_string (patient_id) WHERE patient_id IS NOT NULL;
COMMENT ON TABLE resource_string IS 'Words of resources by which they are found';

CREATE TABLE resource_span (
  number bigint NOT NULL REFERENCES resource (number) ON DELETE CASCADE,
  ordinal integer NOT NULL,
  organisation_id uuid NOT NULL,
  patient_id uuid,
  -- Of type, parameter and unit.
  key bigint NOT NULL,
  low double precision NOT NULL,
  high double precision NOT NULL,
  PRIMARY KEY (number, ordinal)
);
CREATE INDEX resource_span_low ON resource_span (key, low);
CREATE INDEX resource_span_high ON resource_span (key, high);
CREATE INDEX resource_span_number ON resource_span (number, key);
CREATE INDEX resource_span_patient ON resource_span (patient_id) WHERE patient_id IS NOT NULL;
COMMENT ON TABLE resource_span IS 'Dates, numbers and amounts of resources by which they are found';

DO $$
DECLARE
  name text;
  sees text := '(patient_id IS NULL OR (SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients()))';
  others text;
BEGIN
  FOREACH name IN ARRAY ARRAY['resource', 'resource_version', 'resource_string', 'resource_span'] LOOP
    others := CASE WHEN name IN ('resource', 'resource_version')
      THEN ' AND (other_patient_ids = ''{}'' OR (SELECT sees_organisation()) OR other_patient_ids <@ ARRAY(SELECT seen_patients()))' ELSE '' END;
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api USING (organisation_id = current_organisation() AND %s) WITH CHECK (organisation_id = current_organisation() AND %2$s)',
      name, sees || others);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO openward_api, openward_worker', name);
  END LOOP;
END $$;
GRANT UPDATE (version, updated_at, patient_id, other_patient_ids, content, terms, words) ON resource TO openward_api;
GRANT DELETE ON resource_string, resource_span TO openward_api;

-- What names an erased patient beside another goes as well: it would go on telling of them.
CREATE FUNCTION erase_resources_of_several() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM resource_version WHERE NEW.patient_id = ANY (other_patient_ids);
  DELETE FROM resource WHERE NEW.patient_id = ANY (other_patient_ids);
  RETURN NULL;
END $$;
CREATE TRIGGER erase_resources_of_several AFTER INSERT ON erased_patient FOR EACH ROW EXECUTE FUNCTION erase_resources_of_several();
CREATE INDEX resource_others ON resource USING gin (other_patient_ids) WHERE other_patient_ids <> '{}';
CREATE INDEX resource_version_others ON resource_version USING gin (other_patient_ids) WHERE other_patient_ids <> '{}';
