-- Bulk exports by FHIR: jobs, and the pieces of their files (docs/adr/0070-bulk-data.md).
CREATE TABLE bulk_job (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  -- In whose name, and by which application.
  owner_id text NOT NULL,
  client_id text,
  owner jsonb NOT NULL,
  request jsonb NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  -- What is as old as this, or older, is in it.
  transaction_time bigint NOT NULL,
  updated_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  -- Where it goes on after a restart; null: at its beginning.
  cursor jsonb,
  -- Of each file its type, pieces, lines and bytes.
  files jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX bulk_job_owner ON bulk_job (organisation_id, owner_id);
CREATE INDEX bulk_job_expires ON bulk_job (expires_at);
COMMENT ON TABLE bulk_job IS 'Bulk exports that run or wait to be fetched';

CREATE TABLE bulk_piece (
  job_id uuid NOT NULL REFERENCES bulk_job ON DELETE CASCADE,
  file integer NOT NULL,
  number integer NOT NULL,
  organisation_id uuid NOT NULL,
  -- About whom its lines are; null: nobody.
  patient_id uuid,
  other_patient_ids uuid[] NOT NULL DEFAULT '{}',
  -- What was measured, where consent may hide it; null: it is not of a signal.
  signal text,
  -- As others wrote it: not for whom a patient keeps anything back from.
  is_written boolean NOT NULL,
  lines integer NOT NULL,
  plain_bytes integer NOT NULL,
  -- Where it lies in the job's file of that number, under which key.
  stored_at bigint NOT NULL,
  stored_bytes integer NOT NULL,
  key_id integer NOT NULL,
  PRIMARY KEY (job_id, file, number)
);
CREATE INDEX bulk_piece_patient ON bulk_piece (patient_id) WHERE patient_id IS NOT NULL;
COMMENT ON TABLE bulk_piece IS 'Lines of an export of one patient, one behind the other in an encrypted file';

ALTER TABLE bulk_job ENABLE ROW LEVEL SECURITY;
ALTER TABLE bulk_piece ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON bulk_job TO openward_api
  USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
CREATE POLICY own_organisation ON bulk_piece TO openward_api
  USING (organisation_id = current_organisation()
    AND (patient_id IS NULL OR (SELECT sees_organisation()) OR patient_id IN (SELECT seen_patients()))
    AND (other_patient_ids = '{}' OR (SELECT sees_organisation()) OR other_patient_ids <@ ARRAY(SELECT seen_patients())));
CREATE POLICY shared_by_patient ON bulk_piece AS RESTRICTIVE FOR SELECT TO openward_api
  USING (patient_id IS NULL OR signal IS NULL
    OR (patient_id, category_of(signal)) NOT IN (SELECT patient, category FROM hidden_categories()));
CREATE POLICY every_organisation ON bulk_job TO openward_worker USING (true) WITH CHECK (true);
CREATE POLICY every_organisation ON bulk_piece TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT ON bulk_job, bulk_piece TO openward_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON bulk_job, bulk_piece TO openward_worker;
