-- Applications of other makers: who they are, and what people gave them. Of every secret only its SHA-256 is here.

CREATE TABLE oauth_client (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  name text NOT NULL CHECK (name <> ''),
  -- public: has no secret; secret: shares one with us; key: signs with its own; backend: signs, and acts for nobody.
  kind text NOT NULL CHECK (kind IN ('public', 'secret', 'key', 'backend')),
  redirect_uris text[] NOT NULL,
  launch_uri text,
  -- The most that it can be given.
  scope text NOT NULL,
  secret_hash bytea,
  jwks jsonb,
  jwks_uri text,
  -- May ask what a token of others is worth.
  may_introspect boolean NOT NULL DEFAULT false,
  created_at bigint NOT NULL,
  created_by text NOT NULL,
  disabled_at bigint,
  UNIQUE (organisation_id, id),
  CHECK ((kind = 'secret') = (secret_hash IS NOT NULL)),
  CHECK ((kind IN ('key', 'backend')) = (num_nonnulls(jwks, jwks_uri) = 1)),
  CHECK ((kind = 'backend') = (redirect_uris = '{}'))
);
COMMENT ON TABLE oauth_client IS 'Applications that an administrator registered';

-- What the authorisation server keeps: grants, codes, tokens, running interactions, assertions that were used.
CREATE TABLE oauth_record (
  kind text NOT NULL,
  -- SHA-256 of the token, code or id.
  id_hash bytea NOT NULL,
  organisation_id uuid NOT NULL,
  client_id uuid NOT NULL,
  person_id uuid,
  -- On a grant: the one patient whom it is about.
  patient_id uuid,
  -- SHA-256 of the id of the grant that it stands on.
  grant_hash bytea,
  payload jsonb NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  consumed_at bigint,
  PRIMARY KEY (kind, id_hash),
  FOREIGN KEY (organisation_id, client_id) REFERENCES oauth_client (organisation_id, id),
  FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX oauth_record_expiry ON oauth_record (expires_at);
CREATE INDEX oauth_record_grant ON oauth_record (grant_hash) WHERE grant_hash IS NOT NULL;
CREATE INDEX oauth_record_patient ON oauth_record (patient_id) WHERE patient_id IS NOT NULL;
COMMENT ON TABLE oauth_record IS 'Grants, codes, tokens and interactions of applications';

-- A launch out of our own pages: for this application, by this person, about this patient; good once, for minutes.
CREATE TABLE oauth_launch (
  id_hash bytea PRIMARY KEY,
  organisation_id uuid NOT NULL,
  client_id uuid NOT NULL,
  person_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  used_at bigint,
  FOREIGN KEY (organisation_id, client_id) REFERENCES oauth_client (organisation_id, id),
  FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX oauth_launch_patient ON oauth_launch (patient_id);
COMMENT ON TABLE oauth_launch IS 'Applications that were opened from a patient''s page';

-- Keys that identity tokens are signed with, encrypted under a key of the key store.
CREATE TABLE oauth_key (
  kid text PRIMARY KEY,
  key_id bigint NOT NULL,
  sealed bytea NOT NULL,
  made_at bigint NOT NULL
);
COMMENT ON TABLE oauth_key IS 'Signing keys of this installation, of all organisations together';

-- Who holds a token that was taken away hears of it at once, as of a session that has ended. What ran out by itself is
-- not told: whoever holds it knows its time.
CREATE FUNCTION announce_oauth_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.kind IN ('AccessToken', 'ClientCredentials', 'Grant') AND OLD.expires_at > extract(epoch FROM now()) * 1000 THEN
    PERFORM pg_notify('openward_change', jsonb_build_object('organisationId', OLD.organisation_id, 'kind', 'session',
      'principalId', encode(OLD.id_hash, 'hex'))::text);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER DELETE ON oauth_record FOR EACH ROW EXECUTE FUNCTION announce_oauth_end();
CREATE TRIGGER announce AFTER UPDATE OF disabled_at, scope, secret_hash, jwks, jwks_uri OR DELETE ON oauth_client
  FOR EACH ROW EXECUTE FUNCTION announce_change();

DO $$
DECLARE
  name text;
  rule text := 'organisation_id = current_organisation() AND
    (patient_id IS NULL OR (SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients()))';
BEGIN
  FOREACH name IN ARRAY ARRAY['oauth_client', 'oauth_record', 'oauth_launch'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api
      USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation())', name);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO openward_api, openward_worker', name);
  END LOOP;
  -- What tells of a patient is asked for by grant; the rest is the organisation's.
  FOREACH name IN ARRAY ARRAY['oauth_record', 'oauth_launch'] LOOP
    EXECUTE format('ALTER POLICY own_organisation ON %I USING (%s) WITH CHECK (%2$s)', name, rule);
  END LOOP;
END $$;
GRANT DELETE ON oauth_record, oauth_launch TO openward_api, openward_worker;
ALTER TABLE oauth_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY every_key ON oauth_key TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON oauth_key TO openward_worker;
