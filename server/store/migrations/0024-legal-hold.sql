-- While a legal hold runs, nothing of the patient is erased and nothing has its time (docs/adr/0038-rights.md).
CREATE TABLE legal_hold (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  reason text NOT NULL CHECK (reason <> ''),
  from_at bigint NOT NULL,
  -- Ends by itself; null: when somebody ends it.
  to_at bigint,
  created_by text NOT NULL,
  ended_at bigint,
  ended_by text,
  end_reason text,
  CHECK (to_at > from_at),
  CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
  FOREIGN KEY (organisation_id, patient_id) REFERENCES patient (organisation_id, id)
);
CREATE INDEX legal_hold_patient ON legal_hold (patient_id);
COMMENT ON TABLE legal_hold IS 'Patients of whom nothing may go, why and until when; a hold is ended, never changed';

CREATE FUNCTION refuse_other_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL OR
     (to_jsonb(NEW) - ARRAY['ended_at', 'ended_by', 'end_reason']) IS DISTINCT FROM
     (to_jsonb(OLD) - ARRAY['ended_at', 'ended_by', 'end_reason']) THEN
    RAISE EXCEPTION 'a hold can only be ended' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER legal_hold_only_ends BEFORE UPDATE ON legal_hold FOR EACH ROW EXECUTE FUNCTION refuse_other_hold();

ALTER TABLE legal_hold ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON legal_hold TO openward_api
  USING (organisation_id = current_organisation() AND ((SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients())))
  WITH CHECK (organisation_id = current_organisation() AND ((SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients())));
CREATE POLICY every_organisation ON legal_hold TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON legal_hold TO openward_api, openward_worker;
GRANT UPDATE (ended_at, ended_by, end_reason) ON legal_hold TO openward_api, openward_worker;

-- Every record of everybody who is held: a hold on one record is a hold on the person.
CREATE FUNCTION held_patients(instant bigint) RETURNS SETOF uuid LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  WITH RECURSIVE up AS (
    SELECT patient_id AS id FROM legal_hold WHERE ended_at IS NULL AND (to_at IS NULL OR to_at > instant)
    UNION SELECT p.merged_into FROM up JOIN patient p ON p.id = up.id WHERE p.merged_into IS NOT NULL
  ), person AS (
    SELECT id FROM up
    UNION SELECT p.id FROM person r JOIN patient p ON p.merged_into = r.id
  ) SELECT id FROM person
$$;

-- An erasure begins here and nowhere else: what commits first, it or a hold, stands, and the other is refused. From here on
-- it is gone through with, if need be by the next start. @return false: somebody holds one of them, and nothing was done
CREATE FUNCTION begin_erasure(patients uuid[], instant bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  -- Whoever places a hold takes the same rows.
  PERFORM FROM patient WHERE id = ANY (patients) ORDER BY id FOR UPDATE;
  IF EXISTS (SELECT FROM held_patients(instant) AS held WHERE held = ANY (patients)) THEN RETURN false; END IF;
  INSERT INTO erased_patient (patient_id, organisation_id, erased_at)
    SELECT id, organisation_id, instant FROM patient WHERE id = ANY (patients) ON CONFLICT DO NOTHING;
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION begin_erasure(uuid[], bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION begin_erasure(uuid[], bigint) TO openward_worker;
