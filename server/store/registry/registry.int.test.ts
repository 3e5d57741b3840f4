import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import { folded } from "@openward/fhir/search";
import type { Organisation, Ward } from "@openward/model";
import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { createRegistry, type Registry } from "./index.ts";
import type { NewPatient, RegistryChange } from "./ports.ts";

const BY = "command line";
const MINUTE = 60_000;

let database: TestDatabase;
let runtime: ManualRuntime;
let registry: Registry;
let home: Organisation;
let elsewhere: Organisation;
let ward: Ward;
let changes: RegistryChange[] = [];
let count = 0;

before(async () => {
  database = await openTestDatabase();
  runtime = manualRuntime(Date.UTC(2026, 10, 22, 6), 11);
  const { api, worker } = database;
  registry = createRegistry({ api, worker, runtime, changed: async (change) => void changes.push(change) });
  home = await registry.wards.createOrganisation("Home hospital", false);
  elsewhere = await registry.wards.createOrganisation("Elsewhere", true);
  ward = await registry.wards.create(home.id, "Ward 1", "Europe/Oslo", BY);
});
after(() => database.close());

const newPatient = (change: Partial<NewPatient> = {}): NewPatient => ({
  name: `Test, Patient ${++count}`,
  birthDate: "1948-03-21",
  sex: "female",
  mrn: `MRN-${count}`,
  isUnknown: false,
  timeZone: "Europe/Oslo",
  ageGroup: null,
  ...change,
});

const create = (change: Partial<NewPatient> = {}) => registry.patients.create(home.id, newPatient(change), BY);
const createDevice = async (id?: string) =>
  (
    await registry.devices.create(
      home.id,
      { ...(id ? { id } : {}), type: "generic", display: "Monitor", manufacturer: null, model: null, serial: null },
      BY,
    )
  ).device;
const refused = (code: string, at?: string) => (error: unknown) =>
  error instanceof RefusedInput && error.code === code && (at === undefined || error.facts.at === at);
const actionsOf = async (column: "patient_id" | "device_id", id: string) =>
  (await database.owner.query(`SELECT action FROM audit_event WHERE ${column} = $1 ORDER BY position`, [id])).rows.map(
    ({ action }) => action,
  );

test("a patient is admitted, moved and discharged, and each step stands in the audit log", async () => {
  const patient = await create();
  const other = await registry.wards.create(home.id, "Ward 2", "Europe/Oslo", BY);
  assert.equal((await registry.patients.find(home.id, patient.id))?.stay, null);
  const admitted = await registry.patients.admit(home.id, patient.id, { wardId: ward.id, bed: " 4 " }, BY);
  assert.equal(admitted.stay?.bed, "4");
  assert.equal(admitted.stay?.wardName, "Ward 1");
  await assert.rejects(
    registry.patients.admit(home.id, patient.id, { wardId: ward.id, bed: "5" }, BY),
    refused("CONFLICT", "patient"),
  );
  runtime.advance(MINUTE);
  const moved = await registry.patients.transfer(home.id, patient.id, { wardId: other.id, bed: "1" }, BY);
  assert.equal(moved.stay?.wardName, "Ward 2");
  assert.equal(moved.stay?.from, runtime.clock.now());
  assert.ok((await registry.patients.list(home.id, { all: false })).some((record) => record.patient.id === patient.id));
  const gone = await registry.patients.discharge(home.id, patient.id, BY);
  assert.equal(gone.stay, null);
  assert.ok(
    !(await registry.patients.list(home.id, { all: false })).some((record) => record.patient.id === patient.id),
  );
  await assert.rejects(registry.patients.discharge(home.id, patient.id, BY), refused("CONFLICT"));
  assert.deepEqual(await actionsOf("patient_id", patient.id), [
    "patient.create",
    "patient.admit",
    "patient.transfer",
    "patient.discharge",
  ]);
  const { rows } = await database.owner.query(
    "SELECT from_at, to_at FROM stay WHERE patient_id = $1 ORDER BY from_at",
    [patient.id],
  );
  assert.equal(rows.length, 2);
  assert.equal(rows[0].to_at, rows[1].from_at);
});

