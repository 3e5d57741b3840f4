import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { Limits, Organisation, Patient } from "@openward/model";
import { manualRuntime } from "@openward/runtime/manual";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { createRegistry, type Registry } from "./index.ts";

const BY = "nurse";
const runtime = manualRuntime(Date.UTC(2026, 10, 22, 6), 5);
let database: TestDatabase;
let registry: Registry;
let home: Organisation;
let elsewhere: Organisation;
let patient: Patient;

before(async () => {
  database = await openTestDatabase();
  const { api, worker } = database;
  registry = createRegistry({ api, worker, runtime });
  home = await registry.wards.createOrganisation("Home", false);
  elsewhere = await registry.wards.createOrganisation("Elsewhere", false);
  const device = { type: "generic", display: "Monitor", manufacturer: null, model: null, serial: null };
  for (const id of ["mon-1", "mon-2"]) await registry.devices.create(home.id, { ...device, id }, BY);
  patient = await registry.patients.create(
    home.id,
    {
      name: "Berg, Ola",
      birthDate: null,
      sex: "male",
      mrn: "1",
      isUnknown: false,
      timeZone: "Europe/Oslo",
      ageGroup: null,
    },
    BY,
  );
});
after(() => database.close());

async function insert(table: string, row: Record<string, unknown>): Promise<void> {
  const names = Object.keys(row);
  const places = names.map((_, i) => `$${i + 1}`);
  await database.owner.query(
    `INSERT INTO ${table} (${names.join(", ")}) VALUES (${places.join(", ")})`,
    Object.values(row),
  );
}

const quarantine = async (receivedAt: number, deviceId = "mon-1", organisation = home.id): Promise<string> => {
  const id = runtime.ids.uuid();
  const problems = [{ index: 0, code: "NO_ASSOCIATION", field: "at", readings: 1 }];
  const shape = { id, organisation_id: organisation, device_id: deviceId, received_at: receivedAt, kind: "readings" };
  await insert("quarantine", {
    ...shape,
    content_type: "application/json",
    problems: JSON.stringify(problems),
    raw: Buffer.from('{"at":\0}'),
  });
  return id;
};

test("a device shows its newest status, its clock and what it has in quarantine", async () => {
  const status = { organisation_id: home.id, device_id: "mon-2", battery: 80, clock_at: null };
  await insert("device_status", { ...status, position: 1, ordinal: 0, state: "old", received_at: 1_000 });
  await insert("device_status", { ...status, position: 2, ordinal: 0, state: "online", received_at: 5_000 });
  await insert("device_clock", {
    organisation_id: home.id,
    device_id: "mon-2",
    position: 2,
    ordinal: 1,
    device_time: 6_250,
    server_time: 6_000,
  });
  await quarantine(1_000, "mon-2");
  await registry.quarantine.resolve(home.id, await quarantine(2_000, "mon-2"), "dismissed", BY, { reason: "test" });
  const record = await registry.devices.find(home.id, "mon-2");
  assert.deepEqual(record?.status, {
    organisationId: home.id,
    deviceId: "mon-2",
    state: "online",
    battery: 80,
    clock: null,
    receivedAt: 5_000,
  });
  assert.equal(record?.lastSeenAt, 6_000);
  assert.equal(record?.clockOffsetMs, 250);
  assert.equal(record?.openQuarantine, 1);
});

test("quarantine is listed newest first, page by page, with its bytes as they came", async () => {
  const ids = [await quarantine(10_000), await quarantine(20_000), await quarantine(20_000), await quarantine(30_000)];
  await quarantine(40_000, "mon-1", elsewhere.id);
  const seen: string[] = [];
  for (let before: string | undefined; ; ) {
    const page = await registry.quarantine.list(home.id, {
      state: "open",
      deviceId: "mon-1",
      limit: 2,
      ...(before ? { before } : {}),
    });
    seen.push(...page.map(({ entry }) => entry.id));
    before = page.at(-1)?.entry.id;
    if (page.length < 2) break;
  }
  assert.equal(seen[0], ids[3]);
  assert.equal(seen[3], ids[0]);
  assert.deepEqual([...seen].sort(), [...ids].sort());
  const found = await registry.quarantine.find(home.id, ids[0] as string);
  assert.equal(Buffer.from(found?.entry.raw ?? []).toString(), '{"at":\0}');
  assert.equal(found?.entry.problems[0]?.code, "NO_ASSOCIATION");
  assert.equal(await registry.quarantine.find(elsewhere.id, ids[0] as string), undefined);
});

test("an entry is resolved once, whoever comes first, and the log says by whom", async () => {
  const id = await quarantine(50_000);
  const { resolve } = registry.quarantine;
  const both = await Promise.allSettled([
    resolve(home.id, id, "claimed", "first", { patientId: patient.id }),
    resolve(home.id, id, "dismissed", "second", { reason: "nobody's" }),
  ]);
  const refusals = both.filter((one) => one.status === "rejected");
  assert.equal(refusals.length, 1);
  assert.ok(refusals[0]?.reason instanceof RefusedInput && refusals[0].reason.code === "CONFLICT");
  const record = await registry.quarantine.find(home.id, id);
  assert.notEqual(record?.state, "open");
  const { rows } = await database.owner.query("SELECT actor FROM audit_event WHERE detail->>'quarantineId' = $1", [id]);
  assert.deepEqual(rows, [{ actor: record?.resolvedBy }]);
});

const alarm = (id: string, revision: number, change: Record<string, unknown>) =>
  insert("alarm_revision", {
    alarm_id: id,
    revision,
    organisation_id: home.id,
    patient_id: patient.id,
    rule: "limit-low",
    priority: "high",
    state: "raised",
    latched: false,
    onset_at: 100,
    raised_at: 110,
    limit_value: 90,
    ...change,
  });

