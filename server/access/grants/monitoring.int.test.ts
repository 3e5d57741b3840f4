import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Organisation, Person, Principal, Role, Ward } from "@openward/model";
import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import { openTestDatabase, type TestDatabase } from "../../store/database/testing/database.ts";
import { createRegistry, createTables, type Registry } from "../../store/registry/index.ts";
import type { MonitoringMail } from "../ports.ts";
import { createGrantStore } from "./grants.ts";
import { createMonitoring } from "./monitoring.ts";
import { SETTLED_MS } from "./telling.ts";

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
  for (const end = performance.now() + 120_000; ; await new Promise((resolve) => setTimeout(resolve, 5))) {
    const { rows } = await database.owner.query(
      "SELECT is_watched FROM monitoring_change WHERE patient_id = $1 ORDER BY position DESC LIMIT 1",
      [patientId],
    );
    if (rows[0]?.is_watched === isWatched) return;
    assert.ok(performance.now() < end, `waited two minutes for: a patient who is ${isWatched ? "" : "not "}watched`);
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

test("a handover that leaves nobody for a moment is told to nobody", async () => {
  ward = await registry.wards.create(home.id, "Ward of one", "Europe/Oslo", BY);
  const patient = await newPatient();
  await becomes(patient.id, false);
  const [grant] = await grants.assign(await newNurse(), [ward.id], BY);
  await becomes(patient.id, true);
  const due = async () =>
    (
      await database.owner.query("SELECT FROM monitoring_to_tell($1, $2) WHERE patient = $3", [
        runtime.clock.now(),
        SETTLED_MS,
        patient.id,
      ])
    ).rows.length;
  runtime.advance(SETTLED_MS);
  assert.equal(await due(), 0);
  await grants.end(home.id, grant?.id ?? "", BY, null);
  await becomes(patient.id, false);
  assert.equal(await due(), 0, "not for so long yet");
});

/** Somebody with a mailbox. */
async function reachable(role: Role, email: string | null): Promise<Person> {
  const person = await registry.people.create(there.id, `${role} ${++count}`, role, BY);
  return registry.people.change(there.id, person.id, { email }, BY);
}

let there: Organisation;

test("that nobody watches is told once to the patient and to the physician, after a restart too, and so is the end of it", async () => {
  // One process serves, and tells.
  await monitoring.close();
  there = await registry.wards.createOrganisation("There", false);
  const unit = await registry.wards.create(there.id, "Ward 2", "Europe/Oslo", BY);
  const mailed: string[] = [];
  let isDown = false;
  const mail: MonitoringMail = {
    async sendMonitoring(to, { isWatched, isPatient }) {
      if (isDown) throw new Error("the mail server is away");
      mailed.push(`${to} ${isPatient ? "patient" : "clinician"} ${isWatched ? "watched" : "unwatched"}`);
    },
  };
  const troubles: unknown[] = [];
  const tables = createTables(database, runtime.clock);
  const log = { warn() {} };
  const begin = async () => {
    const one = createMonitoring({ tables, runtime, log, onTrouble: (error) => void troubles.push(error) });
    await one.start(mail);
    return one;
  };
  const told = async (patientId: string) => {
    const { rows } = await database.owner.query<{ is_watched: boolean; mails: number }>(
      "SELECT is_watched, mails FROM monitoring_told WHERE patient_id = $1 ORDER BY position",
      [patientId],
    );
    return rows.map(({ is_watched: isWatched, mails }) => `${isWatched ? "watched" : "unwatched"} ${mails}`);
  };
  const untilTold = async (patientId: string, expected: string[]) => {
    for (const end = performance.now() + 120_000; ; await new Promise((resolve) => setTimeout(resolve, 5))) {
      const found = await told(patientId);
      if (found.length >= expected.length) return assert.deepEqual(found, expected);
      assert.ok(performance.now() < end, `waited two minutes for: ${expected}; found ${found}`);
      runtime.advance(30_000);
    }
  };
  const own = await reachable("patient", "kari@home.example");
  const physician = await reachable("physician", "ada@hospital.example");
  await reachable("physician", "elsewhere@hospital.example"); // sees nobody
  const officer = await reachable("administrator", "office@hospital.example");
  const nurse = await registry.people.create(there.id, "Nurse", "nurse", BY);
  const patient = await registry.patients.create(
    there.id,
    {
      ...{ name: "Hansen, Kari", birthDate: null, sex: "female", mrn: "told-1" },
      ...{ isUnknown: false, timeZone: "Europe/Oslo", ageGroup: null },
    },
    BY,
    { wardId: unit.id, bed: "1" },
  );
  const related = { personId: own.id, relation: "self", reason: "the register" } as const;
  await registry.relations.relate(there.id, patient.id, related, BY);
  const [watch] = await grants.assign(nurse, [unit.id], BY);
  const reach = { kind: "patient", patientId: patient.id } as const;
  const ofPhysician = { grantee: { kind: "person", id: physician.id }, reach } as const;
  const [care] = await grants.add(there.id, [{ ...ofPhysician, purpose: "care", basis: "care-team" }], BY);

  let serving = await begin();
  try {
    runtime.advance(2 * SETTLED_MS);
    await grants.end(there.id, watch?.id ?? "", BY, null);
    isDown = true;
    for (let tries = 0; troubles.length === 0 && tries < 500; tries++) {
      runtime.advance(30_000);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.ok(troubles.length > 0, "a mail was tried");
    assert.deepEqual(await told(patient.id), [], "not told yet");
    isDown = false;
    await untilTold(patient.id, ["unwatched 2"]);
    const both = ["ada@hospital.example clinician unwatched", "kari@home.example patient unwatched"];
    assert.deepEqual(mailed.sort(), both);

    await serving.close();
    serving = await begin();
    const [again] = await grants.assign(nurse, [unit.id], BY);
    await untilTold(patient.id, ["unwatched 2", "watched 2"]);
    assert.deepEqual(mailed.length, 4, "nothing was told twice");
    assert.ok(mailed.includes("kari@home.example patient watched"));

    // Nobody takes care but who can assign somebody.
    mailed.length = 0;
    await grants.end(there.id, care?.id ?? "", BY, null);
    await registry.people.change(there.id, own.id, { email: null }, BY);
    await grants.end(there.id, again?.id ?? "", BY, null);
    await untilTold(patient.id, ["unwatched 2", "watched 2", "unwatched 1"]);
    assert.deepEqual(mailed, ["office@hospital.example clinician unwatched"]);
    const { rows } = await database.owner.query(
      "SELECT detail FROM audit_event WHERE patient_id = $1 AND action = 'monitoring.told' ORDER BY position",
      [patient.id],
    );
    assert.deepEqual(rows.at(-1)?.detail, { isWatched: false, mailed: [officer.id] });
  } finally {
    await serving.close();
  }
});
