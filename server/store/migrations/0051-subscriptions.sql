-- FHIR Subscriptions (docs/adr/0071-subscriptions.md): who is told of what, each event that somebody was told of under a number of
-- its own, and how far their receivers are. Times are bigint milliseconds UTC.

-- Stays, and resources that others wrote, are told of like associations and amendments.
ALTER TABLE outbox_notice DROP CONSTRAINT outbox_notice_kind_check;
ALTER TABLE outbox_notice ADD CONSTRAINT outbox_notice_kind_check CHECK (kind IN ('association', 'amendment', 'stay', 'resource'));
ALTER TABLE outbox_notice ALTER COLUMN patient_id DROP NOT NULL;
ALTER TABLE outbox_notice ALTER COLUMN subject_id DROP NOT NULL;
-- Of a resource: "Condition/1", and what was done with it.
ALTER TABLE outbox_notice ADD COLUMN reference text;
ALTER TABLE outbox_notice ADD COLUMN method text;
ALTER TABLE outbox_notice ADD CONSTRAINT outbox_notice_of_what CHECK (CASE WHEN kind = 'resource'
  THEN reference IS NOT NULL AND method IS NOT NULL ELSE patient_id IS NOT NULL END);

CREATE FUNCTION notice_stay() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO outbox_notice (id, organisation_id, patient_id, kind, subject_id, from_at, to_at, at)
  VALUES (gen_random_uuid(), NEW.organisation_id, NEW.patient_id, 'stay', NEW.id, NEW.from_at, NEW.to_at, current_instant());
  RETURN NULL;
END $$;
CREATE TRIGGER notice AFTER INSERT OR UPDATE ON stay FOR EACH ROW EXECUTE FUNCTION notice_stay();

CREATE TABLE subscription (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  -- In whose name: it gets what they see, and ends with their access.
  owner_kind text NOT NULL CHECK (owner_kind IN ('person', 'token')),
  owner_id uuid NOT NULL,
  -- Of an application: which one, by which grant (none for one that acts for nobody), what that let it ask for, and about whom.
  client_id uuid,
  grant_hash bytea,
  scopes json,
  fhir_user text,
  patient_id uuid,
  topic text NOT NULL,
  -- The resource as it was written, without what is ours to say and without its headers.
  content text NOT NULL,
  -- What that means: channel, endpoint, how much and how often, filters, until when (packages/model/subscription.ts).
  delivery json NOT NULL,
  -- Headers that its receiver wants to be called with: sealed under a key of the key store.
  headers_key integer,
  headers bytea,
  version integer NOT NULL CHECK (version > 0),
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  -- FHIR's words; what the house found wrong stands in error.
  status text NOT NULL CHECK (status IN ('requested', 'active', 'error', 'off')),
  error text,
  ended_at bigint,
  end_reason text,
  CHECK ((headers IS NULL) = (headers_key IS NULL)),
  CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX subscription_running ON subscription (organisation_id, topic) WHERE ended_at IS NULL;
CREATE INDEX subscription_patient ON subscription (patient_id) WHERE patient_id IS NOT NULL;
COMMENT ON TABLE subscription IS 'Who is told of what by FHIR; those that have ended stay, without secrets, and send nothing';

-- Written by the serving process alone.
CREATE TABLE subscription_progress (
  subscription_id uuid PRIMARY KEY REFERENCES subscription (id) ON DELETE CASCADE,
  organisation_id uuid NOT NULL,
  -- Everything up to here was looked at, and has its numbers.
  position bigint NOT NULL,
  number bigint NOT NULL,
  -- When what stands there was written.
  reached_at bigint NOT NULL,
  -- The number of the last event, and of the last one that its receiver has taken.
  events bigint NOT NULL DEFAULT 0,
  delivered bigint NOT NULL DEFAULT 0,
  -- Since it was active last nothing of it was taken.
  failing_since bigint,
  last_success_at bigint,
  CHECK (delivered <= events)
);
COMMENT ON TABLE subscription_progress IS 'Up to where each subscription was looked at, and taken';

-- One row for what one patient's events of one page were, under numbers that follow on one another.
CREATE TABLE subscription_event (
  subscription_id uuid NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
  first bigint NOT NULL,
  last bigint NOT NULL,
  organisation_id uuid NOT NULL,
  patient_id uuid,
  at bigint NOT NULL,
  -- Array of [reference, method, ms UTC]: which resource, never what is in it.
  events json NOT NULL,
  PRIMARY KEY (subscription_id, first),
  CHECK (last >= first)
);
CREATE INDEX subscription_event_patient ON subscription_event (patient_id) WHERE patient_id IS NOT NULL;
CREATE INDEX subscription_event_at ON subscription_event (at);
COMMENT ON TABLE subscription_event IS 'Events by their numbers, so that none is missed; kept as long as the journal';

DO $$
DECLARE
  name text;
  sees text := '(patient_id IS NULL OR (SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients()))';
  rule text;
BEGIN
  FOREACH name IN ARRAY ARRAY['subscription', 'subscription_progress', 'subscription_event'] LOOP
    rule := 'organisation_id = current_organisation()';
    IF name <> 'subscription_progress' THEN rule := rule || ' AND ' || sees; END IF;
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api USING (%s) WITH CHECK (%2$s)', name, rule);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT ON %I TO openward_api, openward_worker', name);
    EXECUTE format('GRANT INSERT ON %I TO openward_worker', name);
  END LOOP;
END $$;
GRANT INSERT ON subscription, subscription_progress TO openward_api;
GRANT UPDATE (content, delivery, headers_key, headers, version, updated_at, status, error, ended_at, end_reason) ON subscription TO openward_api, openward_worker;
GRANT UPDATE ON subscription_progress TO openward_worker;
GRANT DELETE ON subscription_event TO openward_worker;

-- What is written in one statement is told of in one, and only where somebody asks for it: who writes pays for nobody else.
CREATE FUNCTION notice_resources() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO outbox_notice (id, organisation_id, patient_id, kind, reference, method, at)
  SELECT gen_random_uuid(), w.organisation_id, w.patient_id, 'resource', w.type || '/' || w.id, w.method, current_instant()
    FROM written w
   WHERE EXISTS (SELECT FROM subscription s WHERE s.organisation_id = w.organisation_id AND s.ended_at IS NULL
     AND (s.topic = 'urn:openward:subscription-topic:resources'
       OR s.topic = 'urn:openward:subscription-topic:readings' AND w.type = 'Observation'));
  RETURN NULL;
END $$;
CREATE TRIGGER notice AFTER INSERT ON resource_version REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION notice_resources();
