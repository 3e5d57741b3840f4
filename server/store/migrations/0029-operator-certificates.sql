-- Certificates of the operator's own authority are kept from the first time a device signs in with one, so that they can be
-- seen and revoked here like ours.
ALTER TABLE device_credential ADD COLUMN authority text NOT NULL DEFAULT 'own' CHECK (authority IN ('own', 'operator'));
COMMENT ON COLUMN device_credential.authority IS 'Who issued it: this installation, or an authority of OPENWARD_DEVICE_CA';
