-- Telemetry is encrypted under keys that are not in this database (docs/adr/0015-keys-and-erasure.md).

-- Which key store each organisation's telemetry is encrypted with: a start with another one is refused.
CREATE TABLE key_store (
  organisation_id uuid PRIMARY KEY REFERENCES organisation,
  store_id uuid NOT NULL,
  -- How many keys it has had, as far as is known here: a copy with fewer gives none of their ids again.
  keys integer NOT NULL,
  since bigint NOT NULL
);
COMMENT ON TABLE key_store IS 'The key store that holds the keys of an organisation''s patients';

-- What is left of a patient who was erased.
CREATE TABLE erased_patient (
  patient_id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  erased_at bigint NOT NULL
);
COMMENT ON TABLE erased_patient IS 'Patients who were erased: the id, so that nothing of theirs is ever taken up again';

COMMENT ON COLUMN quarantine.raw IS 'Encrypted under the key of its month (server/store/keys/raw-input.ts)';

-- Deletes every row of these patients, of whatever table has patient_id, and leaves their ids in erased_patient. What they
-- are known by in the audit log is the id, and it stays. Doing it again is harmless, and deletes what has come since.
--
-- streams: known of the patients beside those in the table of streams; a block may have been written when those were gone.
CREATE FUNCTION erase_patients(patients uuid[], organisations uuid[], streams uuid[], at bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  all_streams uuid[];
  claimed uuid[];
  name text;
  by_stream boolean;
  deleted bigint := 0;
  n bigint;
BEGIN
  INSERT INTO erased_patient (patient_id, organisation_id, erased_at)
    SELECT e.patient_id, e.organisation_id, at FROM unnest(patients, organisations) AS e (patient_id, organisation_id)
      JOIN organisation o ON o.organisation_id = e.organisation_id
    ON CONFLICT DO NOTHING;
  SELECT coalesce(array_agg(id), '{}') || streams INTO all_streams FROM stream WHERE patient_id = ANY (patients);
  SELECT coalesce(array_agg(quarantine_id), '{}') INTO claimed FROM quarantine_resolution WHERE patient_id = ANY (patients);

  -- The streams themselves last but for the patient: they say what belongs to whom.
  FOR name, by_stream IN
    SELECT c.relname,
        -- Blocks are many and have no index by patient, but each belongs to a stream.
        NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indkey[0] = p.attnum)
          AND EXISTS (SELECT FROM pg_attribute s WHERE s.attrelid = c.oid AND s.attname = 'stream_id' AND NOT s.attisdropped)
      FROM pg_class c JOIN pg_attribute p ON p.attrelid = c.oid AND p.attname = 'patient_id' AND NOT p.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND c.relname NOT IN ('erased_patient', 'audit_event')
     ORDER BY c.relname = 'stream', c.relname
  LOOP
    IF by_stream THEN
      EXECUTE format('DELETE FROM %I WHERE stream_id = ANY ($1)', name) USING all_streams;
    ELSE
      EXECUTE format('DELETE FROM %I WHERE patient_id = ANY ($1)', name) USING patients;
    END IF;
    GET DIAGNOSTICS n = ROW_COUNT;
    deleted := deleted + n;
  END LOOP;
  DELETE FROM quarantine WHERE id = ANY (claimed);
  GET DIAGNOSTICS n = ROW_COUNT;
  deleted := deleted + n;
  UPDATE patient SET merged_into = NULL WHERE merged_into = ANY (patients) AND id <> ALL (patients);
  DELETE FROM patient WHERE id = ANY (patients);
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN deleted + n;
END $$;
CREATE INDEX quarantine_resolution_by_patient ON quarantine_resolution (patient_id) WHERE patient_id IS NOT NULL;

ALTER TABLE key_store ENABLE ROW LEVEL SECURITY;
ALTER TABLE erased_patient ENABLE ROW LEVEL SECURITY;
CREATE POLICY every_organisation ON key_store TO openward_worker USING (true) WITH CHECK (true);
CREATE POLICY every_organisation ON erased_patient TO openward_worker USING (true) WITH CHECK (true);
CREATE POLICY own_organisation ON erased_patient TO openward_api
  USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
GRANT SELECT, INSERT, UPDATE ON key_store TO openward_worker;
GRANT SELECT ON erased_patient TO openward_worker, openward_api;
REVOKE ALL ON FUNCTION erase_patients(uuid[], uuid[], uuid[], bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_patients(uuid[], uuid[], uuid[], bigint) TO openward_worker;
