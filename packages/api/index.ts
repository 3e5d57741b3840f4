/** What the portals and the server say to each other: HTTP bodies under /api, and messages on /live. */
export * from "./applications.ts";
export * from "./bodies.ts";
export type * from "./consent-bodies.ts";
export * from "./credentials.ts";
export * from "./doors.ts";
export * from "./fleet.ts";
export * from "./gateway.ts";
export * from "./gateway-settings.ts";
export * from "./grants.ts";
export type { KioskBody, KioskCodeBody, WallBody } from "./kiosk.ts";
export * from "./live.ts";
export type { NightscoutKeyBody, NightscoutKeysBody, NightscoutKeyWithSecretBody } from "./nightscout.ts";
export * from "./policy.ts";
export * from "./redaction.ts";
export * from "./rights.ts";
export * from "./routes.ts";
export * from "./screen-redaction.ts";
export * from "./streams.ts";
