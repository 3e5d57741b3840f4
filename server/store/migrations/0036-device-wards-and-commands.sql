-- The ward in which a device stands, beside the words of where it is; NULL: it has none, or goes with its patient.
ALTER TABLE device
  ADD COLUMN ward_id uuid,
  ADD FOREIGN KEY (organisation_id, ward_id) REFERENCES ward (organisation_id, id);

-- What a device says that it can be asked to do, one row per announcement that said something else: its event "commands-accepted".
-- Nothing is sent to a device by this. Times are bigint milliseconds UTC.
CREATE TABLE device_commands (
  organisation_id uuid NOT NULL,
  device_id text NOT NULL,
  -- When it said so, by its clock as corrected.
  since bigint NOT NULL,
  -- [{name, about}], in the device's order.
  commands jsonb NOT NULL,
  PRIMARY KEY (device_id, since),
  FOREIGN KEY (organisation_id, device_id) REFERENCES device (organisation_id, id)
);
COMMENT ON TABLE device_commands IS 'Commands that devices say they accept, as they said it, with history';
ALTER TABLE device_commands ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON device_commands TO openward_api USING (organisation_id = current_organisation());
CREATE POLICY every_organisation ON device_commands TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT ON device_commands TO openward_api, openward_worker;

CREATE FUNCTION keep_device_commands() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  said jsonb;
BEGIN
  IF json_typeof(NEW.detail->'commands') IS DISTINCT FROM 'array' THEN
    RETURN NULL;
  END IF;
  -- A name, or an object with one. Whatever else it said stays in the event.
  SELECT coalesce(jsonb_agg(jsonb_build_object('name', one.name, 'about', one.about) ORDER BY one.n), '[]') INTO said
    FROM (SELECT CASE jsonb_typeof(c) WHEN 'string' THEN c #>> '{}' ELSE c->>'name' END AS name, left(c->>'about', 200) AS about, n
            FROM jsonb_array_elements((NEW.detail->'commands')::jsonb) WITH ORDINALITY AS e (c, n) LIMIT 64) one
   WHERE one.name ~ '^[a-zA-Z][a-zA-Z0-9._-]{0,63}$';
  IF said IS DISTINCT FROM (
    SELECT d.commands FROM device_commands d WHERE d.device_id = NEW.device_id AND d.since <= NEW.at ORDER BY d.since DESC LIMIT 1)
  THEN
    INSERT INTO device_commands (organisation_id, device_id, since, commands)
    VALUES (NEW.organisation_id, NEW.device_id, NEW.at, said) ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  -- The event itself is kept as it was said. Nothing that a device says of itself may hold up what it measures.
  RETURN NULL;
END $$;
CREATE TRIGGER keep_device_commands AFTER INSERT ON event FOR EACH ROW WHEN (NEW.event = 'commands-accepted')
  EXECUTE FUNCTION keep_device_commands();

-- Of a clock of which nobody but a person can tell whether it is wrong or its data late: who said which state of it holds, and why.
CREATE TABLE device_clock_decision (
  organisation_id uuid NOT NULL,
  device_id text NOT NULL,
  -- Of device_clock_state.
  sequence bigint NOT NULL,
  decided_by text NOT NULL,
  because text NOT NULL CHECK (length(because) <= 500),
  PRIMARY KEY (device_id, sequence),
  FOREIGN KEY (organisation_id, device_id) REFERENCES device (organisation_id, id)
);
COMMENT ON TABLE device_clock_decision IS 'States of devices'' clocks that a person decided, with author and reason; insert-only';
ALTER TABLE device_clock_decision ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON device_clock_decision TO openward_api USING (organisation_id = current_organisation());
CREATE POLICY every_organisation ON device_clock_decision TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT ON device_clock_decision TO openward_api, openward_worker;
GRANT INSERT ON device_clock_decision TO openward_worker;
