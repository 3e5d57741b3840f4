import assert from "node:assert/strict";
import { test } from "node:test";
import { routes } from "@openward/api";
import { createWorld } from "./testing/world.ts";

const report = {
  version: "0.1.0",
  startedAt: 1,
  clock: 2,
  configuration: "1-abc",
  link: { isUp: true, since: null, confirmedAt: 2 },
  kept: { messages: 3, bytes: 4, bytesMax: 5, oldestAt: null, refused: 0, damaged: 0, aside: { TOPIC_FORBIDDEN: 1 } },
  disk: null,
  sources: { mqtt: { isOn: true, connected: 1, fault: null } },
  devices: { "box-2": 1 },
  alarms: [],
};

test("a gateway is set by who looks after devices, of two at once the second is told, and its report is shown", async () => {
  const { call, gatewayReports } = await createWorld();
  await call("token administrator", "POST", "/api/devices", { id: "gw-1", display: "Gateway", type: "generic" });
  const url = "/api/devices/gw-1/gateway";
  assert.equal((await call("token nurse", "GET", url)).status, 403);
  assert.equal((await call("token clinical-engineer", "GET", "/api/devices/gw-2/gateway")).status, 404);
  const { body: none } = await call("token clinical-engineer", "GET", url);
  assert.ok(routes.gateway.response.safeParse(none).success);
  assert.deepEqual([none.revision, none.report, none.settings.localAlarms], [0, null, "link-down"]);
  const bluetooth = [{ deviceId: "strap-1", address: "C0:FF:EE:00:00:01" }];
  const set = await call("token administrator", "PUT", url, { seen: 0, bluetooth, linkAlarmSeconds: 30 });
  assert.ok(routes.configureGateway.response.safeParse(set.body).success);
  assert.deepEqual([set.body.revision, set.body.settings.bluetooth], [1, bluetooth]);
  assert.equal((await call("token administrator", "PUT", url, { seen: 0 })).status, 409);
  const wrong = [{ deviceId: "strap-1", address: "c0ffee" }];
  assert.equal((await call("token administrator", "PUT", url, { seen: 1, bluetooth: wrong })).status, 422);
  gatewayReports.set("gw-1", { detail: report, receivedAt: 7 });
  const told = await call("token administrator", "GET", url);
  assert.deepEqual(told.body.report, { ...report, receivedAt: 7 });
  gatewayReports.set("gw-1", { detail: { kept: "much" }, receivedAt: 8 });
  assert.equal((await call("token administrator", "GET", url)).body.report, null);
});
