import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NOTHING_REGISTERED, type Organisation } from "@openward/model";
import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { createRegistry, type Registry } from "./index.ts";

const BY = "command line";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 10, 27, 12);
const RUN = "018f0000-0000-7000-8000-00000000000";

let database: TestDatabase;
let runtime: ManualRuntime;
let registry: Registry;
let home: Organisation;

before(async () => {
  database = await openTestDatabase();
  runtime = manualRuntime(NOW, 3);
  const { api, worker } = database;
  registry = createRegistry({ api, worker, runtime });
  home = await registry.wards.createOrganisation("Home", false);
  for (const id of ["mon-1", "ox-1", "ox-2", "gw-1"])
    await registry.devices.create(
      home.id,
      { id, type: "generic", display: id, manufacturer: null, model: null, serial: null },
      BY,
    );
});
after(() => database?.close());

async function insert(table: string, row: Record<string, unknown>): Promise<void> {
  const names = Object.keys(row);
  const places = names.map((_, i) => `$${i + 1}`);
  await database.owner.query(`INSERT INTO ${table} (${names.join(", ")}) VALUES (${places.join(", ")})`, [
    ...Object.values(row),
  ]);
}
const evidence = (deviceIds: string[], from: number, to: number) =>
  registry.fleetEvidence.evidence(home.id, deviceIds, [], { from, to });

test("runs and connections: what a killed server left open ended when it was last known to run", async () => {
  const { fleetKeeping } = registry;
  await fleetKeeping.begin(`${RUN}1`, NOW);
  const span = { deviceId: "mon-1", organisationId: home.id };
  await fleetKeeping.connections(`${RUN}1`, [
    { ...span, from: NOW, to: null },
    { ...span, deviceId: "nobody", from: NOW, to: null },
  ]);
  await fleetKeeping.connections(`${RUN}1`, [{ ...span, from: NOW, to: NOW + HOUR }]);
  await fleetKeeping.connections(`${RUN}1`, [{ ...span, from: NOW + 2 * HOUR, to: null }]);
  await fleetKeeping.alive(`${RUN}1`, NOW + 3 * HOUR);
  await fleetKeeping.begin(`${RUN}2`, NOW + 5 * HOUR);
  await fleetKeeping.begin(`${RUN}2`, NOW + 5 * HOUR);
  await fleetKeeping.alive(`${RUN}2`, NOW + 6 * HOUR);
  const { runs, devices } = await evidence(["mon-1"], NOW, NOW + 6 * HOUR);
  assert.deepEqual(
    runs.map(({ from, to }) => [from - NOW, to - NOW]),
    [
      [0, 3 * HOUR],
      [5 * HOUR, 6 * HOUR],
    ],
  );
  assert.deepEqual(devices.get("mon-1")?.connected, [
    { from: NOW, to: NOW + HOUR },
    { from: NOW + 2 * HOUR, to: NOW + 3 * HOUR },
  ]);
  // Long after: that it keeps connections at all is known by the last one.
  const later = await evidence(["mon-1", "ox-1"], NOW + 90 * HOUR, NOW + 96 * HOUR);
  assert.deepEqual(later.devices.get("mon-1")?.connected, [{ from: NOW + 2 * HOUR, to: NOW + 3 * HOUR }]);
  assert.deepEqual(later.devices.get("ox-1")?.connected, []);
  await fleetKeeping.end(`${RUN}2`, NOW + 7 * HOUR);
  await fleetKeeping.forget(NOW + 2 * HOUR);
  const kept = await evidence(["mon-1"], NOW, NOW + 6 * HOUR);
  assert.equal(kept.devices.get("mon-1")?.connected.length, 1);
});

