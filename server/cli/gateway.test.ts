import assert from "node:assert/strict";
import { test } from "node:test";
import { gatewaySettings } from "@openward/api";
import { GATEWAY_DEFAULTS } from "@openward/api/gateway-settings";

test("the help of `openward device gateway` names every setting: those that have a default are all there are", () => {
  assert.deepEqual(Object.keys(GATEWAY_DEFAULTS), Object.keys(gatewaySettings.shape));
});
