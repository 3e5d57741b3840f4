-- What a patient shares and does not share, and what follows from it for every table that knows a kind of data
-- (docs/adr/0035-consent.md).

-- Kinds of data, as packages/signals/categories.json has them; a test holds both equal.
CREATE FUNCTION data_categories() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
  $$ SELECT ARRAY['heart', 'breathing', 'temperature', 'glucose', 'medication', 'body', 'consciousness', 'activity-sleep', 'location', 'blood-tests', 'calls', 'device-state', 'other'] $$;

-- What no category names is 'other': hidden with everything, and never by accident shown.
CREATE FUNCTION category_of(signal text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN signal IS NULL THEN '' ELSE coalesce('{
    "heart-rate":"heart","heart-rate-resting":"heart","pulse-rate":"heart","pulse-rate-spo2":"heart",
    "pulse-rate-nibp":"heart","rr-interval":"heart","qt-interval":"heart","qtc-interval":"heart","pvc-rate":"heart",
    "afib-event":"heart","ecg-lead-i":"heart","ecg-lead-ii":"heart","ecg-lead-iii":"heart","ecg-lead-avr":"heart",
    "ecg-lead-avl":"heart","ecg-lead-avf":"heart","ecg-lead-v1":"heart","ecg-lead-v2":"heart","ecg-lead-v3":"heart",
    "ecg-lead-v4":"heart","ecg-lead-v5":"heart","ecg-lead-v6":"heart","ecg-unspecified":"heart","ecg-st-ii":"heart",
    "hrv-sdnn":"heart","hrv-rmssd":"heart","pleth":"heart","perfusion-index":"heart","nibp-systolic":"heart",
    "nibp-diastolic":"heart","nibp-mean":"heart","nibp-panel":"heart","cuff-pressure":"heart","art-systolic":"heart",
    "art-diastolic":"heart","art-mean":"heart","art-waveform":"heart","cvp-mean":"heart","spo2":"breathing",
    "spo2-preductal":"breathing","spo2-postductal":"breathing","respiratory-rate":"breathing",
    "respiratory-rate-impedance":"breathing","respiratory-rate-co2":"breathing","resp-waveform":"breathing",
    "etco2":"breathing","co2-waveform":"breathing","inspired-co2":"breathing","fev1":"breathing","fvc":"breathing",
    "fev1-fvc":"breathing","fev6":"breathing","peak-expiratory-flow":"breathing","peep":"breathing",
    "peep-setting":"breathing","fio2":"breathing","fio2-setting":"breathing","tidal-volume":"breathing",
    "tidal-volume-setting":"breathing","minute-volume":"breathing","vent-rate":"breathing",
    "vent-rate-setting":"breathing","airway-pressure-peak":"breathing","oxygen-flow":"breathing",
    "body-temperature":"temperature","temp-oral":"temperature","temp-rectal":"temperature","temp-axillary":"temperature",
    "temp-tympanic":"temperature","temp-core":"temperature","temp-skin":"temperature","glucose-interstitial":"glucose",
    "glucose-blood":"glucose","glucose-blood-molar":"glucose","glucose-trend":"glucose","hba1c":"glucose",
    "carbohydrate-intake":"glucose","insulin-basal-rate":"glucose","insulin-basal-rate-setting":"glucose",
    "insulin-bolus":"glucose","insulin-bolus-setting":"glucose","insulin-on-board":"glucose",
    "insulin-reservoir":"glucose","insulin-concentration":"glucose","infusion-rate-setting":"medication",
    "infusion-rate-current":"medication","infusion-vtbi":"medication","infusion-vtbi-remaining":"medication",
    "infusion-volume-delivered":"medication","infusion-volume-total":"medication","infusion-drug-name":"medication",
    "infusion-drug-concentration":"medication","infusion-dose-rate":"medication","infusion-time-remaining":"medication",
    "infusion-status":"medication","pca-doses-given":"medication","pca-doses-attempted":"medication","body-weight":"body",
    "body-height":"body","bmi":"body","body-fat":"body","body-water":"body","muscle-mass":"body",
    "basal-metabolism":"body","body-impedance":"body","urine-output":"body","gcs-total":"consciousness",
    "gcs-eye":"consciousness","gcs-motor":"consciousness","gcs-verbal":"consciousness","consciousness":"consciousness",
    "pain-score":"consciousness","steps":"activity-sleep","distance":"activity-sleep","energy-burned":"activity-sleep",
    "floors-climbed":"activity-sleep","speed":"activity-sleep","active-minutes":"activity-sleep",
    "activity":"activity-sleep","sleep-duration":"activity-sleep","sleep-stage":"activity-sleep",
    "acceleration-x":"activity-sleep","acceleration-y":"activity-sleep","acceleration-z":"activity-sleep",
    "location-latitude":"location","location-longitude":"location","inr":"blood-tests","prothrombin-time":"blood-tests",
    "fall-event":"calls","sos-button":"calls","wear-state":"device-state","battery-level":"device-state"
  }'::jsonb ->> signal, 'other') END
$$;

-- A patient's word, or that of who decides for them. What is said again is a new version of the same consent; the newest
-- counts, and nothing is changed or taken away.
CREATE TABLE consent (
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version >= 1),
  organisation_id uuid NOT NULL REFERENCES organisation,
  patient_id uuid NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'inactive')),
  decision text NOT NULL CHECK (decision IN ('permit', 'deny')),
  categories text[] NOT NULL CHECK (categories <> '{}' AND categories <@ data_categories()),
  -- null: whatever for.
  purpose text CHECK (purpose IN ('care', 'research')),
  -- [{"kind": "everybody"}], [{"kind": "role", "role": "nurse"}, {"kind": "person" or "token", "id": "..."}]
  actors jsonb NOT NULL CHECK (jsonb_array_length(actors) > 0),
  from_at bigint NOT NULL,
  to_at bigint,
  -- Not told to those from whom it hides something.
  is_silent boolean NOT NULL,
  said_at bigint NOT NULL,
  -- Who said it, and as what: the patient, who decides for them, or somebody of the house who wrote it down.
  said_by text NOT NULL,
  said_as text NOT NULL CHECK (said_as IN ('self', 'guardian', 'staff')),
  note text,
  PRIMARY KEY (id, version),
  CHECK (to_at > from_at),
  -- To permit is to name somebody or something: never everything to everybody.
  CHECK (decision = 'deny' OR purpose IS NOT NULL),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX consent_patient ON consent (patient_id, said_at DESC);
