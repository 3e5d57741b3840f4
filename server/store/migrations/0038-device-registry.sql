-- What is known of a device beside what it signs in with: its label, whose it is, where, and whether it may be used.
-- Times are bigint milliseconds UTC.
ALTER TABLE device
  -- The parsed label (packages/codecs/udi), with how it came to us.
  ADD COLUMN udi jsonb,
  ADD COLUMN owner text NOT NULL DEFAULT 'organisation' CHECK (owner IN ('organisation', 'patient', 'loan')),
  -- Of a loan: from whom. Whose a patient's own device is, is not written here: it is who wears it.
  ADD COLUMN owner_name text CHECK (length(owner_name) <= 120),
  ADD COLUMN location text CHECK (length(location) <= 120),
  ADD COLUMN out_of_service boolean NOT NULL DEFAULT false,
  ADD COLUMN service_note text CHECK (length(service_note) <= 500),
  ADD COLUMN service_due_on date;
-- One label is on one device: registered twice, one of the two is another device with the wrong label.
CREATE UNIQUE INDEX device_label ON device (organisation_id, (udi->>'di'), (udi->>'serial'))
  WHERE udi->>'serial' IS NOT NULL AND revoked_at IS NULL;

-- What devices say of themselves, one row per change: the events of that name, without the patient who wore it.
CREATE TABLE device_fact (
  organisation_id uuid NOT NULL,
  device_id text NOT NULL,
  fact text NOT NULL,
  since bigint NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (device_id, fact, since),
  FOREIGN KEY (organisation_id, device_id) REFERENCES device (organisation_id, id)
);
COMMENT ON TABLE device_fact IS 'Maker, model, serial number, firmware and more, as the device said it, with history';
ALTER TABLE device_fact ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON device_fact TO openward_api USING (organisation_id = current_organisation());
CREATE POLICY every_organisation ON device_fact TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT ON device_fact TO openward_api, openward_worker;

CREATE FUNCTION keep_device_facts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  said record;
BEGIN
  FOR said IN SELECT key, left(value, 200) AS value FROM json_each_text(NEW.detail) WHERE key ~ '^[a-zA-Z]{1,32}$' LIMIT 32 LOOP
    CONTINUE WHEN said.value = '' OR said.value IS NOT DISTINCT FROM (
      SELECT f.value FROM device_fact f
       WHERE f.device_id = NEW.device_id AND f.fact = said.key AND f.since <= NEW.received_at ORDER BY f.since DESC LIMIT 1);
    INSERT INTO device_fact (organisation_id, device_id, fact, since, value)
    VALUES (NEW.organisation_id, NEW.device_id, said.key, NEW.received_at, said.value) ON CONFLICT DO NOTHING;
  END LOOP;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  -- The event itself is kept as it was said. Nothing that a device says of itself may hold up what it measures.
  RETURN NULL;
END $$;
CREATE TRIGGER keep_device_facts AFTER INSERT ON event FOR EACH ROW WHEN (NEW.event = 'device-information')
  EXECUTE FUNCTION keep_device_facts();
