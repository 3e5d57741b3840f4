/*
 * What the portal needs of its neighbours, said in its own words. The rooms that fill these in have larger interfaces
 * of the same shape; `main.ts` introduces them.
 */

export type * from "./access.ts";
export type * from "./alarms.ts";
export type * from "./amendments.ts";
export type * from "./applications.ts";
export type * from "./asker.ts";
export type * from "./audit.ts";
export type * from "./authenticated.ts";
export type * from "./awaitable.ts";
export type * from "./break-glass.ts";
export type * from "./calendars.ts";
export type * from "./changes.ts";
export type * from "./codes.ts";
export type * from "./completeness.ts";
export type * from "./consents.ts";
export type * from "./devices.ts";
export type * from "./endings.ts";
export type * from "./external.ts";
export type * from "./feeds.ts";
export type * from "./gateways.ts";
export type * from "./grants.ts";
export type * from "./kiosks.ts";
export type * from "./mail.ts";
export type * from "./monitoring.ts";
export type * from "./nightscout.ts";
export type * from "./patients.ts";
export type * from "./people.ts";
export type * from "./quarantine.ts";
export type * from "./relations.ts";
export type * from "./reprocessing.ts";
export type * from "./rights.ts";
export type * from "./screen.ts";
export type * from "./streams.ts";
export type * from "./system.ts";
export type * from "./telemetry.ts";
export type * from "./wards.ts";
