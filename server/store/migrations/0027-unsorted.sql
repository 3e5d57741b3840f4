-- Input that could not be placed is of kinds that nobody has sorted: of a patient who keeps something back it is for who sees
-- all of them (docs/adr/0035-consent.md).
CREATE POLICY shared_by_patient ON quarantine AS RESTRICTIVE FOR SELECT TO openward_api
  USING ((patient_of_quarantined(id) IN (SELECT patient FROM hidden_categories())) IS NOT TRUE);