COMMENT ON TABLE consent IS 'What patients say about who may see what; a row for each version, insert-only';

-- What follows from the newest version: what is denied, and what is permitted for research. A permit for care is a grant.
CREATE TABLE consent_rule (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  consent_id uuid NOT NULL,
  version integer NOT NULL,
  decision text NOT NULL CHECK (decision IN ('permit', 'deny')),
  categories text[] NOT NULL,
  purpose text,
  actor_id uuid,
  actor_role text,
  -- Who is named outranks who is meant by their role, and that outranks everybody.
  rank integer NOT NULL CHECK (rank BETWEEN 1 AND 3),
  from_at bigint NOT NULL,
  to_at bigint,
  ended_at bigint,
  FOREIGN KEY (consent_id, version) REFERENCES consent (id, version) ON DELETE CASCADE,
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX consent_rule_running ON consent_rule (organisation_id) WHERE ended_at IS NULL;
CREATE INDEX consent_rule_patient ON consent_rule (patient_id);
CREATE INDEX consent_rule_consent ON consent_rule (consent_id) WHERE ended_at IS NULL;
COMMENT ON TABLE consent_rule IS 'Rules compiled from consents, which row-level security asks; ended, never changed';

-- null: every kind of data.
ALTER TABLE access_grant ADD COLUMN categories text[] CHECK (categories <> '{}' AND categories <@ data_categories());
ALTER TABLE access_grant ADD COLUMN consent_id uuid CHECK (consent_id IS NULL OR basis = 'consent' AND categories IS NOT NULL);
CREATE INDEX access_grant_consent ON access_grant (consent_id) WHERE consent_id IS NOT NULL AND ended_at IS NULL;

CREATE TRIGGER consent_append_only BEFORE UPDATE OR TRUNCATE ON consent FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Compiled in the same transaction, as the tables' owner: no consent is there without its rules.
CREATE FUNCTION compile_consent() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  one jsonb;
  to_whom text;
BEGIN
  UPDATE consent_rule SET ended_at = NEW.said_at WHERE consent_id = NEW.id AND ended_at IS NULL;
  UPDATE access_grant SET ended_at = NEW.said_at, ended_by = NEW.said_by, end_reason = 'consent'
   WHERE consent_id = NEW.id AND ended_at IS NULL;
  IF NEW.status = 'active' THEN
    FOR one IN SELECT value FROM jsonb_array_elements(NEW.actors) LOOP
      to_whom := one ->> 'kind';
      -- For research a permit opens what a cohort's grant reaches, and gives nothing by itself but to who is named.
      IF NEW.decision = 'deny' OR NEW.purpose = 'research' THEN
        INSERT INTO consent_rule (id, organisation_id, patient_id, consent_id, version, decision, categories, purpose,
            actor_id, actor_role, rank, from_at, to_at)
          VALUES (gen_random_uuid(), NEW.organisation_id, NEW.patient_id, NEW.id, NEW.version, NEW.decision, NEW.categories,
            NEW.purpose, (one ->> 'id')::uuid, one ->> 'role',
            CASE to_whom WHEN 'everybody' THEN 1 WHEN 'role' THEN 2 ELSE 3 END, NEW.from_at, NEW.to_at);
      END IF;
      IF NEW.decision = 'permit' AND (to_whom IN ('person', 'token') OR to_whom = 'role' AND NEW.purpose = 'care') THEN
        INSERT INTO access_grant (id, organisation_id, grantee_kind, grantee_id, grantee_role, patient_id, purpose, basis,
            from_at, to_at, created_at, created_by, categories, consent_id)
          VALUES (gen_random_uuid(), NEW.organisation_id, to_whom, (one ->> 'id')::uuid, one ->> 'role', NEW.patient_id,
            CASE WHEN NEW.purpose = 'research' THEN 'research'
                 WHEN (SELECT p.role FROM person p WHERE p.id = (one ->> 'id')::uuid) IN ('family', 'patient') THEN 'family'
                 ELSE 'care' END,
            'consent', NEW.from_at, NEW.to_at, NEW.said_at, NEW.said_by, NEW.categories, NEW.id);
      END IF;
    END LOOP;
  END IF;
  -- Whoever may see the patient is looked at again, in every process.
  PERFORM pg_notify('openward_change', jsonb_build_object('kind', 'grant', 'organisationId', NEW.organisation_id,
    'principalId', NULL)::text);
  RETURN NULL;
END $$;
CREATE TRIGGER compile AFTER INSERT ON consent FOR EACH ROW EXECUTE FUNCTION compile_consent();

-- Of a program that is no token of ours the role is 'integration'.
CREATE FUNCTION role_of_principal() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT role FROM person WHERE id = current_principal() AND organisation_id = current_organisation()),
    (SELECT role FROM api_token WHERE id = current_principal() AND organisation_id = current_organisation()), 'integration')
