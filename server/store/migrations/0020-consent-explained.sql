-- Why the principal does not see kinds of a patient's data: each statement that hides one, or null where it is just not
-- among what was shared. Who may know it is decided at the doors.
CREATE FUNCTION hidden_because(of_patient uuid) RETURNS TABLE (category text, consent_id uuid, is_silent boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
BEGIN
  RETURN QUERY WITH RECURSIVE person_record AS (
    SELECT id FROM patient WHERE id = of_patient AND organisation_id = current_organisation()
    UNION
    SELECT p.id FROM person_record r JOIN patient p ON p.merged_into = r.id
  )
  SELECT h.category, c.id, coalesce(c.is_silent, false) FROM hidden_categories() h
    LEFT JOIN (rules_for_principal(false) r JOIN consent c ON c.id = r.consent_id AND c.version = r.version)
      ON r.decision = 'deny' AND h.category = ANY (r.categories) AND r.patient_id IN (SELECT id FROM person_record)
   WHERE h.patient = of_patient
   ORDER BY h.category, r.rank DESC, c.said_at;
END $$;

-- For the house: of patients who lie on a ward and say that they keep something back, the kinds that nobody who watches sees.
CREATE FUNCTION unwatched_kinds() RETURNS TABLE (patient uuid, categories text[]) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT p.patient_id, unwatched_categories(p.patient_id) FROM (
      SELECT DISTINCT r.patient_id FROM consent_rule r JOIN stay s ON s.patient_id = r.patient_id AND s.to_at IS NULL
       WHERE r.organisation_id = current_organisation() AND r.decision = 'deny' AND r.ended_at IS NULL
         AND r.from_at <= current_instant() AND (r.to_at IS NULL OR r.to_at > current_instant())) p;
END $$;

-- Of a statement that is kept to oneself since its newest version the older ones are too.
CREATE FUNCTION is_silent_consent(one uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT is_silent FROM consent WHERE id = one ORDER BY version DESC LIMIT 1 $$;

-- The person's every record.
CREATE FUNCTION records_of_person(one uuid) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
  WITH RECURSIVE up AS (
    SELECT p.id, p.merged_into FROM patient p WHERE p.id = one
    UNION SELECT p.id, p.merged_into FROM up u JOIN patient p ON p.id = u.merged_into
  ), records AS (
    SELECT id FROM up WHERE merged_into IS NULL
    UNION SELECT p.id FROM records r JOIN patient p ON p.merged_into = r.id
  ) SELECT id FROM records
$$;

-- Besides what was granted: the patient sees what is theirs, and a guardian what they decide about, until a death. Family sees
-- what the patient shares with them. What a person was given for work on the ward holds while they work there.
CREATE OR REPLACE FUNCTION grants_of_principal(ahead boolean) RETURNS SETOF access_grant LANGUAGE sql STABLE ROWS 3 AS $$
  SELECT g.* FROM access_grant g
   WHERE g.organisation_id = current_organisation() AND g.ended_at IS NULL
     AND (ahead OR g.from_at <= current_instant()) AND (g.to_at IS NULL OR g.to_at > current_instant())
     AND (g.grantee_id = current_principal() OR g.grantee_id IS NULL AND g.grantee_role =
       (SELECT role FROM person WHERE id = current_principal() AND organisation_id = current_organisation() AND disabled_at IS NULL))
     AND (g.grantee_kind <> 'person' OR g.basis NOT IN ('ward-assignment', 'care-team', 'incident', 'break-glass')
       OR (SELECT role FROM person WHERE id = current_principal()) IN
            ('nurse', 'physician', 'clinical-engineer', 'administrator', 'integration'))
  UNION ALL
  SELECT r.id, r.organisation_id, 'person', r.person_id, NULL::text, r.patient_id, NULL::uuid, 0::bigint, 'family', r.relation,
         r.from_at, r.to_at, r.reason, r.created_at, r.created_by, NULL::bigint, NULL::text, NULL::text, NULL::text[], NULL::uuid
    FROM patient_relation r
   WHERE r.organisation_id = current_organisation() AND r.person_id = current_principal() AND r.relation IN ('self', 'guardian')
     AND (ahead OR r.from_at <= current_instant()) AND (r.to_at IS NULL OR r.to_at > current_instant())
     AND NOT EXISTS (SELECT FROM patient_fact f WHERE f.fact = 'deceased' AND f.patient_id IN (SELECT records_of_person(r.patient_id))
       AND f.from_at <= current_instant() AND (f.to_at IS NULL OR f.to_at > current_instant()))
$$;

-- Whose word it is: what patients keep to themselves they still see.
CREATE FUNCTION own_patients() RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 2
SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT records_of_person(g.patient_id) FROM grants_of_principal(false) g WHERE g.basis IN ('self', 'guardian');
END $$;
ALTER POLICY own_organisation ON consent
  USING (organisation_id = current_organisation() AND (current_setting('openward.principal', true) = 'organisation'
    OR patient_id IN (SELECT own_patients())
    OR ((SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients())) AND NOT is_silent AND NOT is_silent_consent(id)));