test("a record number belongs to one patient of an organisation, and to another one elsewhere", async () => {
  const patient = await create({ mrn: "SAME" });
  await assert.rejects(create({ mrn: "SAME" }), refused("CONFLICT", "mrn"));
  await assert.rejects(
    registry.patients.change(home.id, (await create()).id, { mrn: "SAME" }, BY),
    refused("CONFLICT", "mrn"),
  );
  const there = await registry.patients.create(elsewhere.id, newPatient({ mrn: "SAME" }), BY);
  assert.notEqual(there.id, patient.id);
});

test("a change keeps what it does not name, names the fields in the audit log and keeps the zones a patient lived in", async () => {
  const patient = await create({ sex: "unknown" });
  runtime.advance(MINUTE);
  const changed = await registry.patients.change(
    home.id,
    patient.id,
    { sex: "male", timeZone: "Asia/Tokyo", birthDate: null },
    BY,
  );
  assert.deepEqual(
    { name: changed.name, sex: changed.sex, birthDate: changed.birthDate, timeZone: changed.timeZone },
    { name: patient.name, sex: "male", birthDate: null, timeZone: "Asia/Tokyo" },
  );
  assert.ok(changed.updatedAt > patient.updatedAt);
  const { rows } = await database.owner.query(
    "SELECT time_zone FROM patient_time_zone WHERE patient_id = $1 ORDER BY from_at",
    [patient.id],
  );
  assert.deepEqual(
    rows.map((row) => row.time_zone),
    ["Europe/Oslo", "Asia/Tokyo"],
  );
  const log = await database.owner.query(
    "SELECT detail FROM audit_event WHERE patient_id = $1 ORDER BY position DESC LIMIT 1",
    [patient.id],
  );
  assert.deepEqual(log.rows[0].detail.fields.sort(), ["birthDate", "sex", "timeZone"]);
});

const WRONG: readonly [string, Partial<NewPatient>][] = [
  ["name", { name: "  " }],
  ["mrn", { mrn: "" }],
  ["birthDate", { birthDate: "2026-02-30" }],
  ["birthDate", { birthDate: "2026-12-24" }],
  ["birthDate", { birthDate: "1.2.1990" }],
  ["timeZone", { timeZone: "Mars/Olympus" }],
  ["sex", { sex: "F" as "female" }],
];
for (const [field, change] of WRONG) {
  test(`a patient with ${JSON.stringify(change)} is refused at ${field}`, async () => {
    await assert.rejects(create(change), refused("FIELD_INVALID", field));
  });
}

test("similar names are found, whoever they were spelt by, and so is the same family on the same birth date", async () => {
  const kari = await create({ name: "Hansen, Kari", birthDate: "1950-01-01" });
  const kari2 = await create({ name: "Hanssen, Kari", birthDate: null });
  const ole = await create({ name: "Hansen, Ole", birthDate: "1971-12-31" });
  const ids = async (name: string, birthDate?: string | null) =>
    (await registry.patients.similar(home.id, name, birthDate)).map((record) => record.patient.id);
  for (const name of ["Hansen, Kari", "Hanssen, Kari", "Kari Hansen", "kari hánsen"]) {
    assert.deepEqual((await ids(name)).sort(), [kari.id, kari2.id].sort(), name);
  }
  assert.equal((await ids("Kari Hansen"))[0], kari.id, "the same name comes first");
  assert.deepEqual(await ids("Hansen, Berit", "1971-12-31"), [ole.id]);
  assert.deepEqual(await ids("Hansen, Berit", null), []);
  assert.deepEqual(await registry.patients.similar(elsewhere.id, "Hansen, Kari"), []);
});

