-- What tells afterwards why something is missing: when the server ran, when devices were connected, when gateways were there
-- and whom they heard, when a device was out of service. Spans, not messages; old ones are deleted (server/fleet).
-- Times are bigint milliseconds UTC.

-- Between two rows the server did not run.
CREATE TABLE server_run (
  id uuid PRIMARY KEY,
  started_at bigint NOT NULL,
  -- Written every half minute: where `ended_at` is missing it ended soon after.
  alive_at bigint NOT NULL,
  ended_at bigint,
  CHECK (alive_at >= started_at)
);
CREATE INDEX server_run_started ON server_run (started_at);
COMMENT ON TABLE server_run IS 'When a server of this database ran; tells of nobody';

CREATE TABLE device_connection (
  device_id text NOT NULL,
  from_at bigint NOT NULL,
  organisation_id uuid NOT NULL,
  -- NULL: it goes on, or the server ended before it did.
  to_at bigint,
  run_id uuid NOT NULL,
  PRIMARY KEY (device_id, from_at),
  CHECK (to_at >= from_at),
  FOREIGN KEY (organisation_id, device_id) REFERENCES device (organisation_id, id)
);
CREATE INDEX device_connection_old ON device_connection (coalesce(to_at, from_at));
COMMENT ON TABLE device_connection IS 'Spans in which a device kept a connection to the server (MQTT, MLLP)';

-- Of the reports of gateways: device_id '' is the gateway itself.
CREATE TABLE gateway_heard (
  gateway_id text NOT NULL,
  device_id text NOT NULL,
  from_at bigint NOT NULL,
  to_at bigint NOT NULL,
  organisation_id uuid NOT NULL,
  PRIMARY KEY (gateway_id, device_id, from_at),
  CHECK (to_at >= from_at),
  FOREIGN KEY (organisation_id, gateway_id) REFERENCES device (organisation_id, id)
);
CREATE INDEX gateway_heard_span ON gateway_heard (gateway_id, to_at);
COMMENT ON TABLE gateway_heard IS 'Spans in which a gateway was there, and in which it heard each device';

CREATE TABLE device_service (
  device_id text NOT NULL,
  at bigint NOT NULL,
  organisation_id uuid NOT NULL,
  out_of_service boolean NOT NULL,
  PRIMARY KEY (device_id, at),
  FOREIGN KEY (organisation_id, device_id) REFERENCES device (organisation_id, id)
);
COMMENT ON TABLE device_service IS 'When a device went out of service and came back';
INSERT INTO device_service (device_id, at, organisation_id, out_of_service)
  SELECT id, (extract(epoch FROM now()) * 1000)::bigint, organisation_id, true FROM device WHERE out_of_service;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['device_connection', 'gateway_heard', 'device_service'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_organisation ON %I TO openward_api
      USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation())', name);
    EXECUTE format('CREATE POLICY every_organisation ON %I TO openward_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT ON %I TO openward_api', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO openward_worker', name);
  END LOOP;
END $$;
GRANT INSERT, UPDATE ON device_service TO openward_api;
ALTER TABLE server_run ENABLE ROW LEVEL SECURITY;
CREATE POLICY for_all ON server_run FOR SELECT TO openward_api USING (true);
CREATE POLICY every_organisation ON server_run TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT ON server_run TO openward_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON server_run TO openward_worker;
