export { type KnownOverlays, openOverlays } from "./overlays.ts";
export { followPatients, type PatientText } from "./patients.ts";
export { createResources } from "./resources.ts";
