import assert from "node:assert/strict";
import { test } from "node:test";
import { drivers } from "@openward/drivers";
import { demoWard } from "./demo-ward.ts";
import { DEVICE_TYPES } from "./device.ts";
import table from "./device-types.json" with { type: "json" };
import { findScenario } from "./scenarios/index.ts";

const now = Date.UTC(2026, 10, 22);

test("the demo ward has unique record numbers, beds and devices, and known types and scenarios", () => {
  const { patients } = demoWard(now);
  const devices = patients.flatMap((p) => p.devices);
  for (const list of [patients.map((p) => p.mrn), patients.map((p) => p.bed), devices.map((d) => d.id)]) {
    assert.equal(new Set(list).size, list.length);
  }
  for (const device of devices) {
    assert.match(device.id, /^[A-Za-z0-9._-]{1,64}$/);
    assert.ok(DEVICE_TYPES.some((type) => type === device.type));
    findScenario(device.simulation.scenario);
  }
});

test("a child, a newborn and somebody of unknown age are in it, whenever it is started", () => {
  for (const at of [now, now + 9 * 365 * 86_400_000]) {
    const { patients } = demoWard(at);
    const ageDays = patients.map((p) => (p.birthDate === null ? null : (at - Date.parse(p.birthDate)) / 86_400_000));
    assert.equal(ageDays.filter((d) => d === null).length, 1);
    assert.equal(ageDays.filter((d) => d !== null && d < 28).length, 1);
    assert.equal(ageDays.filter((d) => d !== null && d > 365 && d < 12 * 365).length, 1);
    assert.equal(patients.filter((p) => p.isUnknown && p.name === null).length, 1);
  }
});

test("every simulated device type is a driver that lists what the device sends", () => {
  for (const type of DEVICE_TYPES) {
    const driver = drivers.find((d) => d.key === type);
    assert.ok(driver, type);
    const sent = [...table[type].readings.flatMap((r) => r.signals), ...table[type].waveforms];
    const unlisted = sent.filter((signal) => !(signal in driver.signals));
    assert.deepEqual(unlisted, [], type);
  }
});
