/**
 * The nouns of the house, as plain data: what rooms hand to one another.
 * Times are integer milliseconds UTC; ids are UUIDs in text form unless said otherwise.
 */
export * from "./age.ts";
export * from "./alarm.ts";
export * from "./amendment.ts";
export * from "./app.ts";
export * from "./bulk.ts";
export * from "./calendar-address.ts";
export * from "./clock.ts";
export * from "./consent.ts";
export * from "./device-registration.ts";
export * from "./ending.ts";
export * from "./feed.ts";
export * from "./fleet-evidence.ts";
export * from "./fleet-keeping.ts";
export * from "./grant.ts";
export * from "./import.ts";
export * from "./journal.ts";
export * from "./kiosk.ts";
export * from "./outbox.ts";
export * from "./people.ts";
export * from "./quarantine-run.ts";
export * from "./redaction.ts";
export * from "./relations.ts";
export * from "./span.ts";
export * from "./subscription.ts";
export * from "./task.ts";
export * from "./telemetry.ts";
