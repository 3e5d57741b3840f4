import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Organisation, Patient } from "@openward/model";
import { systemRuntime } from "@openward/runtime/system";
import { openTestDatabase, quietLog, type TestDatabase } from "../database/testing/database.ts";
import { createRegistry, type Directory, openDirectory, type Registry } from "./index.ts";
import type { RegistryChange } from "./ports.ts";

const BY = "nurse";
let database: TestDatabase;
let directory: Directory;
/** As this process has it. */
let here: Registry;
/** As another process has it, the command line for one: it tells the directory nothing. */
let there: Registry;
let home: Organisation;
let count = 0;

const open = () =>
  openDirectory({
    worker: database.worker,
    listen: database.connectionConfig("worker"),
    runtime: systemRuntime,
    log: quietLog,
  });

before(async () => {
  database = await openTestDatabase();
  const { api, worker } = database;
  directory = await open();
  here = createRegistry({ api, worker, runtime: systemRuntime, changed: directory.changed });
  there = createRegistry({ api, worker, runtime: systemRuntime });
  home = await there.wards.createOrganisation("Home", false);
});
after(async () => {
  await directory.close();
  await database.close();
});

const newPatient = (registry: Registry): Promise<Patient> =>
  registry.patients.create(
    home.id,
    {
      name: "Berg, Ola",
      birthDate: "1950-05-05",
      sex: "male",
      mrn: String(++count),
      isUnknown: false,
      timeZone: "Europe/Oslo",
      ageGroup: null,
    },
    BY,
  );
const newDevice = (registry: Registry) =>
  registry.devices.create(
    home.id,
    { type: "generic", display: "Monitor", manufacturer: null, model: null, serial: null },
    BY,
  );

async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = performance.now() + 120_000;
  while (!isSo()) {
    assert.ok(performance.now() < end, `waited two minutes for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("who writes reads what was written, at once", async () => {
  const patient = await newPatient(here);
  assert.deepEqual(directory.watched(patient.id), {
    patientId: patient.id,
    organisationId: home.id,
    isAdmitted: false,
    ageGroup: "adult",
  });
  const { device, token } = await newDevice(here);
  assert.equal(directory.signIn(device.id, token)?.deviceId, device.id);
  const association = await here.devices.assign(home.id, device.id, patient.id, 1_000, BY);
  assert.deepEqual(directory.associationAt(device.id, 1_000), association);
  assert.deepEqual(directory.currentAssociation(device.id), association);
  await here.devices.release(home.id, device.id, 5_000, BY);
  assert.equal(directory.currentAssociation(device.id), undefined);
  assert.equal(directory.associationAt(device.id, 4_999)?.id, association.id);
  const next = await here.devices.rotateToken(home.id, device.id, BY);
  assert.equal(directory.signIn(device.id, token), undefined);
  assert.ok(directory.signIn(device.id, next));
  await here.devices.revoke(home.id, device.id, BY);
  assert.ok(!directory.isActive(device.id));
});

test("what another process writes is heard, and told to who listens", async () => {
  const told: RegistryChange[] = [];
  const stop = directory.on((change) => told.push(change));
  const revoked: string[] = [];
  const stopRevoked = directory.onRevoked((deviceId) => revoked.push(deviceId));
  const patient = await newPatient(there);
  const { device, token } = await newDevice(there);
  await until("the new device signs in", () => directory.signIn(device.id, token) !== undefined);
  const association = await there.devices.assign(home.id, device.id, patient.id, 1_000, BY);
  await until("the association", () => directory.currentAssociation(device.id)?.id === association.id);
  await there.devices.revoke(home.id, device.id, BY);
  await until("the revocation", () => revoked.includes(device.id) && !directory.isActive(device.id));
  await until("the listener", () => {
    const kinds = new Set(told.map(({ kind }) => kind));
    return ["patient", "device", "association"].every((kind) => kinds.has(kind as "patient"));
  });
  stop();
  stopRevoked();
});

test("a listener that fails keeps nobody else from hearing", async () => {
  let heard = false;
  const stops = [
    directory.on(() => {
      throw new Error("broken");
    }),
    directory.on(() => {
      heard = true;
    }),
  ];
  await newPatient(here);
  assert.ok(heard);
  for (const stop of stops) stop();
});

test("a directory that opens later knows everything; a merged patient is not in it", async () => {
  const [gone, kept] = [await newPatient(here), await newPatient(here)];
  const { device, token } = await newDevice(here);
  await here.devices.assign(home.id, device.id, gone.id, 1_000, BY);
  await here.patients.merge(home.id, gone.id, kept.id, BY);
  const later = await open();
  assert.ok(later.signIn(device.id, token));
  assert.equal(later.currentAssociation(device.id)?.patientId, kept.id);
  assert.equal(later.associations(device.id).length, 2);
  assert.equal(later.watched(gone.id), undefined);
  assert.equal(directory.watched(gone.id), undefined);
  await later.close();
});

test("while the database is down devices sign in from memory, and what was missed is caught up with after", async () => {
  const { device, token } = await newDevice(here);
  const patient = await newPatient(here);
  await database.embedded?.stop();
  assert.ok(directory.signIn(device.id, token));
  assert.ok(directory.watched(patient.id));
  await database.embedded?.start();
  // Before the directory listens again: nothing announces this to it.
  await there.devices.revoke(home.id, device.id, BY);
  await until("the revocation", () => !directory.isActive(device.id));
});

test("many changes at once end in what the database has", async () => {
  const { device } = await newDevice(here);
  const patients = await Promise.all(Array.from({ length: 12 }, () => newPatient(here)));
  let at = 1_000;
  await Promise.all(
    patients.map(async (patient, i) => {
      const registry = i % 2 === 0 ? here : there;
      at += 1_000;
      await registry.devices.assign(home.id, device.id, patient.id, at, BY).catch(() => {});
    }),
  );
  const record = await here.devices.find(home.id, device.id);
  await until(
    "the same as in the database",
    () => directory.currentAssociation(device.id)?.id === record?.association?.id,
  );
});
