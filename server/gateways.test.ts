import assert from "node:assert/strict";
import { test } from "node:test";
import { gatewayConfiguration } from "@openward/api";
import type { Limits } from "@openward/model";
import { createGateways } from "./gateways.ts";

const ORGANISATION = "018f0000-0000-7000-8000-0000000000aa";
const spo2: Limits = {
  signal: "spo2",
  low: 90,
  high: null,
  criticalLow: 85,
  criticalHigh: null,
  priority: "medium",
  delayMs: 10_000,
  hysteresis: 1,
  latching: true,
  enabled: true,
  setBy: "profile adult",
  setAt: 1,
};

test("what a gateway works by is of the devices in its charge, and its version tells when it is otherwise", async () => {
  let limits = [spo2];
  const charge = new Set(["b", "gone", "a"]);
  let settings: { settings: unknown; revision: number; setBy: string; setAt: number } | undefined;
  const gateways = createGateways({
    directory: {
      inCharge: () => charge,
      isActive: (id) => id !== "gone",
      deviceType: (id) => (id === "a" ? "pulse-oximeter" : undefined),
      tokensOf: (id) => (id === "a" ? [{ hash: new Uint8Array(32).fill(0xab), expiresAt: 5 }] : []),
      currentAssociation: (id) => (id === "a" ? { patientId: "patient-1" } : undefined),
    },
    limitsOf: () => limits,
    registry: { settingsOf: async () => settings },
  });
  const ask = () => gateways.configuration({ deviceId: "gw", organisationId: ORGANISATION });
  const first = await ask();
  assert.deepEqual(gatewayConfiguration.parse(first), first);
  assert.deepEqual(
    first.devices.map(({ id, type, tokens, limits }) => [id, type, tokens.length, limits.length]),
    [
      ["a", "pulse-oximeter", 1, 1],
      ["b", "generic", 0, 0],
    ],
  );
  assert.doesNotMatch(JSON.stringify(first), /patient-1|profile/);
  assert.equal((await ask()).version, first.version);
  const versions = new Set([first.version]);
  limits = [{ ...spo2, low: 88 }];
  versions.add((await ask()).version);
  charge.delete("b");
  versions.add((await ask()).version);
  settings = { settings: { linkAlarmSeconds: 20 }, revision: 1, setBy: "x", setAt: 1 };
  const last = await ask();
  versions.add(last.version);
  assert.equal(versions.size, 4);
  assert.deepEqual([last.settings.linkAlarmSeconds, last.settings.reportSeconds], [20, 300]);
  settings = { settings: { leaveOut: ["a"] }, revision: 2, setBy: "x", setAt: 2 };
  assert.deepEqual((await ask()).devices, [], "of what is left out it has neither tokens nor limits");
});
