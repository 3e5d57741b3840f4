-- A password together with codes of an authenticator app, for who cannot have a passkey; and when a session last proved who it is.

CREATE TABLE code_sign_in (
  person_id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  -- Made by the server, in small letters: nobody can try whether a name is taken.
  sign_in_name text NOT NULL UNIQUE CHECK (sign_in_name = lower(sign_in_name)),
  -- Argon2id, with its parameters and salt.
  password_hash text NOT NULL,
  -- The secret of the codes, encrypted under a key of the key store.
  key_id bigint NOT NULL,
  sealed bytea NOT NULL,
  -- The number of the last code that was taken: it and those before are worth nothing any more.
  last_step bigint NOT NULL DEFAULT 0,
  created_at bigint NOT NULL,
  -- null: no code has shown yet that the app has the secret; it opens nothing.
  confirmed_at bigint,
  FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id)
);
COMMENT ON TABLE code_sign_in IS 'Passwords and secrets of one-time codes; gone when they are taken away';

CREATE TABLE recovery_code (
  organisation_id uuid NOT NULL,
  person_id uuid NOT NULL,
  -- HMAC under a key of the key store: a copy of the database does not tell the code.
  code_hash bytea NOT NULL,
  created_at bigint NOT NULL,
  used_at bigint,
  PRIMARY KEY (person_id, code_hash),
  FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id)
);
COMMENT ON TABLE recovery_code IS 'In place of a code of the app, once each';

-- Wrong passwords and codes in a row, by what was typed, whether anybody has that name or not: a restart forgets none of them.
CREATE TABLE guess_failure (
  -- HMAC of what and whose.
  account_hash bytea PRIMARY KEY,
  failures int NOT NULL,
  -- Nothing is looked at before.
  until_at bigint NOT NULL
);
CREATE INDEX guess_failure_until ON guess_failure (until_at);
COMMENT ON TABLE guess_failure IS 'How often somebody was wrong in a row; of the whole installation';

ALTER TABLE session
  DROP CONSTRAINT session_method_check,
  ADD CONSTRAINT session_method_check CHECK (method IN ('link', 'passkey', 'codes')),
  -- What showed last that it is the person, and when.
  ADD COLUMN proved_by text NOT NULL DEFAULT 'link' CHECK (proved_by IN ('link', 'passkey', 'codes')),
  ADD COLUMN proved_at bigint NOT NULL DEFAULT 0;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['code_sign_in', 'recovery_code'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api
      USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation())', name);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO openward_api, openward_worker', name);
  END LOOP;
END $$;
ALTER TABLE guess_failure ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON guess_failure TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON guess_failure TO openward_worker;
GRANT UPDATE (proved_by, proved_at) ON session TO openward_api, openward_worker;
