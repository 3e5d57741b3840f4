-- What leaves the house as it happens: who is sent what, how far they are, and what changed that is not in the journal
-- (docs/adr/0058-feeds.md). Times are bigint milliseconds UTC.

-- Changes beside the journal that others are told of, in the transaction of the change itself: without values, which are
-- looked up when it is told. The serving process numbers them behind the journal as it stood then, so that there is one order.
CREATE TABLE outbox_notice (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  patient_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('association', 'amendment')),
  device_id text,
  -- The association, or the amendment.
  subject_id uuid NOT NULL,
  -- Of an association.
  from_at bigint,
  to_at bigint,
  at bigint NOT NULL,
  number bigint UNIQUE,
  -- It stands behind everything up to here.
  after_position bigint,
  CHECK ((number IS NULL) = (after_position IS NULL))
);
CREATE INDEX outbox_notice_patient ON outbox_notice (patient_id);
CREATE INDEX outbox_notice_unnumbered ON outbox_notice (at) WHERE number IS NULL;
CREATE SEQUENCE outbox_number;
COMMENT ON TABLE outbox_notice IS 'Changes beside the journal, written with the change and told in the order of numbers; kept as long as the journal';

CREATE FUNCTION notice_association() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' OR NEW.from_at <> OLD.from_at OR NEW.to_at IS DISTINCT FROM OLD.to_at THEN
    INSERT INTO outbox_notice (id, organisation_id, patient_id, kind, device_id, subject_id, from_at, to_at, at)
    VALUES (gen_random_uuid(), NEW.organisation_id, NEW.patient_id, 'association', NEW.device_id, NEW.id, NEW.from_at, NEW.to_at, current_instant());
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER notice AFTER INSERT OR UPDATE ON association FOR EACH ROW EXECUTE FUNCTION notice_association();

CREATE FUNCTION notice_amendment() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO outbox_notice (id, organisation_id, patient_id, kind, subject_id, at)
  VALUES (gen_random_uuid(), NEW.organisation_id, NEW.patient_id, 'amendment', NEW.id, NEW.at);
  RETURN NULL;
END $$;
CREATE TRIGGER notice AFTER INSERT ON amendment FOR EACH ROW EXECUTE FUNCTION notice_amendment();

-- Who is sent what. In whose name: it gets what they see, and nothing once they see nothing.
CREATE TABLE feed (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  owner_kind text NOT NULL CHECK (owner_kind IN ('person', 'token')),
  owner_id uuid NOT NULL,
  -- null: everybody whom the owner sees.
  patient_id uuid,
  name text NOT NULL CHECK (name <> '' AND length(name) <= 80),
  way text NOT NULL CHECK (way IN ('webhook', 'mqtt', 'broker')),
  kinds text[] NOT NULL CHECK (kinds <> '{}' AND kinds <@ ARRAY['readings', 'alarms', 'events', 'devices']),
  -- null: all.
  signals text[],
  -- Where to, and how: server/feeds/feed.ts. No secret is in it.
  target jsonb NOT NULL,
  -- What its receiver signs in with: SHA-256. Of "mqtt".
  secret_hash bytea,
  -- What we sign, or sign in, with: sealed under a key of the key store. Of "webhook" and "broker".
  secret_key integer,
  secret bytea,
  -- Still signed with as well, until then.
  old_secret_key integer,
  old_secret bytea,
  old_secret_until bigint,
  created_at bigint NOT NULL,
  created_by text NOT NULL,
  paused_at bigint,
  -- null: somebody wanted it; else why the house did.
  pause_reason text,
  ended_at bigint,
  ended_by text,
  end_reason text,
  CHECK ((secret IS NULL) = (secret_key IS NULL) AND (old_secret IS NULL) = (old_secret_key IS NULL)),
  CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX feed_patient ON feed (patient_id) WHERE patient_id IS NOT NULL;
COMMENT ON TABLE feed IS 'What leaves the house as it happens, to whom, in whose name; those that have ended stay, and send nothing';

-- How far each is: written by the serving process alone.
CREATE TABLE feed_progress (
  feed_id uuid PRIMARY KEY REFERENCES feed (id) ON DELETE CASCADE,
  organisation_id uuid NOT NULL,
  -- Everything up to here has been taken.
  position bigint NOT NULL,
  number bigint NOT NULL,
  -- When what stands there was written.
  reached_at bigint NOT NULL,
  delivered bigint NOT NULL DEFAULT 0,
  last_success_at bigint,
  last_error_at bigint,
  -- What went wrong, in our own words.
  last_error text,
  last_status integer,
  failing_since bigint,
  -- Retained at a broker outside, to be taken away again.
  published text[] NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE feed_progress IS 'Up to where each feed was taken by its receiver, and how that goes';

DO $$
DECLARE
  name text;
  sees text := '((SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients()))';
  rule text;
BEGIN
  FOREACH name IN ARRAY ARRAY['outbox_notice', 'feed', 'feed_progress'] LOOP
    rule := 'organisation_id = current_organisation()';
    IF name = 'outbox_notice' THEN rule := rule || ' AND ' || sees; END IF;
    IF name = 'feed' THEN rule := rule || ' AND (patient_id IS NULL OR ' || sees || ')'; END IF;
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api USING (%s) WITH CHECK (%2$s)', name, rule);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO openward_api, openward_worker', name);
  END LOOP;
END $$;
REVOKE INSERT ON outbox_notice FROM openward_api;
GRANT UPDATE (number, after_position), DELETE ON outbox_notice TO openward_worker;
GRANT USAGE ON SEQUENCE outbox_number TO openward_worker;
GRANT UPDATE (secret_key, secret, old_secret_key, old_secret, old_secret_until, secret_hash, paused_at, pause_reason, ended_at, ended_by, end_reason)
  ON feed TO openward_api, openward_worker;
GRANT UPDATE ON feed_progress TO openward_api, openward_worker;
