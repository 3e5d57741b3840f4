-- What people say later of what was measured (docs/adr/0021-amendments.md). A row per patient whom the amendment concerns:
-- a re-attribution has two, each encrypted under its own patient's key, so that erasing one leaves the other's history.
CREATE SEQUENCE amendment_sequence;

CREATE TABLE amendment (
  id uuid NOT NULL,
  patient_id uuid NOT NULL,
  organisation_id uuid NOT NULL REFERENCES organisation,
  -- The order in which they were made: given under a lock, so that a greater one is never seen before a lesser one.
  sequence bigint NOT NULL,
  at bigint NOT NULL,
  made_by text NOT NULL,
  -- Of a re-attribution: in the row of whose record it left, to whom it went; in the other's row, from whom it came.
  given_to uuid,
  given_by uuid,
  withdraws uuid,
  -- Which device, stream, reading or span, the value, the reason: server/store/amendments/content.ts, encrypted.
  content bytea NOT NULL,
  PRIMARY KEY (patient_id, id)
);
CREATE INDEX amendment_by_sequence ON amendment (sequence);
CREATE UNIQUE INDEX amendment_withdrawn_once ON amendment (patient_id, withdraws) WHERE withdraws IS NOT NULL;
COMMENT ON TABLE amendment IS 'Entered in error, corrected, re-attributed, withdrawn: laid over what was measured; insert-only';

-- Only the erasure of a patient, which is the owner's, takes a row away.
CREATE TRIGGER amendment_never_changes BEFORE UPDATE OR TRUNCATE ON amendment
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION announce_amendment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('openward_change', jsonb_build_object('kind', 'amendment', 'organisationId', NEW.organisation_id,
    'patientId', NEW.patient_id)::text);
  RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER INSERT ON amendment FOR EACH ROW EXECUTE FUNCTION announce_amendment();

ALTER TABLE amendment ENABLE ROW LEVEL SECURITY;
CREATE POLICY every_organisation ON amendment TO openward_worker USING (true) WITH CHECK (true);
CREATE POLICY own_organisation ON amendment TO openward_api
  USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
GRANT SELECT ON amendment TO openward_worker, openward_api;
GRANT INSERT ON amendment TO openward_api;
GRANT USAGE ON SEQUENCE amendment_sequence TO openward_api;
