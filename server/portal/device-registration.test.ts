import assert from "node:assert/strict";
import { test } from "node:test";
import { NOTHING_REGISTERED } from "@openward/model";
import { describedDevice, isElsewhere, misfit, serviceState } from "./device-registration.ts";
import { createWorld } from "./testing/world.ts";

const NOW = Date.UTC(2026, 10, 27, 12);
const LABEL = "(01)04012345000016(11)260115(17)271130(10)LOT7A(21)00042";
const WRONG = "(01)04012345000017(21)00042";
const asked = {
  type: "pulse-oximeter",
  display: "Oximeter 12",
  manufacturer: "Acme",
  model: null,
  serial: null,
  label: { text: LABEL, entry: "barcode" },
  owner: "loan",
  ownerName: "Night study",
  location: "Cupboard 3",
  wardId: null,
  service: { isOut: false, dueOn: "2026-12-01", note: null },
} as const;

test("a label gives its serial number, and contradicts none that was typed", () => {
  const described = describedDevice(asked, NOW);
  assert.deepEqual(
    [described.serial, described.label?.di, described.label?.expiresOn],
    ["00042", "04012345000016", "2027-11-30"],
  );
  assert.throws(() => describedDevice({ ...asked, serial: "43" }, NOW), /FIELD_INVALID.*serial.*00042/);
  assert.equal(describedDevice({ ...asked, owner: "patient" }, NOW).ownerName, null, "whose it is, is who wears it");
});

test("a wrong check digit that was typed is refused, and one that was scanned is the label's own fault", () => {
  assert.throws(
    () => describedDevice({ ...asked, label: { text: WRONG, entry: "manual" } }, NOW),
    /UDI_MALFORMED.*should be 6/,
  );
  assert.equal(describedDevice({ ...asked, label: { text: WRONG, entry: "barcode" } }, NOW).label?.check, "wrong");
  assert.throws(
    () => describedDevice({ ...asked, label: { text: "+$+00042TR", entry: "barcode" } }, NOW),
    /UDI_MALFORMED.*device identifier/,
  );
});

test("a device is due from the day on that was set, and out of service while somebody says so", () => {
  const state = (more: object) => serviceState({ ...NOTHING_REGISTERED, ...more }, NOW);
  assert.equal(state({}), "in-service");
  assert.equal(state({ serviceDueOn: "2026-11-28" }), "in-service");
  assert.equal(state({ serviceDueOn: "2026-11-27" }), "due");
  assert.equal(state({ serviceDueOn: "2026-11-27", isOutOfService: true }), "out-of-service");
});

test("a device that says it is another one than it is registered as is told, by what it says now", () => {
  const said = (model: string, since: number) => ({ fact: "model", value: model, since });
  const device = { type: "thermometer" };
  const facts = [said("3230", 2), { fact: "manufacturer", value: "Nonin Medical, Inc.", since: 1 }, said("old", 1)];
  const record = { device, registration: NOTHING_REGISTERED, facts } as unknown as Parameters<typeof misfit>[0];
  assert.deepEqual(misfit(record), { type: "nonin-3230", typeDisplay: "Nonin 3230", by: "model" });
  assert.equal(misfit({ ...record, facts: [] }), null);
});

test("an engineer describes a device, everybody of the ward reads it, and nobody else writes it", async () => {
  const { call } = await createWorld();
  await call("token clinical-engineer", "POST", "/api/devices", { id: "ox-1", type: "generic" });
  const url = "/api/devices/ox-1/description";
  const described = await call("token clinical-engineer", "PUT", url, asked);
  assert.equal(described.status, 200, JSON.stringify(described.body));
  assert.deepEqual(
    [described.body.type, described.body.label.text, described.body.label.check, described.body.service.state],
    ["pulse-oximeter", LABEL, "right", "in-service"],
  );
  assert.equal((await call("token nurse", "GET", "/api/devices/ox-1")).body.location, "Cupboard 3");
  assert.equal((await call("token nurse", "PUT", url, asked)).status, 403);
  const toaster = await call("token clinical-engineer", "PUT", url, { ...asked, type: "toaster" });
  assert.deepEqual([toaster.status, toaster.body.field], [422, "type"]);
  const label = { text: "hello", entry: "barcode" };
  const bad = await call("token clinical-engineer", "PUT", url, { ...asked, label });
  assert.deepEqual([bad.status, bad.body.code], [400, "UDI_MALFORMED"]);
});

test("a device of one ward on a patient of another is elsewhere; one of no ward goes with its patient", () => {
  const stay = { wardId: "a", to: null };
  assert.equal(isElsewhere({ wardId: "b" }, stay), true);
  assert.equal(isElsewhere({ wardId: "a" }, stay), false);
  assert.equal(isElsewhere({ wardId: null }, stay), false);
  assert.equal(isElsewhere({ wardId: "b" }, null), false);
  assert.equal(isElsewhere({ wardId: "b" }, { ...stay, to: 7 }), false, "they lie nowhere any more");
});
