-- Imports by FHIR: jobs, the lines that they fetched, and what the sources' resources are called here (docs/adr/0077-bulk-import.md).
CREATE TABLE import_job (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation,
  -- In whose name, and by which application.
  owner_id text NOT NULL,
  client_id text,
  owner jsonb NOT NULL,
  -- Sealed under the organisation's key: addresses of files are often signed, and are secrets then.
  request bytea NOT NULL,
  key_id integer NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  refusal text,
  begun_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  -- Where the writing goes on after a restart; null: files are being fetched.
  cursor jsonb,
  -- Of each file its type, how much was fetched, and what became of its lines.
  files jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX import_job_owner ON import_job (organisation_id, owner_id);
CREATE INDEX import_job_expires ON import_job (expires_at);
COMMENT ON TABLE import_job IS 'Imports by FHIR that run, or whose outcome waits to be fetched';

CREATE TABLE import_piece (
  job_id uuid NOT NULL REFERENCES import_job ON DELETE CASCADE,
  file integer NOT NULL,
  number integer NOT NULL,
  organisation_id uuid NOT NULL,
  first_line bigint NOT NULL,
  lines integer NOT NULL,
  plain_bytes integer NOT NULL,
  -- Where it lies in the job's file of that number, under which key.
  stored_at bigint NOT NULL,
  stored_bytes integer NOT NULL,
  key_id integer NOT NULL,
  PRIMARY KEY (job_id, file, number)
);
COMMENT ON TABLE import_piece IS 'Lines of a file of an import, encrypted on the disk until the import has ended';

CREATE TABLE import_line (
  job_id uuid NOT NULL REFERENCES import_job ON DELETE CASCADE,
  file integer NOT NULL,
  line bigint NOT NULL,
  organisation_id uuid NOT NULL,
  -- Why it was not written, as an OperationOutcome; null: it waits for what it names.
  outcome text,
  PRIMARY KEY (job_id, file, line)
);
CREATE INDEX import_line_waiting ON import_line (job_id, file, line) WHERE outcome IS NULL;
COMMENT ON TABLE import_line IS 'Lines of an import that were refused, or wait';

-- One resource of a source, here and always the same: an import that is made again makes nothing twice.
CREATE TABLE import_name (
  organisation_id uuid NOT NULL REFERENCES organisation,
  -- Of source and id, keyed: an id of another house may be a number by which a person is known.
  name bytea NOT NULL CHECK (octet_length(name) = 16),
  type text NOT NULL CHECK (type ~ '^[A-Z][A-Za-z]{1,63}$'),
  id text NOT NULL,
  is_made boolean NOT NULL DEFAULT false,
  -- Whose it is; goes with them.
  about uuid,
  PRIMARY KEY (organisation_id, name, type)
);
CREATE INDEX import_name_about ON import_name (about) WHERE about IS NOT NULL;
COMMENT ON TABLE import_name IS 'What resources of other systems are called here that were imported';

-- Whoever is erased and comes once more is somebody new: their old id stays erased.
CREATE FUNCTION erase_import_names() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM import_name WHERE about = NEW.patient_id;
  RETURN NULL;
END $$;
CREATE TRIGGER erase_import_names AFTER INSERT ON erased_patient FOR EACH ROW EXECUTE FUNCTION erase_import_names();

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['import_job', 'import_piece', 'import_line', 'import_name'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO openward_worker', name);
  END LOOP;
END $$;
