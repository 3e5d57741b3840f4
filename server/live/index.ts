/** The screens' side: what is shown live, keyed by patient. Start with live.ts. */
export { liveRoute } from "./door.ts";
export { createLive, type Live, type LiveDeps } from "./live.ts";
export type { Filter, ScreenSocket, StorageState, Tiles, Viewer } from "./ports.ts";
export { defaultBounds, type ScreenBounds } from "./screen.ts";
