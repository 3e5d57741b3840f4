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

-- A hold reaches what was sent byte for byte, too. Of whom a row tells stands encrypted inside it, and whose it is may be put right later:
-- while anybody of an organisation is held, days in which something of that organisation stands are kept whole.
CREATE OR REPLACE FUNCTION raw_input_drop_before(before date) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  partition regclass;
  is_held boolean;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7276903413) THEN RETURN; END IF;
  FOR partition IN
    SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'raw_input'::regclass ORDER BY inhrelid::regclass::text
  LOOP
    CONTINUE WHEN right(partition::text, 8) >= to_char(before, 'YYYYMMDD');
    EXECUTE format('SELECT EXISTS (SELECT FROM %s r JOIN legal_hold h USING (organisation_id)
      WHERE h.ended_at IS NULL AND (h.to_at IS NULL OR h.to_at > current_instant()))', partition) INTO is_held;
    CONTINUE WHEN is_held;
    RETURN NEXT partition::text;
    EXECUTE format('DROP TABLE %s', partition);
  END LOOP;
END $$;

-- As in 0009, but that the rows of the journal beside which raw input stands are kept with it.
CREATE OR REPLACE FUNCTION journal_drop_before(before date) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  partition regclass;
  sealed bigint;
  newest bigint;
  has_raw boolean;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7276903413) THEN RETURN; END IF;
  SELECT min(watermark) INTO sealed FROM seal_state;
  FOR partition IN
    SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'journal'::regclass ORDER BY inhrelid::regclass::text
  LOOP
    CONTINUE WHEN right(partition::text, 8) >= to_char(before, 'YYYYMMDD');
    EXECUTE format('SELECT max(position) FROM %s', partition) INTO newest;
    CONTINUE WHEN newest IS NOT NULL AND (sealed IS NULL OR newest >= sealed);
    IF to_regclass('raw_input_' || right(partition::text, 8)) IS NOT NULL THEN
      EXECUTE format('SELECT EXISTS (SELECT FROM %I)', 'raw_input_' || right(partition::text, 8)) INTO has_raw;
      CONTINUE WHEN has_raw;
    END IF;
    RETURN NEXT partition::text;
    EXECUTE format('DROP TABLE %s', partition);
  END LOOP;
END $$;
