import assert from "node:assert/strict";
import { test } from "node:test";
import { gatewaySettings, takeGatewaySettings } from "./gateway.ts";
import { GATEWAY_DEFAULTS } from "./gateway-settings.ts";

test("what holds by itself is the same with and without the schema", () => {
  assert.deepEqual(gatewaySettings.parse({}), GATEWAY_DEFAULTS);
});

test("of settings of another version a gateway takes what it understands, keeps what it had for the rest, and says so", () => {
  const before = gatewaySettings.parse({ linkAlarmSeconds: 30, reportSeconds: 60 });
  const given = { linkAlarmSeconds: 90, reportSeconds: "often", localAlarms: "sometimes", smoke: true };
  const { settings, refused } = takeGatewaySettings(given, before);
  assert.deepEqual(settings, { ...before, linkAlarmSeconds: 90 });
  assert.deepEqual(
    refused.map(({ at }) => at),
    ["reportSeconds", "localAlarms", "smoke"],
  );
  // What is not said is as it is by itself, not as it was.
  assert.equal(takeGatewaySettings({}, before).settings.linkAlarmSeconds, 60);
  const inside = takeGatewaySettings({ bluetooth: [{ deviceId: "a", address: "x" }] }, before);
  assert.deepEqual([inside.settings.bluetooth, inside.refused[0]?.at], [[], "bluetooth.0.address"]);
  assert.equal(takeGatewaySettings({ toString: 1 }).refused.length, 1);
});
