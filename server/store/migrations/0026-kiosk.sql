-- Screens on the walls of wards, each an identity of its own, and the badges by which somebody says there who they are
-- (docs/adr/0040-kiosk.md).

CREATE TABLE kiosk (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  ward_id uuid NOT NULL,
  name text NOT NULL CHECK (name <> ''),
  -- By what a patient is known there beside the bed; a name is on none.
  shows text NOT NULL CHECK (shows IN ('number', 'initials')),
  -- A badge alone answers an alarm.
  takes_badges boolean NOT NULL,
  created_at bigint NOT NULL,
  created_by text NOT NULL,
  -- For one browser, once: the next one that is made takes its place.
  code_hash bytea UNIQUE,
  code_until bigint,
  -- Of the one browser that has it: there is room for no second.
  session_hash bytea UNIQUE,
  enrolled_at bigint,
  browser text,
  seen_at bigint,
  expires_at bigint,
  ended_at bigint,
  ended_by text,
  UNIQUE (organisation_id, id),
  FOREIGN KEY (organisation_id, ward_id) REFERENCES ward (organisation_id, id),
  CHECK ((code_hash IS NULL) = (code_until IS NULL)),
  CHECK ((session_hash IS NULL) = (expires_at IS NULL)),
  CHECK (ended_at IS NULL OR session_hash IS NULL AND code_hash IS NULL)
);
CREATE UNIQUE INDEX kiosk_name ON kiosk (organisation_id, name) WHERE ended_at IS NULL;
COMMENT ON TABLE kiosk IS 'Screens on walls; those that have ended stay, and open nothing';

-- Whoever holds its cookie, or looks through its eyes, is told at once: announced as a session's end is.
CREATE TRIGGER announce AFTER UPDATE OF session_hash, ended_at OR DELETE ON kiosk FOR EACH ROW EXECUTE FUNCTION announce_change();

CREATE TABLE badge (
  person_id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  -- HMAC under a key of the key store, with the organisation: a copy of the database tells no number.
  number_hash bytea NOT NULL UNIQUE,
  set_at bigint NOT NULL,
  set_by text NOT NULL,
  FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id)
);
COMMENT ON TABLE badge IS 'Numbers on the badges of people; gone when they are taken away';

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['kiosk', 'badge'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api
      USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation())', name);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO openward_api, openward_worker', name);
  END LOOP;
END $$;
GRANT UPDATE (code_hash, code_until, session_hash, enrolled_at, browser, seen_at, expires_at, ended_at, ended_by)
  ON kiosk TO openward_api, openward_worker;
GRANT UPDATE (number_hash, set_at, set_by), DELETE ON badge TO openward_api, openward_worker;

ALTER TABLE access_grant
  DROP CONSTRAINT access_grant_grantee_kind_check,
  ADD CONSTRAINT access_grant_grantee_kind_check CHECK (grantee_kind IN ('person', 'token', 'kiosk', 'role'));

CREATE OR REPLACE FUNCTION role_of_principal() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT role FROM person WHERE id = current_principal() AND organisation_id = current_organisation()),
    (SELECT role FROM api_token WHERE id = current_principal() AND organisation_id = current_organisation()),
    (SELECT 'kiosk' FROM kiosk WHERE id = current_principal() AND organisation_id = current_organisation()), 'integration')
$$;

-- What a patient keeps from nurses or physicians is on no wall that they walk by. What is kept from one person of them is:
-- a wall is for all others.
CREATE OR REPLACE FUNCTION rules_for_principal(ahead boolean) RETURNS SETOF consent_rule LANGUAGE sql STABLE ROWS 10 AS $$
  SELECT r.* FROM consent_rule r CROSS JOIN (SELECT role_of_principal() AS role) p
   WHERE r.organisation_id = current_organisation() AND r.ended_at IS NULL
     AND (ahead OR r.from_at <= current_instant()) AND (r.to_at IS NULL OR r.to_at > current_instant())
     AND (r.rank = 1 OR r.actor_id = current_principal() OR r.actor_role = p.role
       OR p.role = 'kiosk' AND r.decision = 'deny' AND r.actor_role IN ('nurse', 'physician'))
$$;

-- Where an alarm was answered by who was not signed in: the name of that screen.
ALTER TABLE alarm_revision ADD COLUMN acknowledged_on text;
