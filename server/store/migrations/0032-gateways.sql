-- What whoever looks after a gateway has set for it; the newest row holds, and the others are the history.
-- Times are bigint milliseconds UTC.
CREATE TABLE gateway_settings (
  organisation_id uuid NOT NULL,
  gateway_id text NOT NULL,
  revision integer NOT NULL CHECK (revision > 0),
  settings jsonb NOT NULL,
  set_by text NOT NULL,
  set_at bigint NOT NULL,
  PRIMARY KEY (gateway_id, revision),
  FOREIGN KEY (organisation_id, gateway_id) REFERENCES device (organisation_id, id)
);
COMMENT ON TABLE gateway_settings IS 'Settings of gateways, a row for each change; insert-only';
ALTER TABLE gateway_settings ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON gateway_settings TO openward_api
  USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
CREATE POLICY every_organisation ON gateway_settings TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON gateway_settings TO openward_api, openward_worker;
