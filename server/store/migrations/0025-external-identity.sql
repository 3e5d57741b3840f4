-- Who somebody is at an identity provider outside. Its `sub` and nothing else says so: a mail address is not looked at.

CREATE TABLE external_identity (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  person_id uuid NOT NULL,
  issuer text NOT NULL,
  subject text NOT NULL,
  created_at bigint NOT NULL,
  last_used_at bigint,
  removed_at bigint,
  FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id)
);
CREATE UNIQUE INDEX external_identity_subject ON external_identity (issuer, subject) WHERE removed_at IS NULL;
CREATE INDEX external_identity_person ON external_identity (person_id);
COMMENT ON TABLE external_identity IS 'Accounts of people at an identity provider; removed ones stay, and open nothing';

ALTER TABLE session
  DROP CONSTRAINT session_method_check,
  ADD CONSTRAINT session_method_check CHECK (method IN ('link', 'passkey', 'codes', 'external')),
  DROP CONSTRAINT session_proved_by_check,
  ADD CONSTRAINT session_proved_by_check CHECK (proved_by IN ('link', 'passkey', 'codes', 'external')),
  ADD COLUMN external_id uuid REFERENCES external_identity;

ALTER TABLE external_identity ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON external_identity TO openward_api
  USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
CREATE POLICY every_organisation ON external_identity TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON external_identity TO openward_api, openward_worker;
GRANT UPDATE (last_used_at, removed_at) ON external_identity TO openward_api, openward_worker;
