-- Which version of a gateway's settings went back to which, and what the gateway made of each. Times are bigint milliseconds UTC.
ALTER TABLE gateway_settings ADD COLUMN restores integer CHECK (restores >= 0);

-- When a gateway took up a revision, as it told itself in its report: one row, of the first that said so.
CREATE TABLE gateway_taken (
  organisation_id uuid NOT NULL,
  gateway_id text NOT NULL,
  revision integer NOT NULL,
  -- By the gateway's clock.
  taken_at bigint NOT NULL,
  told_at bigint NOT NULL,
  -- Of that revision, by which settings it does not work: [{at, reason}].
  refused jsonb NOT NULL,
  PRIMARY KEY (gateway_id, revision),
  FOREIGN KEY (organisation_id, gateway_id) REFERENCES device (organisation_id, id)
);
COMMENT ON TABLE gateway_taken IS 'When gateways took up versions of their settings, and what they refused';
ALTER TABLE gateway_taken ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON gateway_taken TO openward_api USING (organisation_id = current_organisation());
CREATE POLICY every_organisation ON gateway_taken TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT ON gateway_taken TO openward_api, openward_worker;

CREATE FUNCTION keep_gateway_taken() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  version text := NEW.detail->>'configuration';
BEGIN
  IF version ~ '^[0-9]{1,9}-' THEN
    INSERT INTO gateway_taken (organisation_id, gateway_id, revision, taken_at, told_at, refused)
    VALUES (NEW.organisation_id, NEW.device_id, split_part(version, '-', 1)::integer,
            coalesce((NEW.detail->>'takenUpAt')::bigint, NEW.received_at), NEW.received_at, coalesce((NEW.detail->'refused')::jsonb, '[]'))
    ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  -- The report itself is kept as it was said.
  RETURN NULL;
END $$;
CREATE TRIGGER keep_gateway_taken AFTER INSERT ON event FOR EACH ROW WHEN (NEW.event = 'gateway-report')
  EXECUTE FUNCTION keep_gateway_taken();