test("a search finds by parts of name and record number, without accents and without taking % for anything", async () => {
  const patient = await create({ name: "Åsgård, Bjørn", mrn: "X%9_1" });
  const ids = async (q: string) =>
    (await registry.patients.list(home.id, { all: true, q })).map((record) => record.patient.id);
  assert.deepEqual(await ids("asg"), [patient.id]);
  assert.deepEqual(await ids("bjorn åsg"), [patient.id]);
  assert.deepEqual(await ids("X%9"), [patient.id]);
  assert.deepEqual(await ids("%"), [patient.id]);
  assert.deepEqual(await ids("bjorn hansen"), []);
});

test("a device gets an id when it brings none, and its token is nowhere in the database", async () => {
  const { device, token } = await registry.devices.create(
    home.id,
    { type: "generic", display: "Monitor", manufacturer: null, model: null, serial: null },
    BY,
  );
  assert.match(device.id, /^dev-[a-z0-9]{8}$/);
  const { rows } = await database.owner.query("SELECT d::text AS text FROM device d WHERE id = $1", [device.id]);
  assert.ok(!rows[0].text.includes(token));
  assert.notEqual(await registry.devices.rotateToken(home.id, device.id, BY), token);
  await assert.rejects(createDevice(device.id), refused("CONFLICT", "id"));
  await assert.rejects(createDevice("no spaces"), refused("FIELD_INVALID", "id"));
  assert.deepEqual(await actionsOf("device_id", device.id), ["device.create", "device.rotate-token"]);
});

test("putting a device on the next patient ends the association before, without a gap", async () => {
  const device = await createDevice();
  const [a, b] = [await create(), await create()];
  const start = runtime.clock.now();
  await registry.devices.assign(home.id, device.id, a.id, start - 10 * MINUTE, BY);
  changes = [];
  const second = await registry.devices.assign(home.id, device.id, b.id, start, BY);
  const { rows } = await database.owner.query(
    "SELECT patient_id, from_at, to_at FROM association WHERE device_id = $1 ORDER BY from_at",
    [device.id],
  );
  assert.deepEqual(rows, [
    { patient_id: a.id, from_at: start - 10 * MINUTE, to_at: start },
    { patient_id: b.id, from_at: start, to_at: null },
  ]);
  assert.equal((await registry.devices.find(home.id, device.id))?.association?.id, second.id);
  const told = changes
    .filter(({ kind }) => kind === "association")
    .map((change) => "patientId" in change && change.patientId);
  assert.deepEqual(told.sort(), [a.id, b.id].sort(), "both patients' watchers hear of it");
  await assert.rejects(
    registry.devices.assign(home.id, device.id, a.id, start - MINUTE, BY),
    refused("CONFLICT", "from"),
  );
  await assert.rejects(
    registry.devices.assign(home.id, device.id, a.id, start + 10 * MINUTE, BY),
    refused("FIELD_INVALID", "from"),
  );
});

test("putting a device on the same patient again changes nothing, or lets it begin earlier", async () => {
  const device = await createDevice();
  const patient = await create();
  const start = runtime.clock.now();
  const first = await registry.devices.assign(home.id, device.id, patient.id, start - 5 * MINUTE, BY);
  assert.deepEqual(await registry.devices.assign(home.id, device.id, patient.id, start, BY), first);
  const earlier = await registry.devices.assign(home.id, device.id, patient.id, start - 9 * MINUTE, BY);
  assert.deepEqual(earlier, { ...first, from: start - 9 * MINUTE });
});

test("an association cannot reach back into a time when the device was on somebody else", async () => {
  const device = await createDevice();
  const [a, b] = [await create(), await create()];
  const start = runtime.clock.now();
  await registry.devices.assign(home.id, device.id, a.id, start - 30 * MINUTE, BY);
  await registry.devices.release(home.id, device.id, start - 10 * MINUTE, BY);
  await assert.rejects(registry.devices.release(home.id, device.id, start, BY), refused("CONFLICT"));
  await assert.rejects(
    registry.devices.assign(home.id, device.id, b.id, start - 20 * MINUTE, BY),
    refused("CONFLICT", "from"),
  );
  await registry.devices.assign(home.id, device.id, b.id, start - 10 * MINUTE, BY);
});

