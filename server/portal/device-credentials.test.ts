import assert from "node:assert/strict";
import { test } from "node:test";
import { type RouteName, routes } from "@openward/api";
import { createWorld } from "./testing/world.ts";

/** The answer has the form that the table promises to the portals. */
function assertForm(name: RouteName, body: unknown): void {
  const result = routes[name].response.safeParse(body);
  assert.ok(result.success, `${name}: ${result.error?.message}`);
}

test("credentials of a device are made and ended by who looks after devices, and by nobody else", async () => {
  const { call, asked } = await createWorld();
  const HOUR = 3_600_000;
  await call("token administrator", "POST", "/api/devices", { id: "box-1", display: "Box", type: "pulse-oximeter" });
  const url = "/api/devices/box-1";
  assert.equal((await call("token nurse", "GET", `${url}/credentials`)).status, 403);
  const found = await call("token clinical-engineer", "GET", `${url}/credentials`);
  assertForm("deviceCredentials", found.body);
  asked.length = 0;
  const token = await call("token administrator", "POST", `${url}/token`, { overlapHours: 24, days: 30 });
  assertForm("rotateToken", token.body);
  await call("token administrator", "POST", `${url}/token`);
  assert.deepEqual(asked, [
    ["rotate token", "box-1", { overlapMs: 24 * HOUR, validMs: 720 * HOUR }],
    ["rotate token", "box-1", { overlapMs: 0, validMs: null }],
  ]);
  asked.length = 0;
  const issued = await call("token administrator", "POST", `${url}/certificates`, { days: 10 });
  assert.equal(issued.status, 201);
  assertForm("issueCertificate", issued.body);
  assert.deepEqual([issued.body.key, issued.body.authority], ["KEY", "CA"]);
  assert.deepEqual(asked[0], ["certify", "box-1", null, 10]);
  assert.equal(asked[1]?.[0], "add certificate");
  const code = await call("token administrator", "POST", `${url}/claim-codes`, { hours: 2 });
  assertForm("newClaimCode", code.body);
  assert.match(code.body.url, /\/ingest\/claim#AAAA-BBBB-CCCC$/);
  await call("token administrator", "POST", "/api/devices", { id: "box-2", display: "Box", type: "pulse-oximeter" });
  asked.length = 0;
  const charge = await call("token administrator", "PUT", `${url}/charge`, { deviceId: "box-2", isInCharge: true });
  assertForm("setCharge", charge.body);
  assert.deepEqual(asked, [["take charge", "box-1", "box-2"]]);
  const other = await call("token administrator", "PUT", `${url}/charge`, { deviceId: "box-3", isInCharge: true });
  assert.equal(other.status, 404);
  await call("token administrator", "POST", `${url}/revoke`);
  asked.length = 0;
  assert.equal((await call("token administrator", "POST", `${url}/certificates`, {})).status, 409);
  assert.deepEqual(asked, [], "no certificate is made that could not be used");
});
