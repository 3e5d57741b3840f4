import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { type GatewayConfiguration, gatewayConfiguration } from "@openward/api";
import { createAccess } from "./access.ts";

const hash = (token: string) => createHash("sha256").update(token).digest("hex");
const configured = (tokens: object[]): GatewayConfiguration =>
  gatewayConfiguration.parse({
    version: "1",
    gatewayId: "gw",
    organisationId: "018f0000-0000-7000-8000-0000000000aa",
    settings: {},
    devices: [{ id: "ox-1", type: "generic", tokens, limits: [] }],
  });

test("a device signs in at the gateway with its own token, until that ends or is taken back", () => {
  let time = 100;
  let configuration: GatewayConfiguration | undefined;
  const access = createAccess({ configuration: () => configuration, now: () => time });
  assert.equal(access.signIn("ox-1", "a"), undefined);
  configuration = configured([
    { hash: hash("a"), expiresAt: null },
    { hash: hash("b"), expiresAt: 200 },
  ]);
  const device = access.signIn("ox-1", "a");
  assert.deepEqual([device?.deviceId, device?.inCharge.size], ["ox-1", 0]);
  assert.equal(access.signIn("ox-1", "c"), undefined);
  assert.equal(access.signIn("gw", "a"), undefined);
  assert.equal(access.isActive("ox-1", access.signIn("ox-1", "b")?.credentialId), true);
  time = 200;
  assert.equal(access.signIn("ox-1", "b"), undefined);
  assert.equal(access.isActive("ox-1", hash("b")), false);
  const ended: string[] = [];
  access.onRevoked((id) => void ended.push(id));
  const before = configuration;
  configuration = configured([]);
  access.changed(before);
  assert.deepEqual(ended, ["ox-1"]);
  assert.equal(access.isActive("ox-1", device?.credentialId), false);
});

test("whoever speaks HL7 speaks for the gateway, which always has somebody in its charge", () => {
  const access = createAccess({ configuration: () => ({ ...configured([]), devices: [] }), now: () => 0 });
  assert.deepEqual([...(access.signInBySetting("gw")?.inCharge ?? [])], ["gw"]);
  assert.equal(access.signInBySetting("ox-1"), undefined);
});
