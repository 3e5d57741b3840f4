-- Whether anybody watches a patient: a row for each time that this changed. Watched is who is seen through a running grant
-- for monitoring by a person who may sign in, directly or by lying on a ward; a program's grant watches nobody.
CREATE TABLE monitoring_change (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  patient_id uuid NOT NULL,
  at bigint NOT NULL,
  is_watched boolean NOT NULL,
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX monitoring_change_newest ON monitoring_change (patient_id, position DESC);
COMMENT ON TABLE monitoring_change IS 'When somebody began to watch a patient, and when nobody did any more';
CREATE TRIGGER monitoring_change_never_changes BEFORE UPDATE OR TRUNCATE ON monitoring_change
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE monitoring_change ENABLE ROW LEVEL SECURITY;
CREATE POLICY every_organisation ON monitoring_change TO openward_worker USING (true) WITH CHECK (true);
CREATE POLICY own_organisation ON monitoring_change TO openward_api
  USING (organisation_id = current_organisation() AND ((SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients())));
GRANT SELECT, INSERT ON monitoring_change TO openward_worker;
GRANT SELECT ON monitoring_change TO openward_api;

-- Looks who is watched at this instant, and writes down, also for the audit log, what is otherwise than it was. Somebody who
-- is admitted and was never watched is written down as not watched.
CREATE FUNCTION note_monitoring(instant bigint) RETURNS TABLE (patient uuid, organisation uuid, watched boolean) LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('openward monitoring', 0));
  RETURN QUERY WITH watching AS (
    SELECT g.patient_id, g.ward_id FROM access_grant g
     WHERE g.purpose = 'monitoring' AND g.ended_at IS NULL AND g.from_at <= instant AND (g.to_at IS NULL OR g.to_at > instant)
       AND EXISTS (SELECT FROM person p WHERE p.organisation_id = g.organisation_id AND p.disabled_at IS NULL
             AND (g.grantee_kind = 'person' AND p.id = g.grantee_id OR g.grantee_kind = 'role' AND p.role = g.grantee_role))
  ), now_watched AS (
    SELECT patient_id AS id FROM watching WHERE patient_id IS NOT NULL
    UNION SELECT s.patient_id FROM watching w JOIN stay s ON s.ward_id = w.ward_id AND s.to_at IS NULL
  ), newest AS (
    SELECT DISTINCT ON (m.patient_id) m.patient_id, m.is_watched FROM monitoring_change m ORDER BY m.patient_id, m.position DESC
  ), changed AS (
    SELECT p.organisation_id, p.id, n.id IS NOT NULL AS is_watched
      FROM patient p LEFT JOIN now_watched n ON n.id = p.id LEFT JOIN newest m ON m.patient_id = p.id
     WHERE p.merged_into IS NULL
       AND CASE WHEN m.patient_id IS NULL
             THEN n.id IS NOT NULL OR EXISTS (SELECT FROM stay s WHERE s.patient_id = p.id AND s.to_at IS NULL)
             ELSE m.is_watched <> (n.id IS NOT NULL) END
  ), written AS (
    INSERT INTO monitoring_change (organisation_id, patient_id, at, is_watched)
      SELECT c.organisation_id, c.id, instant, c.is_watched FROM changed c
      RETURNING monitoring_change.patient_id, monitoring_change.organisation_id, monitoring_change.is_watched
  ), audited AS (
    INSERT INTO audit_event (organisation_id, at, actor, action, patient_id)
      SELECT w.organisation_id, instant, 'system', CASE WHEN w.is_watched THEN 'monitoring.begin' ELSE 'monitoring.end' END, w.patient_id
        FROM written w
  )
  SELECT w.patient_id, w.organisation_id, w.is_watched FROM written w;
END $$;
REVOKE ALL ON FUNCTION note_monitoring(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION note_monitoring(bigint) TO openward_worker;
