export { type KnownOverlays, openOverlays } from "./overlays.ts";
export { createResources } from "./resources.ts";
