-- Screens that lock themselves, and PINs that open them again.

ALTER TABLE session
  -- Without input for so long it is locked; null: never.
  ADD COLUMN lock_after_ms bigint CHECK (lock_after_ms > 0),
  ADD COLUMN input_at bigint NOT NULL DEFAULT 0,
  -- Until somebody shows that it is the person who signed in.
  ADD COLUMN locked_at bigint;

CREATE TABLE person_pin (
  person_id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  -- Argon2id, with its parameters and salt.
  pin_hash text NOT NULL,
  created_at bigint NOT NULL,
  FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id)
);
COMMENT ON TABLE person_pin IS 'Opens a screen that the person has signed in to, and nothing else; gone when it is taken away';

ALTER TABLE person_pin ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON person_pin TO openward_api
  USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
CREATE POLICY every_organisation ON person_pin TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON person_pin TO openward_api, openward_worker;
GRANT UPDATE (lock_after_ms, input_at, locked_at) ON session TO openward_api, openward_worker;
