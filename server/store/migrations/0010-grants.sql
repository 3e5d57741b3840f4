-- Who may see whom, for which purpose, from when to when, and because of what (docs/adr/0028-grants.md). Nothing else lets
-- anybody see a patient: the policies below ask these rows, for whoever the transaction says is asking.
CREATE TABLE access_grant (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  -- A person, a token, or every person of a role.
  grantee_kind text NOT NULL CHECK (grantee_kind IN ('person', 'token', 'role')),
  grantee_id uuid,
  grantee_role text,
  -- One patient; or whoever lies on the ward; or, where both are null, everybody of the organisation.
  patient_id uuid,
  ward_id uuid,
  -- A ward's grant reaches a patient for so long after they left it.
  after_stay_ms bigint NOT NULL DEFAULT 0 CHECK (after_stay_ms >= 0),
  purpose text NOT NULL CHECK (purpose IN ('care', 'monitoring', 'technical', 'integration', 'research', 'family', 'emergency')),
  basis text NOT NULL CHECK (basis IN ('care-team', 'ward-assignment', 'invitation', 'consent', 'incident', 'break-glass',
    'research-cohort', 'organisation-token')),
  from_at bigint NOT NULL,
  to_at bigint,
  reason text,
  created_at bigint NOT NULL,
  created_by text NOT NULL,
  ended_at bigint,
  ended_by text,
  end_reason text,
  CHECK ((grantee_kind = 'role') = (grantee_role IS NOT NULL) AND (grantee_kind = 'role') = (grantee_id IS NULL)),
  CHECK (patient_id IS NULL OR ward_id IS NULL),
  CHECK (to_at > from_at),
  CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id),
  FOREIGN KEY (organisation_id, ward_id) REFERENCES ward (organisation_id, id)
);
CREATE INDEX access_grant_running ON access_grant (organisation_id, grantee_id) WHERE ended_at IS NULL;
CREATE INDEX access_grant_patient ON access_grant (patient_id) WHERE patient_id IS NOT NULL;
CREATE INDEX access_grant_ward ON access_grant (ward_id) WHERE ward_id IS NOT NULL;
COMMENT ON TABLE access_grant IS 'Who may see whom, why and until when; a grant is ended, never changed or deleted';
CREATE INDEX stay_ward ON stay (ward_id, to_at);
CREATE INDEX patient_merged ON patient (merged_into) WHERE merged_into IS NOT NULL;

-- A grant says the same for ever; only its end is added, once.
CREATE FUNCTION refuse_other_grant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL OR
     (to_jsonb(NEW) - ARRAY['ended_at', 'ended_by', 'end_reason']) IS DISTINCT FROM
     (to_jsonb(OLD) - ARRAY['ended_at', 'ended_by', 'end_reason']) THEN
    RAISE EXCEPTION 'a grant can only be ended' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER access_grant_only_ends BEFORE UPDATE ON access_grant FOR EACH ROW EXECUTE FUNCTION refuse_other_grant();

CREATE FUNCTION announce_grant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed access_grant := COALESCE(NEW, OLD);
BEGIN
  PERFORM pg_notify('openward_change', jsonb_build_object('kind', 'grant', 'organisationId', changed.organisation_id,
    'principalId', changed.grantee_id)::text);
  RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON access_grant FOR EACH ROW EXECUTE FUNCTION announce_grant();

-- Who asks is said by the transaction (server/store/registry/transaction.ts): the id of a person or token, or
-- 'organisation', which is the house itself (the command line, what is kept in memory and read through a view). Where
-- nothing is said, nothing is seen.
CREATE FUNCTION current_principal() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT nullif(nullif(current_setting('openward.principal', true), ''), 'organisation')::uuid $$;

-- The server's clock, which also ends what ends by itself; the database's own where none was said.
CREATE FUNCTION current_instant() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT coalesce(nullif(current_setting('openward.now', true), '')::bigint, (extract(epoch FROM now()) * 1000)::bigint) $$;

-- Those of the principal who asks that are not ended; running, or with `ahead` also those that will begin. Not for the api
-- itself: the functions below ask it in the owner's name.
CREATE FUNCTION grants_of_principal(ahead boolean) RETURNS SETOF access_grant LANGUAGE sql STABLE ROWS 3 AS $$
  SELECT g.* FROM access_grant g
   WHERE g.organisation_id = current_organisation() AND g.ended_at IS NULL
     AND (ahead OR g.from_at <= current_instant()) AND (g.to_at IS NULL OR g.to_at > current_instant())
     AND (g.grantee_id = current_principal() OR g.grantee_id IS NULL AND g.grantee_role =
       (SELECT role FROM person WHERE id = current_principal() AND organisation_id = current_organisation() AND disabled_at IS NULL))
$$;

-- Plans of a few index look-ups, kept by the session, whatever the statistics say: they stand before every query.
CREATE FUNCTION sees_organisation() RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET enable_seqscan = off AS $$
BEGIN
  RETURN coalesce(current_setting('openward.principal', true), '') = 'organisation'
      OR EXISTS (SELECT FROM grants_of_principal(false) WHERE patient_id IS NULL AND ward_id IS NULL);
END $$;