test("reports of gateways become spans: of the gateway, of each device; said again they are the same", async () => {
  const { fleetKeeping } = registry;
  await registry.devices.takeCharge(home.id, "gw-1", "ox-1", BY);
  runtime.advance(1);
  const report = (at: number, devices: Record<string, number>) => ({
    gatewayId: "gw-1",
    organisationId: home.id,
    at: NOW + at,
    devices: Object.fromEntries(Object.entries(devices).map(([id, time]) => [id, NOW + time])),
    everyMs: 5 * MINUTE,
  });
  const reports = [
    report(5 * MINUTE, { "ox-1": 4 * MINUTE, "ox-2": 5 * MINUTE }),
    report(10 * MINUTE, { "ox-1": 9 * MINUTE, "ox-2": 10 * MINUTE }),
    report(15 * MINUTE, { "ox-1": 9 * MINUTE, "ox-2": 15 * MINUTE }),
    report(60 * MINUTE, { "ox-1": 60 * MINUTE, "ox-2": 15 * MINUTE }),
    report(65 * MINUTE, { "ox-1": 65 * MINUTE, "ox-2": 65 * MINUTE }),
  ];
  await fleetKeeping.heard(reports);
  await fleetKeeping.heard(reports);
  const { devices } = await evidence(["ox-1"], NOW, NOW + 2 * HOUR);
  const [gateway, ...rest] = devices.get("ox-1")?.gateways ?? [];
  assert.equal(rest.length, 0);
  const minutes = (spans: readonly { from: number; to: number }[] = []) =>
    spans.map(({ from, to }) => [(from - NOW) / MINUTE, (to - NOW) / MINUTE]);
  assert.deepEqual(minutes(gateway?.up), [
    [5, 15],
    [60, 65],
  ]);
  assert.deepEqual(minutes(gateway?.heard), [
    [4, 9],
    [60, 65],
  ]);
  assert.deepEqual(minutes(gateway?.others), [
    [5, 15],
    [65, 65],
  ]);
});

test("battery, state, quarantine, clock, what it said of being worn, and service, as the tables have them", async () => {
  const status = { organisation_id: home.id, device_id: "ox-2", clock_at: null };
  await insert("device_status", {
    ...status,
    position: 1,
    ordinal: 0,
    state: "online",
    battery: 12,
    received_at: NOW - HOUR,
  });
  await insert("device_status", {
    ...status,
    position: 2,
    ordinal: 0,
    state: "online",
    battery: null,
    received_at: NOW - HOUR + 1,
  });
  await insert("device_status", { ...status, position: 3, ordinal: 0, state: "online", battery: 8, received_at: NOW });
  await insert("device_status", {
    ...status,
    position: 4,
    ordinal: 0,
    state: "offline",
    battery: null,
    received_at: NOW + MINUTE,
  });
  await insert("quarantine", {
    id: runtime.ids.uuid(),
    organisation_id: home.id,
    device_id: "ox-2",
    received_at: NOW + 2,
    kind: "readings",
    content_type: "application/json",
    problems: JSON.stringify([
      { index: 0, code: "UNIT_MISMATCH", field: "values.spo2", readings: 3 },
      { index: 0, code: "UNIT_MISMATCH", field: "values.heart-rate", readings: 40 },
    ]),
    raw: Buffer.from("x"),
  });
  await insert("event", {
    organisation_id: home.id,
    device_id: "ox-2",
    id: "1",
    event: "sensor-off",
    at: NOW + 3,
    time_from_server: false,
    received_at: NOW + 3,
    detail: "{}",
  });
  const described = {
    ...NOTHING_REGISTERED,
    type: "generic",
    display: "O",
    manufacturer: null,
    model: null,
    serial: null,
  };
  await registry.devices.describe(home.id, "ox-2", { ...described, isOutOfService: true }, BY);
  runtime.advance(MINUTE);
  await registry.devices.describe(home.id, "ox-2", { ...described, isOutOfService: true, serviceNote: "cuff" }, BY);
  await registry.devices.describe(home.id, "ox-2", described, BY);
  const { devices } = await evidence(["ox-2"], NOW - 1, NOW + 2 * HOUR);
  const known = devices.get("ox-2");
  assert.deepEqual(known?.battery, [
    { at: NOW - HOUR + 1, percent: 12 },
    { at: NOW, percent: 8 },
  ]);
  assert.deepEqual(known?.heard, [NOW - HOUR + 1, NOW]);
  assert.deepEqual(known?.quarantined, [{ at: NOW + 2, code: "UNIT_MISMATCH", readings: 40 }]);
  assert.deepEqual(known?.wear, [{ at: NOW + 3, event: "sensor-off" }]);
  assert.deepEqual(
    known?.service.map(({ isOut }) => isOut),
    [true, false],
  );
});

