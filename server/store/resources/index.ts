export { createForms } from "./forms.ts";
export { type KnownOverlays, openOverlays } from "./overlays.ts";
export { followPatients, type PatientText } from "./patients.ts";
export { createReservations } from "./reservations.ts";
export { createResources } from "./resources.ts";
