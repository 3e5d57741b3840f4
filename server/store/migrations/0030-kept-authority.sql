-- Our own certificate authority, so that a restored installation goes on with the one that its devices trust. It is
-- encrypted under a key of the key store.
CREATE TABLE kept_authority (
  -- There is one.
  id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  key_id bigint NOT NULL,
  sealed bytea NOT NULL,
  kept_at bigint NOT NULL
);
COMMENT ON TABLE kept_authority IS 'The authority of this installation, of all organisations together';
ALTER TABLE kept_authority ENABLE ROW LEVEL SECURITY;
CREATE POLICY every_authority ON kept_authority TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON kept_authority TO openward_worker;
