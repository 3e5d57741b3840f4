import assert from "node:assert/strict";
import { test } from "node:test";
import type { GatewayBody } from "@openward/api";
import { GATEWAY_DEFAULTS } from "@openward/api/gateway-settings";
import { gatewayLines } from "./gateway-words.ts";

const NOW = Date.UTC(2026, 10, 22, 6);
const MINUTE = 60_000;
const good: GatewayBody = {
  settings: GATEWAY_DEFAULTS,
  revision: 1,
  setAt: NOW,
  setBy: "Kim",
  configuration: "1-ab",
  inCharge: [],
  versions: [],
  report: {
    version: "0.1.0",
    startedAt: NOW - 90 * MINUTE,
    clock: NOW - MINUTE,
    configuration: "1-ab",
    link: { isUp: true, since: NOW - 60 * MINUTE, confirmedAt: NOW - MINUTE },
    kept: { messages: 0, bytes: 1e6, bytesMax: 1e9, oldestAt: null, refused: 0, damaged: 0, aside: {} },
    disk: { freeBytes: 5e9 },
    sources: { mqtt: { isOn: true, connected: 1, fault: null }, mllp: { isOn: false, connected: 0, fault: null } },
    devices: {},
    alarms: [],
    takenUpAt: NOW - 5 * MINUTE,
    refused: [],
    sound: { by: "command", fault: null, since: null },
    receivedAt: NOW - MINUTE,
  },
};
const badOf = (more: Partial<NonNullable<GatewayBody["report"]>>, now = NOW) =>
  gatewayLines({ ...good, report: { ...(good.report as NonNullable<GatewayBody["report"]>), ...more } }, now)
    .filter(({ isBad }) => isBad)
    .map(({ label }) => label);

test("a gateway that is well has nothing that somebody should look at, and says what it listens to", () => {
  const lines = gatewayLines(good, NOW);
  assert.deepEqual(badOf({}), []);
  assert.ok(lines.some(({ label, text }) => label === "MQTT" && text === "1 device connected"));
  assert.ok(!lines.some(({ label }) => label.startsWith("HL7")));
  assert.deepEqual(gatewayLines({ ...good, report: null }, NOW), []);
});

test("what somebody should look at is marked: silence, the line, what waits, what was refused, a loudspeaker that is none", () => {
  assert.deepEqual(badOf({}, NOW + 20 * MINUTE), ["Last report"]);
  assert.deepEqual(badOf({ link: { isUp: false, since: NOW, confirmedAt: null } }), ["Line to the server"]);
  const kept = {
    messages: 9,
    bytes: 9e8,
    bytesMax: 1e9,
    oldestAt: NOW - 5 * 60 * MINUTE,
    refused: 2,
    damaged: 1,
    aside: { TOPIC_FORBIDDEN: 3 },
  };
  assert.deepEqual(badOf({ kept }), [
    "Waiting to be sent",
    "Room for more",
    "Turned away",
    "Damaged",
    "Refused by the server",
  ]);
  assert.deepEqual(badOf({ disk: { freeBytes: 1e8 } }), ["Disk"]);
  assert.deepEqual(badOf({ refused: [{ at: "bluetooth[0].address", reason: "none" }] }), ["Setting that it refused"]);
  assert.deepEqual(badOf({ sound: { by: "command", fault: "aplay ended with 1", since: NOW } }), ["Sound"]);
  assert.deepEqual(badOf({ sound: { by: "off", fault: null, since: null } }), ["Sound"]);
  assert.deepEqual(badOf({ sound: null }), []);
  assert.deepEqual(badOf({ clock: NOW + 5 * MINUTE }), ["Clock"]);
  assert.deepEqual(badOf({ configuration: "0-aa" }), ["Configuration"]);
  assert.deepEqual(badOf({ sources: { bluetooth: { isOn: true, connected: 0, fault: "no Bluetooth adapter" } } }), [
    "Bluetooth",
  ]);
  assert.deepEqual(badOf({ alarms: ["sound"] }), ["Ringing there"]);
});
