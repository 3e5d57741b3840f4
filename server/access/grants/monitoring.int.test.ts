import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Organisation, Person, Principal, Ward } from "@openward/model";
import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import { openTestDatabase, type TestDatabase } from "../../store/database/testing/database.ts";
import { createRegistry, createTables, type Registry } from "../../store/registry/index.ts";
import { createGrantStore } from "./grants.ts";
import { createMonitoring } from "./monitoring.ts";

const BY = "test";
const HOUR = 3_600_000;
let database: TestDatabase;
let registry: Registry;
let home: Organisation;
let ward: Ward;
let runtime: ManualRuntime;
let grants: ReturnType<typeof createGrantStore>;
let monitoring: ReturnType<typeof createMonitoring>;
const warned: string[] = [];
let count = 0;

before(async () => {
  database = await openTestDatabase();
  const { api, worker } = database;
  runtime = manualRuntime(Date.UTC(2026, 10, 22, 6), 7);
  const tables = createTables(database, runtime.clock);
  registry = createRegistry({ api, worker, runtime });
  home = await registry.wards.createOrganisation("Home", false);
  ward = await registry.wards.create(home.id, "Ward 1", "Europe/Oslo", BY);
  grants = createGrantStore({ tables, runtime, changed: async () => {} });
  monitoring = createMonitoring({
    tables,
    runtime,
    log: { warn: (facts) => void warned.push(...(facts as { patients: string[] }).patients) },
    onTrouble(error) {
      throw error;
    },
  });
});
after(async () => {
  await monitoring.close();
  await database.close();
});

const principalOf = ({ id, display, organisationId, role }: Person): Principal => ({
  kind: "person",
  id,
  display,
  organisationId,
  role,
});
const newNurse = () => registry.people.create(home.id, `Nurse ${++count}`, "nurse", BY);
const newPatient = () =>
  registry.patients.create(
    home.id,
    {
      name: `Berg, Ola ${++count}`,
      birthDate: null,
      sex: "male",
      mrn: `watch-${count}`,
      isUnknown: false,
      timeZone: "Europe/Oslo",
      ageGroup: null,
    },
    BY,
    { wardId: ward.id, bed: `${count}` },
  );

/** A change is looked at within a moment, a time that passed within half a minute. */
async function becomes(patientId: string, isWatched: boolean, byClock = false): Promise<void> {
  if (!byClock) monitoring.changed();
  runtime.advance(byClock ? 30_000 : 200);
  for (const end = performance.now() + 30_000; ; await new Promise((resolve) => setTimeout(resolve, 5))) {
    const { rows } = await database.owner.query(
      "SELECT is_watched FROM monitoring_change WHERE patient_id = $1 ORDER BY position DESC LIMIT 1",
      [patientId],
    );
    if (rows[0]?.is_watched === isWatched) return;
    assert.ok(performance.now() < end, `waited 30 s for: a patient who is ${isWatched ? "" : "not "}watched`);
  }
}

test("when the last person who watches a patient does not any more, it is written down, told, and shown on the ward", async () => {
  await monitoring.start();
  const patient = await newPatient();
  const officer = await registry.people.create(home.id, "Ada Moen", "administrator", BY);
  await becomes(patient.id, false); // admitted, and nobody is assigned
  const [first, second] = [await newNurse(), await newNurse()];
  const [[one], [two]] = [await grants.assign(first, [ward.id], BY), await grants.assign(second, [ward.id], BY)];
  await becomes(patient.id, true);
  assert.deepEqual(await monitoring.unwatched(principalOf(officer)), []);
  warned.length = 0;
  await grants.end(home.id, one?.id ?? "", BY, null);
  await becomes(patient.id, true); // the other one still watches
  await grants.end(home.id, two?.id ?? "", BY, null);
  await becomes(patient.id, false);
  assert.deepEqual(warned, [patient.id]);
  // Who sees the patient for another purpose is told, and the administrator, who can assign somebody.
  const asked = {
    grantee: { kind: "person", id: first.id },
    reach: { kind: "patient", patientId: patient.id },
  } as const;
  await grants.add(home.id, [{ ...asked, purpose: "care", basis: "care-team" }], BY);
  for (const who of [officer, first]) {
    const shown = await monitoring.unwatched(principalOf(who));
    assert.deepEqual(
      shown.map(({ patientId, mrn }) => [patientId, mrn]),
      [[patient.id, patient.mrn]],
    );
  }
  assert.deepEqual(await monitoring.unwatched(principalOf(second)), []);
  const changes = await monitoring.ofPatient(principalOf(first), patient.id);
  assert.deepEqual(
    changes.map(({ isWatched }) => isWatched),
    [false, true, false],
  );
  assert.deepEqual(await monitoring.ofPatient(principalOf(second), patient.id), []);
  const { rows } = await database.owner.query(
    "SELECT action FROM audit_event WHERE patient_id = $1 AND action LIKE 'monitoring.%' ORDER BY position",
    [patient.id],
  );
  assert.deepEqual(
    rows.map(({ action }) => action),
    ["monitoring.end", "monitoring.begin", "monitoring.end"],
  );
});

test("a grant that ends by the clock, a discharge and a person who may not sign in any more end it too; a program never watches", async () => {
  const nurse = await newNurse();
  const patient = await newPatient();
  const monitor = {
    reach: { kind: "patient", patientId: patient.id },
    purpose: "monitoring",
    basis: "care-team",
  } as const;
  const grantee = { kind: "person", id: nurse.id } as const;
  await grants.add(home.id, [{ ...monitor, grantee, to: runtime.clock.now() + HOUR }], BY);
  await becomes(patient.id, true);
  runtime.advance(HOUR);
  await becomes(patient.id, false, true);
  await grants.add(home.id, [{ ...monitor, grantee }], BY);
  await becomes(patient.id, true);
  await database.owner.query("UPDATE person SET disabled_at = 1 WHERE id = $1", [nurse.id]);
  await becomes(patient.id, false);
  await database.owner.query(
    `INSERT INTO access_grant (id, organisation_id, grantee_kind, grantee_id, purpose, basis, from_at, created_at, created_by)
     VALUES (gen_random_uuid(), $1, 'token', gen_random_uuid(), 'monitoring', 'organisation-token', 0, 0, 'x')`,
    [home.id],
  );
  await becomes(patient.id, false);
  const other = await newNurse();
  await grants.assign(other, [ward.id], BY);
  await becomes(patient.id, true);
  await registry.patients.discharge(home.id, patient.id, BY);
  await becomes(patient.id, false);
  assert.ok(
    !(await monitoring.unwatched(principalOf(other))).some(({ patientId }) => patientId === patient.id),
    "not admitted",
  );
});
