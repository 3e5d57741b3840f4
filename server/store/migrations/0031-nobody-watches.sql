-- Where somebody wants to be told what cannot wait until they sign in. Of people who sign in; null: nowhere.
ALTER TABLE person ADD COLUMN email text CHECK (length(email) BETWEEN 3 AND 254);

-- Of which change it was told, in mails and without: what was told last is known after a restart, and is told once.
CREATE TABLE monitoring_told (
  position bigint PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  patient_id uuid NOT NULL,
  at bigint NOT NULL,
  is_watched boolean NOT NULL,
  mails integer NOT NULL,
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX monitoring_told_newest ON monitoring_told (patient_id, position DESC);
COMMENT ON TABLE monitoring_told IS 'Changes of monitoring_change that patient and clinician were told of; insert-only';
CREATE TRIGGER monitoring_told_never_changes BEFORE UPDATE OR TRUNCATE ON monitoring_told
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE monitoring_told ENABLE ROW LEVEL SECURITY;
CREATE POLICY every_organisation ON monitoring_told TO openward_worker USING (true) WITH CHECK (true);
CREATE POLICY own_organisation ON monitoring_told TO openward_api
  USING (organisation_id = current_organisation() AND ((SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients())));
GRANT SELECT, INSERT ON monitoring_told TO openward_worker;
GRANT SELECT ON monitoring_told TO openward_api;

-- What is otherwise than was told last, for so long that it will stay: that nobody watches who is admitted, or that somebody does
-- again. To whom: the patient and who decides for them; the physicians who see them for care by a running grant, and where there
-- is none the administrators, who can assign somebody. A change that concerns nobody has one row without a person.
CREATE FUNCTION monitoring_to_tell(instant bigint, settled_ms bigint)
RETURNS TABLE (change bigint, organisation uuid, patient uuid, watched boolean, person uuid, address text, is_patient boolean)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  WITH newest AS (
    SELECT DISTINCT ON (m.patient_id) m.* FROM monitoring_change m ORDER BY m.patient_id, m.position DESC
  ), told AS (
    SELECT DISTINCT ON (t.patient_id) t.patient_id, t.is_watched FROM monitoring_told t ORDER BY t.patient_id, t.position DESC
  ), due AS (
    SELECT n.* FROM newest n LEFT JOIN told t ON t.patient_id = n.patient_id
     WHERE n.at <= instant - settled_ms AND n.is_watched <> coalesce(t.is_watched, true)
       AND EXISTS (SELECT FROM stay s WHERE s.patient_id = n.patient_id AND s.to_at IS NULL)
  ), beside AS (
    SELECT DISTINCT d.position, r.person_id AS id FROM due d JOIN patient_relation r ON r.patient_id IN (SELECT records_of_person(d.patient_id))
     WHERE r.relation IN ('self', 'guardian') AND r.from_at <= instant AND (r.to_at IS NULL OR r.to_at > instant)
       AND NOT EXISTS (SELECT FROM patient_fact f WHERE f.fact = 'deceased' AND f.patient_id = r.patient_id
         AND f.from_at <= instant AND (f.to_at IS NULL OR f.to_at > instant))
  ), physician AS (
    SELECT DISTINCT d.position, p.id FROM due d JOIN access_grant g ON g.organisation_id = d.organisation_id AND g.purpose <> 'research'
        AND g.ended_at IS NULL AND g.from_at <= instant AND (g.to_at IS NULL OR g.to_at > instant)
        AND (g.patient_id IN (SELECT records_of_person(d.patient_id)) OR g.patient_id IS NULL AND (g.ward_id IS NULL
          OR EXISTS (SELECT FROM stay s WHERE s.patient_id = d.patient_id AND s.ward_id = g.ward_id AND s.to_at IS NULL)))
      JOIN person p ON p.organisation_id = d.organisation_id AND p.role = 'physician'
        AND (p.id = g.grantee_id OR g.grantee_kind = 'role' AND g.grantee_role = p.role)
  ), responsible AS (
    SELECT * FROM physician
    UNION
    SELECT d.position, p.id FROM due d JOIN person p ON p.organisation_id = d.organisation_id AND p.role = 'administrator'
     WHERE NOT EXISTS (SELECT FROM physician f JOIN person q ON q.id = f.id AND q.disabled_at IS NULL WHERE f.position = d.position)
  ), everybody AS (
    SELECT position, id, true AS is_patient FROM beside
    UNION ALL
    SELECT position, id, false FROM responsible r WHERE NOT EXISTS (SELECT FROM beside b WHERE b.position = r.position AND b.id = r.id)
  )
  SELECT d.position, d.organisation_id, d.patient_id, d.is_watched, p.id, p.email, coalesce(e.is_patient, false)
    FROM due d LEFT JOIN (everybody e JOIN person p ON p.id = e.id AND p.disabled_at IS NULL) ON e.position = d.position
   ORDER BY d.position, p.id
$$;
REVOKE ALL ON FUNCTION monitoring_to_tell(bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION monitoring_to_tell(bigint, bigint) TO openward_worker;
