import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceBody } from "@openward/api";
import { compareVersions, concernOf, newestFirmware, silentAfterMs, statesOf } from "./fleet-states.ts";

const NOW = Date.UTC(2026, 10, 27, 12);
const DAY = 86_400_000;

const device = (more: Partial<DeviceBody> = {}): DeviceBody => ({
  id: "mon-1",
  type: "bedside-monitor",
  typeDisplay: "Bedside monitor",
  display: "Monitor 1",
  manufacturer: null,
  model: null,
  serial: null,
  createdAt: 0,
  revokedAt: null,
  connected: true,
  hasTwin: false,
  state: "online",
  battery: 80,
  lastSeenAt: NOW,
  clockOffsetMs: 0,
  clock: null,
  patient: null,
  openQuarantine: 0,
  certificateEndsAt: null,
  label: null,
  owner: "organisation",
  ownerName: null,
  location: null,
  wardId: null,
  isElsewhere: false,
  commands: null,
  service: { state: "in-service", dueOn: null, note: null },
  says: [],
  misfit: null,
  ...more,
});
const patient = { id: "p", name: "n", mrn: "1", bed: "1", wardId: null, since: NOW - DAY };
const firmware = (text: string) => [{ fact: "firmware", text, since: 1 }];

test("versions are compared by their numbers", () => {
  const ordered = ["1.9", "1.9.1", "1.9.1b", "1.10.0", "2.0-rc1", "10"];
  for (const [i, version] of ordered.entries())
    for (const [j, other] of ordered.entries()) assert.equal(compareVersions(version, other), Math.sign(i - j));
  assert.equal(compareVersions("V 1.2", "v1.2"), 0);
});

test("firmware is old where another device of the same model runs a newer one", () => {
  const all = [
    device({ model: "X", says: firmware("1.10") }),
    device({ model: "x", says: firmware("1.9") }),
    device({ model: "Y", says: firmware("1.0") }),
    device({ model: "X", says: firmware("9.9"), revokedAt: 1 }),
  ];
  const newest = newestFirmware(all);
  assert.deepEqual(
    all.map((each) => statesOf(each, newest, NOW).includes("firmware-old")),
    [false, true, false, false],
  );
});

const CASES: [string, Partial<DeviceBody>, string[]][] = [
  ["at rest", {}, ["free"]],
  ["on a patient and speaking", { patient }, ["in-use"]],
  ["on a patient and quiet for a minute", { patient, lastSeenAt: NOW - 60_000 }, ["in-use"]],
  ["on a patient and quiet for ten", { patient, lastSeenAt: NOW - 600_000 }, ["in-use", "silent"]],
  ["just put on a patient, never heard", { patient: { ...patient, since: NOW - 1_000 }, lastSeenAt: null }, ["in-use"]],
  ["quiet and on nobody", { lastSeenAt: NOW - DAY }, ["free"]],
  ["battery at the edge", { battery: 20 }, ["free", "battery-low"]],
  ["a clock that is seconds off", { clockOffsetMs: -2_500 }, ["free", "clock-wrong"]],
  ["a certificate of 29 days", { certificateEndsAt: NOW + 29 * DAY }, ["free", "certificate-ending"]],
  ["a certificate of 31 days", { certificateEndsAt: NOW + 31 * DAY }, ["free"]],
  ["out of service", { service: { state: "out-of-service", dueOn: null, note: null } }, ["out-of-service"]],
  [
    "due and in use",
    { patient, service: { state: "due", dueOn: "2026-11-01", note: null } },
    ["in-use", "service-due"],
  ],
  ["revoked, with all that was wrong", { revokedAt: 1, battery: 1, hasTwin: true }, ["no-access"]],
  [
    "used twice, with messages that wait",
    { hasTwin: true, openQuarantine: 3 },
    ["free", "in-quarantine", "used-twice"],
  ],
];
for (const [name, more, states] of CASES)
  test(`states of a device: ${name}`, () => {
    assert.deepEqual(statesOf(device(more), new Map(), NOW), states);
  });

test("a device that is used on demand is never silent, and the worst state counts", () => {
  assert.equal(silentAfterMs("blood-pressure-cuff"), undefined);
  assert.ok(concernOf(["in-use", "silent"]) > concernOf(["in-use", "battery-low"]));
  assert.ok(concernOf(["free"]) > concernOf(["no-access"]));
});
