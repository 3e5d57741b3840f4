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
ALTER POLICY own_organisation ON consent
  USING (organisation_id = current_organisation() AND (current_setting('openward.principal', true) = 'organisation'
    OR ((SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients())) AND NOT is_silent AND NOT is_silent_consent(id)));