test("two people who put one device on two patients at the same moment leave it on one", async () => {
  const device = await createDevice();
  const patients = await Promise.all([create(), create(), create(), create()]);
  const from = runtime.clock.now();
  const done = await Promise.allSettled(
    patients.map(({ id }) => registry.devices.assign(home.id, device.id, id, from, BY)),
  );
  assert.ok(done.some(({ status }) => status === "fulfilled"));
  const { rows } = await database.owner.query(
    "SELECT from_at, to_at FROM association WHERE device_id = $1 ORDER BY from_at",
    [device.id],
  );
  assert.equal(rows.filter((row) => row.to_at === null).length, 1);
  for (let i = 1; i < rows.length; i++) assert.equal(rows[i - 1].to_at, rows[i].from_at);
});

test("the database itself refuses overlapping associations", async () => {
  const device = await createDevice();
  const patient = await create();
  await registry.devices.assign(home.id, device.id, patient.id, 1_000, BY);
  const insert =
    "INSERT INTO association (id, organisation_id, device_id, patient_id, from_at, created_at, created_by) VALUES (gen_random_uuid(), $1, $2, $3, 5000, 0, '')";
  await assert.rejects(database.owner.query(insert, [home.id, device.id, patient.id]), /association_never_overlaps/);
});

test("a revoked device is off its patient and takes no other", async () => {
  const device = await createDevice();
  const patient = await create();
  await registry.devices.assign(home.id, device.id, patient.id, runtime.clock.now() - MINUTE, BY);
  const revoked = await registry.devices.revoke(home.id, device.id, BY);
  assert.equal(revoked.revokedAt, runtime.clock.now());
  assert.equal((await registry.devices.find(home.id, device.id))?.association, null);
  await assert.rejects(
    registry.devices.assign(home.id, device.id, patient.id, runtime.clock.now(), BY),
    refused("CONFLICT"),
  );
  await assert.rejects(registry.devices.rotateToken(home.id, device.id, BY), refused("CONFLICT"));
});

test("discharge takes the devices off", async () => {
  const patient = await create();
  const device = await createDevice();
  await registry.patients.admit(home.id, patient.id, { wardId: ward.id, bed: "7" }, BY);
  await registry.devices.assign(home.id, device.id, patient.id, runtime.clock.now() - MINUTE, BY);
  changes = [];
  await registry.patients.discharge(home.id, patient.id, BY);
  assert.equal((await registry.devices.find(home.id, device.id))?.association, null);
  assert.deepEqual(changes.map(({ kind }) => kind).sort(), ["association", "patient"]);
});

test("a merged patient leaves the lists; bed and devices go over, the past stays where it was", async () => {
  const [unknown, known] = [await create({ isUnknown: true, name: "Unknown, Blue" }), await create()];
  const device = await createDevice();
  const start = runtime.clock.now();
  await registry.patients.admit(home.id, unknown.id, { wardId: ward.id, bed: "9" }, BY);
  await registry.devices.assign(home.id, device.id, unknown.id, start - MINUTE, BY);
  runtime.advance(MINUTE);
  const merged = await registry.patients.merge(home.id, unknown.id, known.id, BY);
  assert.equal(merged.patient.id, known.id);
  assert.equal(merged.stay?.bed, "9");
  const { rows } = await database.owner.query(
    "SELECT patient_id, from_at, to_at FROM association WHERE device_id = $1 ORDER BY from_at",
    [device.id],
  );
  assert.deepEqual(rows, [
    { patient_id: unknown.id, from_at: start - MINUTE, to_at: start + MINUTE },
    { patient_id: known.id, from_at: start + MINUTE, to_at: null },
  ]);
  const all = await registry.patients.list(home.id, { all: true });
  assert.ok(!all.some((record) => record.patient.id === unknown.id));
  assert.equal((await registry.patients.find(home.id, unknown.id))?.patient.mergedInto, known.id);
  const { patients, devices } = registry;
  const attempts = [
    () => patients.merge(home.id, unknown.id, known.id, BY),
    () => patients.merge(home.id, known.id, unknown.id, BY),
    () => patients.merge(home.id, known.id, known.id, BY),
    () => patients.admit(home.id, unknown.id, { wardId: ward.id, bed: "1" }, BY),
    () => patients.change(home.id, unknown.id, { name: "Other, Name" }, BY),
    () => devices.assign(home.id, device.id, unknown.id, start + MINUTE, BY),
  ];
  for (const attempt of attempts) await assert.rejects(attempt(), refused("CONFLICT"), String(attempt));
});

