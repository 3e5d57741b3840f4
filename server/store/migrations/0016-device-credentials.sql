-- What devices sign in with, and which devices are in the charge of a gateway. Times are bigint milliseconds UTC.

-- Several at a time, so that a device can change from one to the next without a gap.
CREATE TABLE device_credential (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  device_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('token', 'certificate')),
  -- SHA-256 of the token, or of the certificate (DER): neither can be made from it.
  hash bytea NOT NULL,
  created_at bigint NOT NULL,
  created_by text NOT NULL,
  -- null: until it is revoked.
  expires_at bigint,
  revoked_at bigint,
  FOREIGN KEY (organisation_id, device_id) REFERENCES device (organisation_id, id)
);
CREATE INDEX device_credential_device ON device_credential (device_id) WHERE revoked_at IS NULL;
COMMENT ON TABLE device_credential IS 'Tokens and certificates of devices, as hashes';

INSERT INTO device_credential (id, organisation_id, device_id, kind, hash, created_at, created_by)
  SELECT gen_random_uuid(), organisation_id, id, 'token', token_hash, created_at, 'system' FROM device;
-- What a migration found stays as it was; nothing reads or writes it any more.
ALTER TABLE device ALTER COLUMN token_hash DROP NOT NULL;
COMMENT ON COLUMN device.token_hash IS 'Until migration 16; see device_credential';

CREATE TABLE device_charge (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  gateway_id text NOT NULL,
  device_id text NOT NULL CHECK (device_id <> gateway_id),
  from_at bigint NOT NULL,
  to_at bigint,
  created_by text NOT NULL,
  FOREIGN KEY (organisation_id, gateway_id) REFERENCES device (organisation_id, id),
  FOREIGN KEY (organisation_id, device_id) REFERENCES device (organisation_id, id)
);
CREATE UNIQUE INDEX device_charge_running ON device_charge (gateway_id, device_id) WHERE to_at IS NULL;
COMMENT ON TABLE device_charge IS 'Gateways that may speak for a device, and since when';

-- Both change what a device may: whoever keeps devices in memory loads it again.
CREATE FUNCTION announce_device_access() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed jsonb := to_jsonb(COALESCE(NEW, OLD));
BEGIN
  PERFORM pg_notify('openward_change', jsonb_build_object(
    'kind', 'device',
    'organisationId', changed->>'organisation_id',
    'deviceId', COALESCE(changed->>'gateway_id', changed->>'device_id'))::text);
  RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON device_credential
  FOR EACH ROW EXECUTE FUNCTION announce_device_access();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON device_charge
  FOR EACH ROW EXECUTE FUNCTION announce_device_access();

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['device_credential', 'device_charge'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api
      USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation())', name);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO openward_api, openward_worker', name);
  END LOOP;
END $$;
