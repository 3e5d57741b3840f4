/** The portals' API under /api, and the tiles that live screens begin with. Start with door.ts. */
export { createPortal, type Portal, type PortalDeps } from "./portal.ts";
export type { TileFilter, Tiles } from "./tiles.ts";