test("a bed in which somebody lies is refused, also to two who come at once, unless it is shared", async () => {
  const [first, second, third] = [await create(), await create(), await create()];
  const place = { wardId: ward.id, bed: "X1" };
  const answers = await Promise.allSettled(
    [first, second].map(({ id }) => registry.patients.admit(home.id, id, place, BY)),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const attempts = [
    () => registry.patients.admit(home.id, third.id, { ...place, bed: " x1 " }, BY),
    () => registry.patients.create(home.id, newPatient({ mrn: "HALF-MADE" }), BY, place),
  ];
  for (const attempt of attempts) await assert.rejects(attempt(), refused("BED_OCCUPIED", "bed"));
  assert.ok(!(await registry.patients.list(home.id, { all: true })).some(({ patient }) => patient.mrn === "HALF-MADE"));
  await registry.patients.admit(home.id, third.id, { ...place, bed: "X2" }, BY);
  await assert.rejects(registry.patients.transfer(home.id, third.id, place, BY), refused("BED_OCCUPIED", "bed"));
  assert.equal(
    (await registry.patients.find(home.id, third.id))?.stay?.bed,
    "X2",
    "who is refused stays where they are",
  );
  assert.equal((await registry.patients.transfer(home.id, third.id, { ...place, bed: "x2" }, BY)).stay?.bed, "x2");
  assert.equal((await registry.patients.transfer(home.id, third.id, { ...place, shareBed: true }, BY)).stay?.bed, "X1");
});

test("who keeps their own bed keeps it when another record is merged in", async () => {
  const [gone, kept] = [await create(), await create()];
  await registry.patients.admit(home.id, gone.id, { wardId: ward.id, bed: "A" }, BY);
  await registry.patients.admit(home.id, kept.id, { wardId: ward.id, bed: "B" }, BY);
  assert.equal((await registry.patients.merge(home.id, gone.id, kept.id, BY)).stay?.bed, "B");
});

test("another organisation sees and touches nothing", async () => {
  const patient = await create();
  const device = await createDevice();
  assert.equal(await registry.patients.find(elsewhere.id, patient.id), undefined);
  assert.equal(await registry.devices.find(elsewhere.id, device.id), undefined);
  assert.deepEqual([...(await registry.devices.displays(home.id, [device.id, "none"]))], [[device.id, "Monitor"]]);
  assert.equal((await registry.devices.displays(elsewhere.id, [device.id])).size, 0);
  assert.deepEqual(
    (await registry.wards.list(elsewhere.id)).map(({ id }) => id),
    [],
  );
  const there = await registry.patients.create(elsewhere.id, newPatient(), BY);
  await assert.rejects(registry.patients.change(elsewhere.id, patient.id, { name: "X, Y" }, BY), refused("NOT_FOUND"));
  await assert.rejects(
    registry.patients.admit(elsewhere.id, there.id, { wardId: ward.id, bed: "1" }, BY),
    refused("NOT_FOUND", "wardId"),
  );
  await assert.rejects(registry.devices.assign(elsewhere.id, device.id, there.id, 0, BY), refused("NOT_FOUND"));
  await assert.rejects(registry.devices.assign(home.id, device.id, there.id, 0, BY), refused("NOT_FOUND"));
  await assert.rejects(registry.patients.merge(home.id, patient.id, there.id, BY), refused("NOT_FOUND"));
});

test("without an organisation the api sees no row of any table of people and patients", async () => {
  const { rows } = await database.owner.query(
    "SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace ORDER BY 1",
  );
  assert.ok(rows.length >= 14);
  for (const { relname } of rows) {
    const seen = await database.api.query(`SELECT count(*) AS n FROM ${relname}`).catch((error: Error) => {
      assert.match(error.message, /permission denied/);
      return { rows: [{ n: 0 }] };
    });
    assert.deepEqual(seen.rows, [{ n: 0 }], relname);
  }
});

test("every table names its organisation, but for those of the database as a whole", async () => {
  const { rows } = await database.owner.query(
    `SELECT relname FROM pg_class c WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND relname NOT IN ('schema_migration', 'backup_taken', 'audit_node', 'audit_checkpoint', 'oauth_key', 'kept_authority', 'guess_failure', 'server_run')
        AND NOT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = c.oid AND attname = 'organisation_id' AND attnotnull)`,
  );
  assert.deepEqual(rows, []);
});

test("the audit log only grows, for whoever asks", async () => {
  for (const pool of [database.owner, database.worker, database.api]) {
    await assert.rejects(pool.query("UPDATE audit_event SET actor = 'nobody'"), /append-only|permission denied/);
    await assert.rejects(pool.query("DELETE FROM audit_event"), /append-only|permission denied/);
  }
  await assert.rejects(database.owner.query("TRUNCATE audit_event"), /append-only/);
});

test("a change that fails leaves neither a trace of itself nor an entry in the audit log", async () => {
  const patient = await create();
  const before = await actionsOf("patient_id", patient.id);
  await assert.rejects(
    registry.patients.admit(home.id, patient.id, { wardId: home.id, bed: "1" }, BY),
    refused("NOT_FOUND", "wardId"),
  );
  assert.equal((await registry.patients.find(home.id, patient.id))?.stay, null);
  assert.deepEqual(await actionsOf("patient_id", patient.id), before);
});

test("people are listed by organisation and found by id", async () => {
  const person = await registry.people.create(home.id, " Nina Berg ", "nurse", BY);
  assert.equal(person.display, "Nina Berg");
  assert.deepEqual(await registry.people.find(person.id), person);
  assert.deepEqual(await registry.people.list(elsewhere.id), []);
  assert.equal(await registry.people.find("nobody"), undefined);
  await assert.rejects(
    registry.people.create(home.id, "X", "surgeon" as "nurse", BY),
    refused("FIELD_INVALID", "role"),
  );
});

test("when the database does not answer, the refusal says so and that trying again can help", async () => {
  const alone = await openTestDatabase();
  const lonely = createRegistry({ api: alone.api, worker: alone.worker, runtime });
  await alone.embedded?.stop();
  for (const call of [() => lonely.patients.list(home.id, { all: true }), () => lonely.wards.organisations()]) {
    await assert.rejects(
      call(),
      (error: unknown) => error instanceof OutsideTrouble && error.code === "DATABASE_UNREACHABLE" && error.retry,
    );
  }
  await alone.close();
});

const DESCRIBED = {
  type: "pulse-oximeter",
  display: "Oximeter",
  manufacturer: null,
  model: null,
  serial: "00042",
  owner: "loan" as const,
  ownerName: "Night study",
  location: "Cupboard 3",
  wardId: null as string | null,
  isOutOfService: false,
  serviceNote: null,
  serviceDueOn: "2026-12-01",
  label: {
    agency: "GS1" as const,
    di: "04012345000016",
    lot: "LOT7A",
    serial: "00042",
    madeOn: "2026-01-15",
    expiresOn: "2027-11-30",
    din: null,
    hrf: "(01)04012345000016(11)260115(17)271130(10)LOT7A(21)00042",
    aidc: "0104012345000016112601151727113010LOT7A\u001d2100042",
    check: "right" as const,
    entry: "barcode" as const,
  },
};

test("what is written down of a device is read as it was, and its audit record says what changed without the texts", async () => {
  const device = await createDevice();
  await registry.devices.describe(home.id, device.id, DESCRIBED, BY);
  const { type, display, manufacturer, model, serial, ...registration } = DESCRIBED;
  const found = await registry.devices.find(home.id, device.id);
  assert.deepEqual(found?.registration, registration);
  assert.deepEqual(
    [found?.device.type, found?.device.display, found?.device.manufacturer, found?.device.model, found?.device.serial],
    [type, display, manufacturer, model, serial],
  );
  const { rows } = await database.owner.query(
    "SELECT detail FROM audit_event WHERE device_id = $1 AND action = 'device.describe'",
    [device.id],
  );
  assert.ok(rows[0].detail.changed.includes("location"));
  assert.ok(!JSON.stringify(rows).includes("Cupboard"));
  await assert.rejects(registry.devices.describe(elsewhere.id, device.id, DESCRIBED, BY), refused("NOT_FOUND"));

  const twin = await createDevice();
  await assert.rejects(registry.devices.describe(home.id, twin.id, DESCRIBED, BY), refused("CONFLICT", "udi"));
  await registry.devices.revoke(home.id, device.id, BY);
  await registry.devices.describe(home.id, twin.id, DESCRIBED, BY);
  await registry.devices.revoke(home.id, twin.id, BY);
});

test("a device out of service is put on nobody, and one on a patient does not go out of service", async () => {
  const device = await createDevice();
  const patient = await create();
  const plain = { ...DESCRIBED, label: null, serial: null };
  const now = runtime.clock.now();
  await registry.devices.describe(home.id, device.id, { ...plain, isOutOfService: true }, BY);
  await assert.rejects(registry.devices.assign(home.id, device.id, patient.id, now, BY), refused("CONFLICT", "device"));
  await registry.devices.describe(home.id, device.id, plain, BY);
  await registry.devices.assign(home.id, device.id, patient.id, now, BY);
  await assert.rejects(
    registry.devices.describe(home.id, device.id, { ...plain, isOutOfService: true }, BY),
    refused("CONFLICT", "service"),
  );
});

test("a device stands in a ward of its own organisation, and in no other", async () => {
  const device = await createDevice();
  const [ward] = await registry.wards.list(home.id);
  const [other] = await registry.wards.list(elsewhere.id);
  const plain = { ...DESCRIBED, label: null, serial: null };
  await registry.devices.describe(home.id, device.id, { ...plain, wardId: ward?.id ?? "" }, BY);
  assert.equal((await registry.devices.find(home.id, device.id))?.registration.wardId, ward?.id);
  const another = other?.id ?? "018f0000-0000-7000-8000-0000000000ff";
  await assert.rejects(
    registry.devices.describe(home.id, device.id, { ...plain, wardId: another }, BY),
    refused("FIELD_INVALID", "wardId"),
  );
});

test("what a device says that it can be asked to do is kept as it said it, once per change, and nonsense holds up nothing", async () => {
  const device = await createDevice();
  let n = 0;
  const say = (at: number, detail: object) =>
    database.owner.query(
      `INSERT INTO event (id, organisation_id, device_id, event, at, time_from_server, received_at, detail)
       VALUES ($1, $2, $3, 'commands-accepted', $4, false, $4, $5)`,
      [`commands-${++n}`, home.id, device.id, at, JSON.stringify(detail)],
    );
  const read = async () => (await registry.devices.find(home.id, device.id))?.commands;
  assert.equal(await read(), null);
  await say(1_000, { commands: ["locate", { name: "set-rate", about: "ml/h, 0.1 to 999", secret: 1 }] });
  const first = { name: "locate", about: null };
  assert.deepEqual(await read(), {
    since: 1_000,
    commands: [first, { name: "set-rate", about: "ml/h, 0.1 to 999" }],
  });
  await say(2_000, { commands: ["locate", { name: "set-rate", about: "ml/h, 0.1 to 999" }] });
  assert.equal((await read())?.since, 1_000, "it said the same");
  // What it said before, and came late.
  await say(500, { commands: [] });
  assert.equal((await read())?.since, 1_000);
  await say(3_000, { commands: "all" });
  await say(4_000, {});
  assert.equal((await read())?.since, 1_000, "nothing that can be read");
  await say(5_000, { commands: ["locate", "<b>", 7, null, { name: "x".repeat(65) }, ...Array(100).fill("a")] });
  const bounded = (await read())?.commands ?? [];
  assert.deepEqual([bounded.length, bounded[0], bounded[1]?.name], [60, first, "a"]);
  await say(6_000, { commands: [] });
  assert.deepEqual(await read(), { since: 6_000, commands: [] }, "none any more");
  const { rows } = await database.owner.query("SELECT count(*)::integer AS n FROM event WHERE device_id = $1", [
    device.id,
  ]);
  assert.equal(rows[0].n, n);
});

test("what a device says of itself is kept with its history, once per change, and a hostile text holds up nothing", async () => {
  const device = await createDevice();
  let n = 0;
  const say = (receivedAt: number, detail: string) =>
    database.owner.query(
      `INSERT INTO event (organisation_id, device_id, id, event, at, time_from_server, received_at, detail)
       VALUES ($1, $2, $3, 'device-information', $4, true, $4, $5)`,
      [home.id, device.id, `i${n++}`, receivedAt, detail],
    );
  await say(1_000, '{"firmware": "1.0", "model": "3230"}');
  await say(2_000, '{"firmware": "1.0"}');
  await say(3_000, '{"firmware": "1.1", "not a name": "x", "serial": ""}');
  await say(4_000, '{"firmware": "\\u0000"}');
  const found = await registry.devices.find(home.id, device.id);
  assert.deepEqual(found?.facts, [
    { fact: "firmware", value: "1.1", since: 3_000 },
    { fact: "firmware", value: "1.0", since: 1_000 },
    { fact: "model", value: "3230", since: 1_000 },
  ]);
  const { rows } = await database.owner.query("SELECT count(*)::int AS events FROM event WHERE device_id = $1", [
    device.id,
  ]);
  assert.equal(rows[0].events, 4);
});

test("whoever a search by name means is among those whom the database leaves, however their name is written", async () => {
  const names = [
    "Østby, Ola",
    "Straße, Änne-Marie",
    "O'Brien, Seán",
    "Ångström, Åse",
    "İnan, Işıl",
    "ﬁnch, Amélie", // a ligature
    "Nguyê\u0303n, Van",
    "Œuvrard, Zoë",
    "Þór, Ægir",
    "Ŀlull, ŉiel",
    "李, 小龙",
    "Иванов, Пётр",
  ];
  const made = [];
  for (const name of names) made.push(await create({ name }));
  const seed = 20261128;
  const { random } = manualRuntime(0, seed);
  const among = async (name: string) =>
    new Set(
      (await registry.patients.list(home.id, { all: true, narrowed: { names: [[name]] } })).map(
        (one) => one.patient.id,
      ),
    );
  for (let round = 0; round < 80; round++) {
    const [which = 0, from = 0, length = 0] = random.bytes(3);
    const whole = folded(names[which % names.length] ?? "");
    const part = whole.slice(from % whole.length).slice(0, 1 + (length % 7));
    const left = await among(part);
    for (const patient of made)
      if (folded(patient.name).includes(part))
        assert.ok(left.has(patient.id), `seed ${seed}, round ${round}: ${patient.name} by "${part}"`);
  }
  assert.ok(!(await among("ostby")).has(made[2]?.id ?? ""), "others are left out");
  const of = async (narrowed: object) =>
    (await registry.patients.list(home.id, { all: true, narrowed })).map((one) => one.patient.id);
  assert.deepEqual(await of({ mrns: [made[0]?.mrn ?? "", "nobody's"] }), [made[0]?.id]);
  const all = (await of({})).sort();
  const pages: string[] = [];
  for (let page = await of({ limit: 5 }); page.length > 0; page = await of({ limit: 5, after: pages.at(-1) }))
    pages.push(...page);
  assert.deepEqual(pages, all, "page by page everybody, once, in the order of their ids");
});
