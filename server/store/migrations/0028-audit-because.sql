-- The audit log says because of what somebody saw a patient, and for whom an application or a guardian acted.

-- What lets the principal who asks see whom: a patient of theirs, whoever lies on a ward of theirs, or, with null, everybody of the
-- organisation. Of a patient there may be several.
CREATE FUNCTION sight_because() RETURNS TABLE (patient uuid, purpose text, basis text) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
SET search_path = public, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  IF coalesce(current_setting('openward.principal', true), '') IN ('', 'organisation') THEN RETURN; END IF;
  RETURN QUERY WITH mine AS MATERIALIZED (
    SELECT g.patient_id, g.ward_id, g.after_stay_ms, g.purpose, g.basis FROM grants_of_principal(false) g
  )
  SELECT m.patient_id, m.purpose, m.basis FROM mine m WHERE m.patient_id IS NOT NULL OR m.ward_id IS NULL
  UNION
  SELECT s.patient_id, m.purpose, m.basis FROM mine m JOIN stay s ON s.ward_id = m.ward_id AND s.to_at IS NULL
  UNION
  SELECT s.patient_id, m.purpose, m.basis FROM mine m JOIN stay s ON s.ward_id = m.ward_id AND s.to_at > current_instant() - m.after_stay_ms;
END $$;

-- For whom it was, as `agent` is written: an application's person is found by whom the application acted for.
ALTER TABLE audit_record ADD COLUMN behalf text;
CREATE INDEX audit_record_behalf ON audit_record (behalf, at) WHERE behalf IS NOT NULL;
