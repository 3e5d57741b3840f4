-- Clients of Nightscout: what they sign in with, and the documents that they wrote (docs/adr/0049-nightscout.md); and names
-- that other systems gave to Observations which they wrote here (docs/adr/0054-observations-in.md).
-- Times are bigint milliseconds UTC.

CREATE TABLE nightscout_key (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  patient_id uuid NOT NULL,
  -- Whoever made it: with it one sees what this person sees of the patient, and nothing once they see nothing.
  person_id uuid NOT NULL,
  name text NOT NULL CHECK (name <> '' AND length(name) <= 80),
  -- As which device it uploads; null: it only reads.
  device_id text,
  -- SHA-256 of the SHA-1, in hexadecimal, that clients make of the secret.
  secret_hash bytea NOT NULL UNIQUE,
  created_at bigint NOT NULL,
  used_at bigint,
  ended_at bigint,
  ended_by text,
  CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id),
  FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id),
  FOREIGN KEY (organisation_id, device_id) REFERENCES device (organisation_id, id)
);
CREATE INDEX nightscout_key_patient ON nightscout_key (patient_id);
COMMENT ON TABLE nightscout_key IS 'Keys of clients of Nightscout, as hashes; those that have ended stay, and open nothing';

CREATE TABLE nightscout_document (
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  collection text NOT NULL CHECK (collection IN ('entries', 'treatments', 'devicestatus', 'profile', 'food', 'settings', 'activity')),
  -- 24 hexadecimal digits, as v1 knows it.
  id text NOT NULL CHECK (id ~ '^[0-9a-f]{24}$'),
  -- As its client named it; null: it gave no name.
  identifier text CHECK (length(identifier) <= 256),
  -- Hash of what makes another document without a name the same one.
  sameness bytea NOT NULL,
  -- When what it tells of was.
  at bigint NOT NULL,
  created_at bigint NOT NULL,
  modified_at bigint NOT NULL,
  is_valid boolean NOT NULL,
  -- Encrypted under the patient's key.
  content bytea NOT NULL,
  PRIMARY KEY (patient_id, collection, id),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE UNIQUE INDEX nightscout_document_identifier ON nightscout_document (patient_id, collection, identifier) WHERE identifier IS NOT NULL;
CREATE INDEX nightscout_document_sameness ON nightscout_document (patient_id, collection, sameness);
CREATE INDEX nightscout_document_at ON nightscout_document (patient_id, collection, at);
CREATE INDEX nightscout_document_modified ON nightscout_document (patient_id, collection, modified_at);
COMMENT ON TABLE nightscout_document IS 'Documents as clients of Nightscout wrote them, encrypted; what was measured is in the journal';

CREATE TABLE observation_received (
  organisation_id uuid NOT NULL,
  -- SHA-256 of the identifier's system and value: what others call a patient's measurement may say more than a name.
  identifier_hash bytea NOT NULL,
  patient_id uuid NOT NULL,
  -- By which it is read here.
  observation_id text NOT NULL,
  received_at bigint NOT NULL,
  received_by text NOT NULL,
  PRIMARY KEY (organisation_id, identifier_hash),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX observation_received_patient ON observation_received (patient_id);
COMMENT ON TABLE observation_received IS 'Names that other systems gave to what they wrote; none is written twice';

DO $$
DECLARE
  name text;
  rule text := 'organisation_id = current_organisation() AND ((SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients()))';
BEGIN
  FOREACH name IN ARRAY ARRAY['nightscout_key', 'nightscout_document', 'observation_received'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api USING (%s) WITH CHECK (%2$s)', name, rule);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO openward_api, openward_worker', name);
  END LOOP;
END $$;
GRANT UPDATE (used_at, ended_at, ended_by) ON nightscout_key TO openward_api, openward_worker;
GRANT UPDATE (identifier, sameness, at, modified_at, is_valid, content) ON nightscout_document TO openward_api;
-- State of devices is for a look at now: the old of it is let go.
GRANT DELETE ON nightscout_document TO openward_api;
