-- Breaking the glass is a grant of its own (basis break-glass); here is what somebody else found when they looked at it
-- afterwards. What has no row here waits in the queue (docs/adr/0029-break-glass.md).
CREATE TABLE break_glass_review (
  -- Erasing a patient takes the grants for them away, and their reviews; the audit log keeps that they were.
  grant_id uuid PRIMARY KEY REFERENCES access_grant ON DELETE CASCADE,
  organisation_id uuid NOT NULL REFERENCES organisation,
  outcome text NOT NULL CHECK (outcome IN ('justified', 'not-justified', 'unclear')),
  note text,
  reviewed_at bigint NOT NULL,
  reviewed_by text NOT NULL
);
COMMENT ON TABLE break_glass_review IS 'What became of each breaking of the glass; insert-only';
CREATE INDEX access_grant_break_glass ON access_grant (organisation_id, created_at) WHERE basis = 'break-glass';
ALTER TABLE access_grant ADD CONSTRAINT break_glass_ends CHECK
  (basis <> 'break-glass' OR (patient_id IS NOT NULL AND to_at IS NOT NULL AND reason IS NOT NULL AND grantee_kind = 'person'));

CREATE TRIGGER break_glass_review_append_only BEFORE UPDATE OR TRUNCATE ON break_glass_review
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE break_glass_review ENABLE ROW LEVEL SECURITY;
CREATE POLICY every_organisation ON break_glass_review TO openward_worker USING (true) WITH CHECK (true);
-- It is the house's, behind a door that knows who reviews.
CREATE POLICY own_organisation ON break_glass_review TO openward_api
  USING (organisation_id = current_organisation() AND current_setting('openward.principal', true) = 'organisation')
  WITH CHECK (organisation_id = current_organisation() AND current_setting('openward.principal', true) = 'organisation');
GRANT SELECT, INSERT ON break_glass_review TO openward_api, openward_worker;