$$;

-- Rules that run, or with `ahead` will, about whom the principal is.
CREATE FUNCTION rules_for_principal(ahead boolean) RETURNS SETOF consent_rule LANGUAGE sql STABLE ROWS 10 AS $$
  SELECT r.* FROM consent_rule r
   WHERE r.organisation_id = current_organisation() AND r.ended_at IS NULL
     AND (ahead OR r.from_at <= current_instant()) AND (r.to_at IS NULL OR r.to_at > current_instant())
     AND (r.rank = 1 OR r.actor_id = current_principal() OR r.actor_role = (SELECT role_of_principal()))
$$;

-- As before, but that research sees nobody by reach alone.
CREATE OR REPLACE FUNCTION sees_organisation() RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET enable_seqscan = off AS $$
BEGIN
  RETURN coalesce(current_setting('openward.principal', true), '') = 'organisation'
      OR EXISTS (SELECT FROM grants_of_principal(false) WHERE patient_id IS NULL AND ward_id IS NULL AND purpose <> 'research');
END $$;

-- Whom a cohort's grant reaches, and who agreed. Apart, so that nobody else waits for rules or fails with them: breaking the
-- glass asks grants and patients only.
CREATE FUNCTION permitted_to_research() RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
SET search_path = public, pg_temp SET enable_seqscan = off AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM grants_of_principal(false) g WHERE g.purpose = 'research' AND g.basis <> 'consent') THEN RETURN; END IF;
  RETURN QUERY SELECT r.patient_id FROM grants_of_principal(false) m CROSS JOIN rules_for_principal(false) r
     WHERE m.purpose = 'research' AND m.basis <> 'consent' AND r.decision = 'permit' AND r.purpose = 'research'
       AND (m.patient_id IS NULL AND m.ward_id IS NULL OR r.patient_id = m.patient_id
         OR EXISTS (SELECT FROM stay s WHERE s.patient_id = r.patient_id AND s.ward_id = m.ward_id
              AND (s.to_at IS NULL OR s.to_at > current_instant() - m.after_stay_ms)));
END $$;

