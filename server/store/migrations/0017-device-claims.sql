-- Codes by which a device in a box gets what it signs in with: short-lived, for one use. Times are bigint milliseconds UTC.
CREATE TABLE device_claim (
  -- SHA-256 of the code.
  code_hash bytea PRIMARY KEY,
  organisation_id uuid NOT NULL,
  device_id text NOT NULL,
  created_at bigint NOT NULL,
  created_by text NOT NULL,
  expires_at bigint NOT NULL,
  used_at bigint,
  FOREIGN KEY (organisation_id, device_id) REFERENCES device (organisation_id, id)
);
CREATE INDEX device_claim_device ON device_claim (device_id) WHERE used_at IS NULL;
COMMENT ON TABLE device_claim IS 'Claim codes of devices, as hashes';
ALTER TABLE device_claim ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON device_claim TO openward_api
  USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
CREATE POLICY every_organisation ON device_claim TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON device_claim TO openward_api, openward_worker;
