/** What is asked and answered, by subject: the schemas that routes check with, and the types of what they let through. */
export * from "./alarms.ts";
export * from "./audit.ts";
export { ageGroup, deviceId, principal, priority, problem, role, sex } from "./common.ts";
export * from "./devices.ts";
export * from "./patients.ts";
export * from "./people.ts";
export * from "./problem.ts";
export * from "./quarantine.ts";
export * from "./system.ts";
export * from "./telemetry.ts";