CREATE OR REPLACE FUNCTION seen_patients() RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
SET search_path = public, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  RETURN QUERY WITH RECURSIVE mine AS MATERIALIZED (
    SELECT g.patient_id, g.ward_id, g.after_stay_ms, g.purpose = 'research' AND g.basis <> 'consent' AS is_gated
      FROM grants_of_principal(false) g
  ), granted AS (
    SELECT patient_id AS id FROM mine WHERE patient_id IS NOT NULL AND NOT is_gated
    UNION
    SELECT s.patient_id FROM mine m JOIN stay s ON s.ward_id = m.ward_id AND s.to_at IS NULL WHERE NOT is_gated
    UNION
    SELECT s.patient_id FROM mine m JOIN stay s ON s.ward_id = m.ward_id AND s.to_at > current_instant() - m.after_stay_ms
     WHERE NOT is_gated
    UNION
    SELECT r FROM permitted_to_research() r
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

CREATE OR REPLACE FUNCTION sight_changes_at() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT min(at) FROM (
    SELECT unnest(ARRAY[from_at, to_at]) AS at FROM grants_of_principal(true)
    UNION ALL
    SELECT unnest(ARRAY[from_at, to_at]) AS at FROM rules_for_principal(true)
    UNION ALL
    SELECT s.to_at + g.after_stay_ms FROM grants_of_principal(true) g JOIN stay s ON s.ward_id = g.ward_id
     WHERE s.to_at > current_instant() - g.after_stay_ms) moments
   WHERE at > current_instant()
$$;

-- What the principal may not see of patients whom they see: of each of a person's records the kinds of data that no grant
-- shows. A grant shows its kinds, less what is denied to who asks; breaking the glass shows all, and so does being the patient. Research shows what was
-- permitted for it. A grant that the patient gave by name is not narrowed by what they say to a role or to everybody.
CREATE FUNCTION hidden_categories() RETURNS TABLE (patient uuid, category text) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
SET search_path = public, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  IF coalesce(current_setting('openward.principal', true), '') IN ('', 'organisation') THEN RETURN; END IF;
  -- Most often nobody has said anything: then two looks are all that it costs.
  IF NOT EXISTS (SELECT FROM rules_for_principal(false))
     AND NOT EXISTS (SELECT FROM grants_of_principal(false) g WHERE g.categories IS NOT NULL) THEN RETURN; END IF;
  RETURN QUERY WITH RECURSIVE mine AS MATERIALIZED (
    SELECT g.*, CASE g.grantee_kind WHEN 'role' THEN 2 ELSE 3 END AS rank FROM grants_of_principal(false) g
  ), rules AS MATERIALIZED (
    SELECT * FROM rules_for_principal(false)
  ), touched AS (
    SELECT t.patient_id AS id FROM (SELECT patient_id FROM rules UNION SELECT patient_id FROM mine WHERE mine.categories IS NOT NULL) t
     WHERE (SELECT sees_organisation()) OR t.patient_id IN (SELECT seen_patients())
  ), up AS (
    SELECT id FROM touched
    UNION
    SELECT p.merged_into FROM up JOIN patient p ON p.id = up.id WHERE p.merged_into IS NOT NULL
  ), person_record AS (
    SELECT p.id AS root, p.id FROM up JOIN patient p ON p.id = up.id WHERE p.merged_into IS NULL
    UNION
    SELECT r.root, p.id FROM person_record r JOIN patient p ON p.merged_into = r.id
  ), reaching AS (
    SELECT DISTINCT r.root, m.id, m.rank, m.purpose, m.basis, m.categories FROM person_record r JOIN mine m
        ON m.patient_id = r.id OR m.patient_id IS NULL AND m.ward_id IS NULL
        OR EXISTS (SELECT FROM stay s WHERE s.patient_id = r.id AND s.ward_id = m.ward_id
             AND (s.to_at IS NULL OR s.to_at > current_instant() - m.after_stay_ms))
  ), said AS (
    SELECT r.root, c.key, rules.decision, rules.purpose, rules.rank
      FROM person_record r JOIN rules ON rules.patient_id = r.id CROSS JOIN LATERAL unnest(rules.categories) c (key)
  ), shown AS (
    SELECT g.root, c.key FROM reaching g CROSS JOIN LATERAL unnest(coalesce(g.categories, data_categories())) c (key)
     WHERE g.basis IN ('break-glass', 'self', 'guardian')
        OR (g.purpose <> 'research' OR g.basis = 'consent' OR EXISTS (SELECT FROM said s
              WHERE s.root = g.root AND s.key = c.key AND s.decision = 'permit' AND s.purpose = 'research'))
       AND NOT EXISTS (SELECT FROM said s WHERE s.root = g.root AND s.key = c.key AND s.decision = 'deny'
             AND (s.purpose IS NULL OR s.purpose = CASE g.purpose WHEN 'research' THEN 'research' ELSE 'care' END)
             AND NOT (g.basis = 'consent' AND g.rank > s.rank))
  )
  SELECT r.id, c.key FROM person_record r CROSS JOIN unnest(data_categories()) c (key)
   WHERE NOT EXISTS (SELECT FROM shown s WHERE s.root = r.root AND s.key = c.key);
END $$;

CREATE FUNCTION hidden_streams() RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
SET search_path = public, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  RETURN QUERY SELECT s.id FROM (SELECT h.patient, array_agg(h.category) AS hidden FROM hidden_categories() h GROUP BY h.patient) h
    JOIN stream s ON s.patient_id = h.patient AND category_of(s.signal) = ANY (h.hidden);
END $$;

-- Every table that knows a kind of data: besides who sees the patient, what consent leaves of it. Asked once a query.
DO $$
DECLARE
  name text;
  knows text;
  rule text;
BEGIN
  FOR name, knows IN
    SELECT c.relname, min(a.attname) FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = 'own_organisation'
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('signal', 'event', 'stream_id') AND NOT a.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace
       AND EXISTS (SELECT FROM pg_attribute b WHERE b.attrelid = c.oid AND b.attname = 'patient_id' AND NOT b.attisdropped)
     GROUP BY c.relname
  LOOP
    rule := CASE knows WHEN 'stream_id' THEN '(stream_id IS NULL OR stream_id NOT IN (SELECT hidden_streams()))'
      ELSE format('(patient_id IS NULL OR (patient_id, category_of(%I)) NOT IN (SELECT patient, category FROM hidden_categories()))', knows) END;
    EXECUTE format('CREATE POLICY shared_by_patient ON %I AS RESTRICTIVE FOR SELECT TO openward_api USING (%s)', name, rule);
  END LOOP;
END $$;

-- Kinds of data of the patient that nobody who watches them may see; asked by the house.
CREATE FUNCTION unwatched_categories(of_patient uuid) RETURNS text[] LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  asker text := current_setting('openward.principal', true);
  unseen text[] := data_categories();
  watcher uuid;
BEGIN
  FOR watcher IN
    SELECT DISTINCT p.id FROM access_grant g JOIN person p ON p.organisation_id = g.organisation_id AND p.disabled_at IS NULL
        AND (p.id = g.grantee_id OR g.grantee_kind = 'role' AND p.role = g.grantee_role)
     WHERE g.organisation_id = current_organisation() AND g.purpose = 'monitoring' AND g.ended_at IS NULL
       AND g.from_at <= current_instant() AND (g.to_at IS NULL OR g.to_at > current_instant())
       AND (g.patient_id = of_patient OR g.patient_id IS NULL AND g.ward_id IS NULL
         OR EXISTS (SELECT FROM stay s WHERE s.patient_id = of_patient AND s.ward_id = g.ward_id AND s.to_at IS NULL))
  LOOP
    PERFORM set_config('openward.principal', watcher::text, true);
    SELECT coalesce(array_agg(h.category), '{}') INTO unseen FROM hidden_categories() h
     WHERE h.patient = of_patient AND h.category = ANY (unseen);
    EXIT WHEN unseen = '{}';
  END LOOP;
  PERFORM set_config('openward.principal', asker, true);
  RETURN unseen;
END $$;

ALTER TABLE consent ENABLE ROW LEVEL SECURITY;
ALTER TABLE consent_rule ENABLE ROW LEVEL SECURITY;
CREATE POLICY every_organisation ON consent TO openward_worker USING (true) WITH CHECK (true);
CREATE POLICY every_organisation ON consent_rule TO openward_worker USING (true) WITH CHECK (true);
-- Said through a door that knows who decides, and written by the house; read by who sees the patient, where it is no secret.
CREATE POLICY own_organisation ON consent TO openward_api
  USING (organisation_id = current_organisation() AND (current_setting('openward.principal', true) = 'organisation'
    OR NOT is_silent AND ((SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients()))))
  WITH CHECK (organisation_id = current_organisation() AND current_setting('openward.principal', true) = 'organisation');
GRANT SELECT, INSERT ON consent TO openward_api, openward_worker;
GRANT SELECT, INSERT ON consent_rule TO openward_worker;
