import assert from "node:assert/strict";
import type { RouteName } from "@openward/api";
import { alarmCalls } from "./calls/alarms.ts";
import type { Call } from "./calls/call.ts";
import { deviceCalls } from "./calls/devices.ts";
import { feedCalls } from "./calls/feeds.ts";
import { grantCalls } from "./calls/grants.ts";
import { measuredCalls } from "./calls/measured.ts";
import { ownCalls } from "./calls/own.ts";
import { patientCalls } from "./calls/patients.ts";
import { peopleCalls } from "./calls/people.ts";
import { quarantineCalls } from "./calls/quarantine.ts";
import { rightsCalls } from "./calls/rights.ts";
import { signInCalls } from "./calls/sign-in.ts";
import { taskCalls } from "./calls/tasks.ts";

export type { Call, Request } from "./calls/call.ts";

/** How each route is asked. A route that is in no file of the folder does not compile. */
export const calls: Readonly<Record<RouteName, Call>> = {
  ...signInCalls,
  ...ownCalls,
  ...taskCalls,
  ...feedCalls,
  ...patientCalls,
  ...measuredCalls,
  ...alarmCalls,
  ...deviceCalls,
  ...quarantineCalls,
  ...rightsCalls,
  ...peopleCalls,
  ...grantCalls,
};

const parts = [
  signInCalls,
  ownCalls,
  taskCalls,
  feedCalls,
  patientCalls,
  measuredCalls,
  alarmCalls,
  deviceCalls,
  quarantineCalls,
  rightsCalls,
  peopleCalls,
  grantCalls,
];
const rows = parts.reduce((sum, part) => sum + Object.keys(part).length, 0);
assert.equal(Object.keys(calls).length, rows, "a route is asked in two files, and only one of them counts");
