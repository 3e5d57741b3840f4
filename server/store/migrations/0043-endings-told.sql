-- That a certificate or token ends was told to those who look after devices: once a month, a week before, and when it has ended.
-- Times are bigint milliseconds UTC.
CREATE TABLE ending_told (
  organisation_id uuid NOT NULL REFERENCES organisation,
  -- Of what it is, and which: the id of a credential or token, or the name of a file of the server.
  kind text NOT NULL,
  subject text NOT NULL,
  ends_at bigint NOT NULL,
  -- Days before its end; 0: it has ended.
  days_before integer NOT NULL CHECK (days_before >= 0),
  told_at bigint NOT NULL,
  PRIMARY KEY (organisation_id, kind, subject, ends_at, days_before)
);
COMMENT ON TABLE ending_told IS 'Which endings of certificates and tokens engineers were told of';
ALTER TABLE ending_told ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON ending_told TO openward_api USING (organisation_id = current_organisation());
CREATE POLICY every_organisation ON ending_told TO openward_worker USING (true) WITH CHECK (true);
GRANT SELECT ON ending_told TO openward_api;
GRANT SELECT, INSERT, DELETE ON ending_told TO openward_worker;