test("another organisation's devices are nobody's business", async () => {
  const elsewhere = await registry.wards.createOrganisation("Elsewhere", false);
  const span = { from: NOW - HOUR, to: NOW + HOUR };
  const { devices, standby } = await registry.fleetEvidence.evidence(elsewhere.id, ["ox-2", "mon-1"], [], span);
  assert.deepEqual(standby, []);
  for (const device of devices.values())
    assert.ok(
      Object.values(device).every((list) => list.length === 0),
      JSON.stringify(device),
    );
  assert.deepEqual(await registry.fleetEvidence.worn(elsewhere.id, { deviceIds: ["ox-2"] }, span), []);
});

test("what ends is told with what it is of, what lasts longer beside it, and whether it is worn; told once", async () => {
  const { devices, endings, people } = registry;
  const day = 24 * HOUR;
  const now = runtime.clock.now();
  const certificate = (days: number) => ({ hash: Buffer.alloc(32, days), expiresAt: now + days * day });
  await devices.addCertificate(home.id, "gw-1", certificate(5), BY);
  await devices.rotateToken(home.id, "ox-2", BY, { validMs: 20 * day });
  await devices.addCertificate(home.id, "ox-2", certificate(40), BY);
  await devices.addCertificate(home.id, "mon-1", certificate(200), BY);
  await database.owner.query(
    `INSERT INTO api_token (id, organisation_id, token_hash, role, display, created_at, created_by, expires_at)
     VALUES (gen_random_uuid(), $1, '\\x01', 'integration', 'laboratory', 0, 'x', $2)`,
    [home.id, now - day],
  );
  const found = await endings.list(home.id, 90 * day, 30 * day);
  assert.deepEqual(
    found.map(({ kind, deviceId, display, endsAt, isGateway, isCovered, isInUse }) => [
      kind,
      deviceId ?? display,
      Math.round((endsAt - now) / day),
      isGateway,
      isCovered,
      isInUse,
    ]),
    [
      ["api-token", "laboratory", -1, false, false, false],
      // A gateway, by whom it speaks for; its first token never ends.
      ["device-certificate", "gw-1", 5, true, true, false],
      ["device-token", "ox-2", 20, false, true, false],
      ["device-certificate", "ox-2", 40, false, false, false],
    ],
  );
  const due = [{ kind: "api-token", subject: found[0]?.subject ?? "", endsAt: found[0]?.endsAt ?? 0, daysBefore: 0 }];
  assert.equal((await endings.told(home.id, due)).size, 0);
  await endings.tell(home.id, due, now);
  await endings.tell(home.id, due, now);
  assert.equal((await endings.told(home.id, due)).size, 1);
  const admin = await people.create(home.id, "Ada", "administrator", BY);
  await people.change(home.id, admin.id, { email: "ada@ward.example" }, BY);
  assert.deepEqual(await endings.addresses(home.id), ["ada@ward.example"]);
  const engineer = await people.create(home.id, "Eve", "clinical-engineer", BY);
  await people.change(home.id, engineer.id, { email: "eve@ward.example" }, BY);
  assert.deepEqual(await endings.addresses(home.id), ["eve@ward.example"]);
});