test("an alarm is its newest revision; those not resolved are remembered over a restart", async () => {
  await alarm("a", 1, {});
  await alarm("a", 2, { state: "acknowledged", acknowledged_at: 120, acknowledged_by: "nina" });
  await alarm("b", 1, { onset_at: 200 });
  await alarm("b", 2, { onset_at: 200, state: "resolved", resolved_at: 210 });
  const all = await registry.alarms.ofPatient(home.id, patient.id, 0, 1_000);
  assert.deepEqual(
    all.map(({ id, revision, state }) => [id, revision, state]),
    [
      ["b", 2, "resolved"],
      ["a", 2, "acknowledged"],
    ],
  );
  assert.equal(all[1]?.limit, 90);
  assert.deepEqual(await registry.alarms.ofPatient(home.id, patient.id, 150, 200), []);
  assert.deepEqual(await registry.alarms.ofPatient(elsewhere.id, patient.id, 0, 1_000), []);
  assert.deepEqual(
    (await registry.watchMemory.openAlarms()).map(({ id, revision }) => [id, revision]),
    [["a", 2]],
  );
  await alarm("c", 1, { onset_at: 50, rule: "event" });
  await alarm("c", 2, { onset_at: 50, rule: "event", state: "resolved", resolved_at: 60 });
  assert.deepEqual(
    (await registry.watchMemory.resolvedAlarms()).map(({ id, rule, streamId }) => [id, rule, streamId]),
    [
      ["c", "event", null],
      ["b", "limit-low", null],
    ],
    "oldest first",
  );
});

test("calls for help are found again by kind and arrival, and the same id at another time is another call", async () => {
  const call = { organisation_id: home.id, device_id: "mon-1", id: "1", patient_id: patient.id, detail: "{}" };
  const sos = { ...call, event: "sos-button", time_from_server: false };
  await insert("event", { ...sos, at: 100, received_at: 100 });
  await insert("event", { ...sos, at: 200, received_at: 200 });
  await insert("event", { ...sos, id: "2", event: "charging", at: 200, received_at: 200 });
  const found = await registry.watchMemory.recentEvents(["sos-button"], 150);
  assert.deepEqual(
    found.map(({ id, at, patientId, receivedAt, detail }) => [id, at, patientId, receivedAt, detail]),
    [["1", 200, patient.id, 200, {}]],
  );
});

test("standby that runs, and the newest expectation of a stream, are remembered over a restart", async () => {
  const standby = {
    organisation_id: home.id,
    patient_id: patient.id,
    reason: "bath",
    from_at: 0,
    started_by: BY,
    ordinal: 0,
  };
  await insert("standby_revision", { ...standby, standby_id: "runs", position: 1, until_at: 1_000 });
  await insert("standby_revision", { ...standby, standby_id: "over", position: 1, until_at: 400 });
  await insert("standby_revision", { ...standby, standby_id: "ended", position: 1, until_at: 1_000 });
  await insert("standby_revision", { ...standby, standby_id: "ended", position: 2, until_at: 1_000, ended_at: 300 });
  assert.deepEqual(
    (await registry.watchMemory.runningStandby(500)).map(({ id }) => id),
    ["runs"],
  );
  const stream = runtime.ids.uuid();
  const expectation = { stream_id: stream, organisation_id: home.id, patient_id: patient.id, ordinal: 0, set_at: 0 };
  await insert("expectation", { ...expectation, position: 1, interval_ms: 1_000, source: "learned" });
  await insert("expectation", { ...expectation, position: 2, interval_ms: null, source: "on-demand" });
  assert.deepEqual(await registry.watchMemory.expectations(), [
    { streamId: stream, intervalMs: null, source: "on-demand" },
  ]);
});

test("limits keep their history and the newest of each signal counts", async () => {
  const limits = (signal: string, high: number): Limits => ({
    signal,
    low: null,
    high,
    criticalLow: null,
    criticalHigh: null,
    priority: "medium",
    delayMs: 5_000,
    hysteresis: 2,
    latching: true,
    enabled: true,
    setBy: BY,
    setAt: runtime.clock.now(),
  });
  const { watchMemory } = registry;
  const adult = { ageGroup: "adult", chosenFor: "pediatric" } as const;
  await watchMemory.saveLimits(home.id, patient.id, { ageGroup: null, chosenFor: null }, [limits("heart-rate", 120)]);
  await watchMemory.saveLimits(home.id, patient.id, adult, [limits("heart-rate", 110), limits("respiratory-rate", 30)]);
  await watchMemory.saveLimits(home.id, patient.id, adult, [limits("heart-rate", 105)]);
  const ever = (await watchMemory.limitHistory()).filter(({ patientId }) => patientId === patient.id);
  assert.deepEqual(
    ever.map(({ limits: { signal, high } }) => [signal, high]),
    [
      ["heart-rate", 120],
      ["heart-rate", 110],
      ["heart-rate", 105],
      ["respiratory-rate", 30],
    ],
  );
  const remembered = await watchMemory.limits();
  assert.deepEqual(remembered, [
    { patientId: patient.id, profile: adult, limits: [limits("heart-rate", 105), limits("respiratory-rate", 30)] },
  ]);
  const history = await database.owner.query(
    "SELECT high FROM alarm_limit WHERE signal = 'heart-rate' ORDER BY revision",
  );
  assert.deepEqual(
    history.rows.map(({ high }) => high),
    [120, 110, 105],
  );
  const profiles = await database.owner.query("SELECT age_group, chosen_for FROM alarm_profile ORDER BY revision");
  assert.deepEqual(
    profiles.rows,
    [{ age_group: "adult", chosen_for: "pediatric" }],
    "a profile that stays is not written again",
  );
});
