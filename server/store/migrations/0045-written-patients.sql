-- Patients are written by FHIR too: who is deleted that way leaves the lists (docs/adr/0067-house-types-written.md).

-- Deleted by FHIR, with an empty chart; null: not. Nothing of a record is destroyed by it.
ALTER TABLE patient ADD COLUMN withdrawn_at bigint;

-- The first table with anything about a patient beside who they are; null: their chart is empty. Tables that come later are
-- asked too. What hangs on a stream needs no look of its own: there is no stream without a row in that table.
CREATE FUNCTION first_of_chart(who uuid) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  name text;
  is_there boolean;
BEGIN
  FOR name IN
    SELECT c.relname
      FROM pg_class c JOIN pg_attribute p ON p.attrelid = c.oid AND p.attname = 'patient_id' AND NOT p.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND c.relname NOT IN ('patient_time_zone', 'audit_event', 'erased_patient', 'monitoring_change', 'monitoring_told',
         'outbox_notice', 'resource', 'resource_version', 'resource_string', 'resource_span')
       AND (c.relname = 'stream' OR NOT EXISTS (SELECT FROM pg_attribute s
             WHERE s.attrelid = c.oid AND s.attname = 'stream_id' AND s.attnotnull AND NOT s.attisdropped))
     ORDER BY c.relname <> 'stream', c.relname
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE patient_id = $1)', name) INTO is_there USING who;
    IF is_there THEN RETURN name; END IF;
  END LOOP;
  IF EXISTS (SELECT FROM resource r WHERE (r.patient_id = who OR who = ANY (r.other_patient_ids))
       AND r.content IS NOT NULL AND NOT (r.type = 'Patient' AND r.id = who::text)) THEN
    RETURN 'resource';
  END IF;
  IF EXISTS (SELECT FROM patient p WHERE p.merged_into = who OR (p.id = who AND p.merged_into IS NOT NULL)) THEN
    RETURN 'patient';
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION first_of_chart(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION first_of_chart(uuid) TO openward_api;