-- Patients of the principal's grants: the person's every record, whichever of them the grant names.
CREATE FUNCTION seen_patients() RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
SET search_path = public, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  RETURN QUERY WITH RECURSIVE mine AS MATERIALIZED (
    SELECT patient_id, ward_id, after_stay_ms FROM grants_of_principal(false)
  ), granted AS (
    SELECT patient_id AS id FROM mine WHERE patient_id IS NOT NULL
    UNION
    SELECT s.patient_id FROM mine m JOIN stay s ON s.ward_id = m.ward_id AND s.to_at IS NULL
    UNION
    SELECT s.patient_id FROM mine m JOIN stay s ON s.ward_id = m.ward_id AND s.to_at > current_instant() - m.after_stay_ms
  ), kept AS (
    SELECT id FROM granted
    UNION
    SELECT p.merged_into FROM kept k JOIN patient p ON p.id = k.id WHERE p.merged_into IS NOT NULL
  ), person_records AS (
    SELECT id FROM kept
    UNION
    SELECT p.id FROM person_records r JOIN patient p ON p.merged_into = r.id
  )
  SELECT id FROM person_records;
END $$;

-- When what the principal sees will next be otherwise without anybody doing anything; null: never.
CREATE FUNCTION sight_changes_at() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT min(at) FROM (
    SELECT unnest(ARRAY[from_at, to_at]) AS at FROM grants_of_principal(true)
    UNION ALL
    SELECT s.to_at + g.after_stay_ms FROM grants_of_principal(true) g JOIN stay s ON s.ward_id = g.ward_id
     WHERE s.to_at > current_instant() - g.after_stay_ms) moments
   WHERE at > current_instant()
$$;

-- To whom a quarantined message was given; asked by the policy of its table.
CREATE FUNCTION patient_of_quarantined(entry uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT patient_id FROM quarantine_resolution WHERE quarantine_id = entry $$;

-- Every table that tells of patients. The two subqueries are evaluated once a query, not once a row.
DO $$
DECLARE
  name text;
  is_always boolean;
  sees text := '((SELECT sees_organisation()) OR %s IN (SELECT seen_patients()))';
  own text := 'organisation_id = current_organisation()';
  rule text;
BEGIN
  FOR name, is_always IN
    SELECT c.relname, a.attnotnull FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'patient_id'
      JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = 'own_organisation'
     WHERE c.relnamespace = 'public'::regnamespace AND NOT a.attisdropped
  LOOP
    rule := format(sees, 'patient_id');
    -- What tells of no patient is the organisation's.
    IF NOT is_always THEN rule := '(patient_id IS NULL OR ' || rule || ')'; END IF;
    EXECUTE format('ALTER POLICY own_organisation ON %I USING (%s AND %s) WITH CHECK (%2$s AND %3$s)', name, own, rule);
  END LOOP;
  rule := own || ' AND ' || format(sees, 'id');
  EXECUTE format('ALTER POLICY own_organisation ON patient USING (%s) WITH CHECK (%1$s)', rule);
  rule := own || ' AND (patient_of_quarantined(id) IS NULL OR ' || format(sees, 'patient_of_quarantined(id)') || ')';
  EXECUTE format('ALTER POLICY own_organisation ON quarantine USING (%s) WITH CHECK (%1$s)', rule);
  rule := own || ' AND ((SELECT sees_organisation()) OR patient_ids <@ ARRAY(SELECT seen_patients()))';
  EXECUTE format('ALTER POLICY own_organisation ON data_export USING (%s) WITH CHECK (%1$s)', rule);
END $$;

-- Whom a grant is about may be seen by who sees the patient, and by who it is for; a change is the house's, after the door.
ALTER TABLE access_grant ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON access_grant TO openward_api
  USING (organisation_id = current_organisation() AND (grantee_id = current_principal()
    OR (SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients())))
  WITH CHECK (organisation_id = current_organisation() AND current_setting('openward.principal', true) = 'organisation');
CREATE POLICY every_organisation ON access_grant TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON access_grant TO openward_api, openward_worker;
GRANT UPDATE (ended_at, ended_by, end_reason) ON access_grant TO openward_api, openward_worker;

-- Whoever is there already goes on seeing whom they saw: people by ward, programs by organisation.
INSERT INTO access_grant (id, organisation_id, grantee_kind, grantee_id, ward_id, after_stay_ms, purpose, basis, from_at, created_at, created_by, reason)
  SELECT gen_random_uuid(), p.organisation_id, 'person', p.id, w.id, 604800000,
         CASE p.role WHEN 'clinical-engineer' THEN 'technical' ELSE 'monitoring' END, 'ward-assignment', 0,
         (extract(epoch FROM now()) * 1000)::bigint, 'system', 'before grants there were no wards of one''s own'
    FROM person p JOIN ward w USING (organisation_id) WHERE p.role IN ('nurse', 'clinical-engineer');
INSERT INTO access_grant (id, organisation_id, grantee_kind, grantee_id, purpose, basis, from_at, to_at, created_at, created_by)
  SELECT gen_random_uuid(), organisation_id, 'token', id, 'integration', 'organisation-token', created_at, expires_at,
         (extract(epoch FROM now()) * 1000)::bigint, 'system'
    FROM api_token WHERE revoked_at IS NULL AND expires_at > created_at;
