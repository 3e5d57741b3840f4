import assert from "node:assert/strict";
import { test } from "node:test";
import { manualRuntime } from "@openward/runtime/manual";
import { recordDevices } from "./device-sessions.ts";
import type { AuditRecord } from "./record.ts";

const MINUTE_MS = 60_000;

function house() {
  const runtime = manualRuntime(1_795_327_200_000, 1);
  const records: AuditRecord[] = [];
  const devices = recordDevices({
    recorder: {
      async append(record) {
        records.push(record);
        return "recorded";
      },
    },
    runtime,
    patientOf: () => undefined,
    report: (error) => assert.fail(String(error)),
  });
  const signedIn = (deviceId: string) => ({ deviceId, organisationId: "home" });
  const door = {
    signIn: (deviceId: string, token: string) => (token === "right" ? signedIn(deviceId) : undefined),
    signInByCertificate: ({ deviceId }: { deviceId: string }) => (deviceId === "mon" ? signedIn(deviceId) : undefined),
  };
  return { runtime, records, http: devices.watched(door, "http"), mqtt: devices.watched(door, "mqtt") };
}

test("messages over HTTP that are no further apart than a quarter of an hour are one session, by token or certificate", () => {
  const { runtime, records, http } = house();
  for (let minute = 0; minute < 60; minute += 10) {
    http.signIn("pump", "right");
    http.signInByCertificate({ deviceId: "mon" });
    http.signInByCertificate({ deviceId: "stranger" });
    runtime.advance(10 * MINUTE_MS);
  }
  const sessions = records.map(({ code, via, who, outcome }) => `${code} ${via} ${who.id} ${outcome}`);
  assert.deepEqual(sessions, ["ingest.session http pump allowed", "ingest.session http mon allowed"]);
  runtime.advance(5 * MINUTE_MS);
  http.signIn("pump", "right");
  assert.equal(records.length, 3, "a quarter of an hour later another one begins");
});

test("over MQTT the connection is the session, and a wrong token is told by the way it came", () => {
  const { records, http, mqtt } = house();
  mqtt.signIn("pump", "right");
  mqtt.signInByCertificate({ deviceId: "mon" });
  assert.equal(records.length, 0);
  mqtt.signIn("pump", "wrong");
  http.signIn("mon", "wrong");
  assert.deepEqual(
    records.map(({ via, who, outcome }) => [via, who.id, outcome]),
    [
      ["mqtt", "pump", "refused"],
      ["http", "mon", "refused"],
    ],
  );
});

test("of more devices than are remembered those begin anew that were heard longest ago", () => {
  const { runtime, records, http } = house();
  http.signIn("old", "right");
  http.signIn("often", "right");
  for (let n = 0; n < 9_999; n++) http.signIn(`d${n}`, "right");
  runtime.advance(2_000);
  http.signIn("often", "right");
  for (let n = 0; n < 2; n++) http.signIn(`e${n}`, "right");
  const before = records.length;
  http.signIn("often", "right");
  assert.equal(records.length, before);
  http.signIn("old", "right");
  assert.equal(records.length, before + 1);
});
