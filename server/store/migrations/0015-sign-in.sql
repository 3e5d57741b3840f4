-- What people sign in with beside a one-time link, and where they are signed in.

-- A passkey's public half: what is secret never leaves the authenticator.
CREATE TABLE passkey (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  person_id uuid NOT NULL,
  credential_id text NOT NULL UNIQUE,
  public_key bytea NOT NULL,
  -- How often the authenticator says that it was used; one that goes back was copied.
  counter bigint NOT NULL,
  transports text[] NOT NULL,
  name text NOT NULL CHECK (name <> ''),
  -- The authenticator's maker keeps a copy: it is there on the person's other devices too.
  is_synced boolean NOT NULL,
  created_at bigint NOT NULL,
  last_used_at bigint,
  removed_at bigint,
  UNIQUE (organisation_id, id),
  FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id)
);
CREATE INDEX passkey_person ON passkey (person_id);
COMMENT ON TABLE passkey IS 'Public keys that people sign in with; removed ones stay, and open nothing';

ALTER TABLE session
  ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  ADD COLUMN method text NOT NULL DEFAULT 'link' CHECK (method IN ('link', 'passkey')),
  ADD COLUMN passkey_id uuid,
  -- "Firefox on Android": no version, nothing that tells two of them apart.
  ADD COLUMN device text NOT NULL DEFAULT '',
  ADD FOREIGN KEY (organisation_id, passkey_id) REFERENCES passkey (organisation_id, id);

ALTER TABLE passkey ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON passkey TO openward_api
  USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
CREATE POLICY every_organisation ON passkey TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON passkey TO openward_api, openward_worker;
GRANT UPDATE (counter, last_used_at, removed_at, is_synced) ON passkey TO openward_api, openward_worker;
