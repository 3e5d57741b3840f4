-- What the authorisation matrix found with the server's own checks off (docs/adr/0036-authorisation-matrix.md).

-- Input that could not be placed is the patient's who wore the device when it came, until somebody gives it to another.
CREATE OR REPLACE FUNCTION patient_of_quarantined(entry uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce(
    (SELECT patient_id FROM quarantine_resolution WHERE quarantine_id = entry),
    (SELECT a.patient_id FROM quarantine q JOIN association a ON a.device_id = q.device_id AND a.organisation_id = q.organisation_id
       AND a.from_at <= q.received_at AND (a.to_at IS NULL OR a.to_at > q.received_at)
      WHERE q.id = entry LIMIT 1))
$$;

-- Who looked at a patient is told to who sees that patient; the house reads the log for those whose office it is.
ALTER POLICY own_organisation ON audit_record USING (organisation_id = current_organisation()
  AND ((SELECT sees_organisation()) OR patients && ARRAY(SELECT seen_patients())));

-- A grant for a ward or for everybody tells of no patient, and so belongs to the organisation as other such rows do: who sees a
-- patient also sees by which of them others do.
ALTER POLICY own_organisation ON access_grant
  USING (organisation_id = current_organisation() AND (patient_id IS NULL OR grantee_id = current_principal()
    OR (SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients())));
