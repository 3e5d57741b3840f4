-- The audit log: who looked at what and did what, one chain of hashes for each node. What a change writes of itself in
-- its own transaction is in audit_event; its record here, linked within a second, holds that row's digest.

CREATE TABLE audit_node (
  node text PRIMARY KEY CHECK (node <> ''),
  opened_at bigint NOT NULL
);
COMMENT ON TABLE audit_node IS 'Processes that write a chain of the audit log, for all organisations together';

CREATE TABLE audit_record (
  node text NOT NULL REFERENCES audit_node,
  -- 1, 2, 3 ... of this node, without a gap.
  position bigint NOT NULL CHECK (position > 0),
  id uuid NOT NULL UNIQUE,
  at bigint NOT NULL,
  -- All zeros: whoever it was belongs to no organisation, and only the worker sees it.
  organisation_id uuid NOT NULL,
  agent text NOT NULL,
  action text NOT NULL CHECK (action IN ('C', 'R', 'U', 'D', 'E')),
  code text NOT NULL,
  entity text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('allowed', 'refused', 'failed')),
  -- No patient_id: one answer may show several, and an erasure leaves who looked.
  patients uuid[] NOT NULL,
  -- The row of audit_event that this record holds the digest of.
  event_position bigint UNIQUE,
  -- The record itself, as it was hashed; the columns before are for searching.
  body text NOT NULL,
  hash bytea NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (node, position)
);
CREATE INDEX audit_record_time ON audit_record (organisation_id, at);
CREATE INDEX audit_record_agent ON audit_record (agent, at);
CREATE INDEX audit_record_patients ON audit_record USING gin (patients) WHERE patients <> '{}';

CREATE TABLE audit_checkpoint (
  number bigint PRIMARY KEY CHECK (number > 0),
  at bigint NOT NULL,
  body text NOT NULL,
  signature bytea NOT NULL CHECK (length(signature) = 64)
);
COMMENT ON TABLE audit_checkpoint IS 'Signed heads of all chains of the audit log, for all organisations together';

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['audit_node', 'audit_record', 'audit_checkpoint'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO openward_worker', name);
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;
CREATE POLICY own_organisation ON audit_record TO openward_api USING (organisation_id = current_organisation());
GRANT SELECT ON audit_record TO openward_api;
