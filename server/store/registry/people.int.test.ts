import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { type Organisation, type Role, standingOf } from "@openward/model";
import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import { seesEverybody } from "../../access/testing/grants.ts";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { createRegistry, type Registry } from "./index.ts";

const BY = "0190a000-0000-7000-8000-00000000beef";
const DAY = 86_400_000;
let database: TestDatabase;
let runtime: ManualRuntime;
let registry: Registry;
let home: Organisation;
let elsewhere: Organisation;
let count = 0;

before(async () => {
  database = await openTestDatabase();
  runtime = manualRuntime(Date.UTC(2026, 10, 22, 6), 14);
  const { api, worker } = database;
  registry = createRegistry({ api, worker, runtime });
  home = await registry.wards.createOrganisation("Home hospital", false);
  elsewhere = await registry.wards.createOrganisation("Elsewhere", false);
  await seesEverybody(database, { id: BY, organisationId: home.id });
});
after(() => database.close());

const add = (role: Role) => registry.people.create(home.id, `Person ${++count}`, role, BY);
const newPatient = () =>
  registry.patients.create(
    home.id,
    {
      name: `Test, Patient ${++count}`,
      birthDate: null,
      sex: "female",
      mrn: `P-${count}`,
      isUnknown: false,
      timeZone: "Europe/Oslo",
      ageGroup: null,
    },
    BY,
  );
const refused = (code: string, at?: string) => (error: unknown) =>
  error instanceof RefusedInput && error.code === code && (at === undefined || error.facts.at === at);
const actions = async (patientId: string) =>
  (
    await database.owner.query("SELECT action FROM audit_event WHERE patient_id = $1 ORDER BY position", [patientId])
  ).rows.map(({ action }) => action);

test("name and role change, each in the audit log, and nobody's in another organisation", async () => {
  const person = await add("nurse");
  const changed = await registry.people.change(home.id, person.id, { role: "physician", display: " Ida Dahl " }, BY);
  assert.deepEqual([changed.role, changed.display], ["physician", "Ida Dahl"]);
  assert.deepEqual(await registry.people.find(person.id), changed);
  for (const touch of [
    () => registry.people.change(elsewhere.id, person.id, { role: "nurse" }, BY),
    () => registry.people.disable(elsewhere.id, person.id, BY),
    () => registry.people.enable(elsewhere.id, person.id, BY),
  ])
    await assert.rejects(touch(), refused("NOT_FOUND", "person"));
  const { rows } = await database.owner.query(
    "SELECT detail FROM audit_event WHERE action = 'person.change' AND detail->>'personId' = $1",
    [person.id],
  );
  assert.deepEqual(rows, [{ detail: { personId: person.id, role: "physician", was: "nurse" } }], "no name in it");
});

test("the last administrator stays, also when two send each other away at once", async () => {
  const [one, two] = [await add("administrator"), await add("administrator")];
  const both = await Promise.allSettled([
    registry.people.disable(home.id, one.id, BY),
    registry.people.change(home.id, two.id, { role: "nurse" }, BY),
  ]);
  assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const left = (await registry.people.list(home.id)).filter(
    ({ role, disabledAt }) => role === "administrator" && disabledAt === null,
  );
  assert.equal(left.length, 1);
  await assert.rejects(registry.people.disable(home.id, left[0]?.id ?? "", BY), refused("CONFLICT", "id"));
});

test("disabling and enabling can be said twice", async () => {
  const { id } = await add("nurse");
  const first = await registry.people.disable(home.id, id, BY);
  runtime.advance(1_000);
  assert.deepEqual(await registry.people.disable(home.id, id, BY), first);
  assert.equal((await registry.people.enable(home.id, id, BY)).disabledAt, null);
  assert.equal((await registry.people.enable(home.id, id, BY)).disabledAt, null);
});

test("a person is one patient, a patient has one sign-in, and the role says which relation", async () => {
  const [patient, another] = [await newPatient(), await newPatient()];
  const [self, second, mother] = [await add("patient"), await add("patient"), await add("family")];
  const relate = (patientId: string, personId: string, relation: "self" | "family" | "guardian") =>
    registry.relations.relate(home.id, patientId, { personId, relation, reason: "known to the ward" }, BY);
  await relate(patient.id, self.id, "self");
  await assert.rejects(relate(another.id, self.id, "self"), refused("CONFLICT", "personId"));
  await assert.rejects(relate(patient.id, second.id, "self"), refused("CONFLICT", "relation"));
  await assert.rejects(relate(patient.id, mother.id, "self"), refused("CONFLICT", "personId"));
  await assert.rejects(relate(patient.id, second.id, "family"), refused("CONFLICT", "personId"));
  await relate(patient.id, mother.id, "family");
  await assert.rejects(relate(patient.id, mother.id, "guardian"), refused("CONFLICT", "personId"));
  await relate(another.id, mother.id, "guardian");
  await assert.rejects(registry.people.change(home.id, mother.id, { role: "nurse" }, BY), refused("CONFLICT", "role"));
  assert.deepEqual(await actions(patient.id), ["patient.create", "patient.relate", "patient.relate"]);
});

test("a relation ends once, and can begin again", async () => {
  const [patient, person] = [await newPatient(), await add("family")];
  const given = { personId: person.id, relation: "family", reason: "daughter" } as const;
  const first = await registry.relations.relate(home.id, patient.id, given, BY);
  runtime.advance(DAY);
  const ended = await registry.relations.endRelation(home.id, patient.id, first.id, BY);
  assert.equal(ended.to, runtime.clock.now());
  await assert.rejects(registry.relations.endRelation(home.id, patient.id, first.id, BY), refused("NOT_FOUND"));
  await registry.relations.relate(home.id, patient.id, given, BY);
  const { relations } = await registry.relations.ofPatient(home.id, patient.id);
  assert.deepEqual(
    relations.map((one) => standingOf(one, [], runtime.clock.now()).maySee),
    [true, false],
  );
  await registry.people.change(home.id, (await add("nurse")).id, { role: "physician" }, BY);
});

test("a death and an incapacity are said once, can be taken back, and reach who is related", async () => {
  const [patient, person] = [await newPatient(), await add("patient")];
  const given = { personId: person.id, relation: "self", reason: "identity card" } as const;
  await registry.relations.relate(home.id, patient.id, given, BY);
  const standing = async () => {
    const { relations, facts } = await registry.relations.ofPerson(home.id, person.id);
    return relations.map((one) => standingOf(one, facts, runtime.clock.now()).because);
  };
  assert.deepEqual(await standing(), [null]);
  const heard: string[] = [];
  const listener = await database.worker.connect();
  try {
    listener.on("notification", ({ payload }) => void heard.push(JSON.parse(payload ?? "{}").principalId));
    await listener.query("LISTEN openward_change");
    const fact = await registry.relations.state(home.id, patient.id, { fact: "deceased", reason: "certificate" }, BY);
    await assert.rejects(
      registry.relations.state(home.id, patient.id, { fact: "deceased", reason: "twice" }, BY),
      refused("CONFLICT", "fact"),
    );
    assert.deepEqual(await standing(), ["deceased"]);
    // Notifications of a commit come with the answer to the next query.
    await listener.query("SELECT 1");
    assert.ok(heard.includes(person.id), "whoever is related is looked at again");
    runtime.advance(1_000);
    await registry.relations.endFact(home.id, patient.id, fact.id, BY);
    assert.deepEqual(await standing(), [null], "it was recorded in error");
  } finally {
    await listener.query("UNLISTEN *");
    listener.release();
  }
  await assert.rejects(
    registry.relations.state(
      home.id,
      patient.id,
      { fact: "incapacity", reason: "x", from: runtime.clock.now() + DAY },
      BY,
    ),
    refused("FIELD_INVALID", "from"),
  );
});

test("a record that was merged takes its relations and facts along", async () => {
  const [old, kept, person] = [await newPatient(), await newPatient(), await add("patient")];
  await registry.relations.relate(home.id, old.id, { personId: person.id, relation: "self", reason: "card" }, BY);
  await registry.relations.state(home.id, old.id, { fact: "incapacity", reason: "delirium" }, BY);
  await registry.patients.merge(home.id, old.id, kept.id, "test");
  const { relations, facts } = await registry.relations.ofPerson(home.id, person.id);
  assert.deepEqual(
    relations.map(({ patientId }) => patientId),
    [kept.id],
  );
  assert.deepEqual(
    facts.map(({ patientId, fact }) => [patientId, fact]),
    [[kept.id, "incapacity"]],
  );
  await assert.rejects(
    registry.relations.state(home.id, old.id, { fact: "deceased", reason: "x" }, BY),
    refused("CONFLICT", "patient"),
  );
});

test("a relation and a person are found one by one: by who sees the patient, in their own organisation", async () => {
  const [old, kept, person] = [await newPatient(), await newPatient(), await add("family")];
  const how = { personId: person.id, relation: "guardian", reason: "card" } as const;
  const { id } = await registry.relations.relate(home.id, old.id, how, BY);
  await registry.patients.merge(home.id, old.id, kept.id, "test");
  const nurse = await add("nurse");
  const here = { organisationId: home.id, id: BY };
  const there = { organisationId: elsewhere.id, id: BY };
  for (const asker of [here, person]) assert.equal((await registry.relations.find(asker, id))?.patientId, kept.id);
  for (const asker of [there, nurse]) assert.equal(await registry.relations.find(asker, id), undefined);
  assert.equal((await registry.people.findIn(here, nurse.id))?.display, nurse.display);
  assert.equal(await registry.people.findIn(there, nurse.id), undefined);
  for (const none of ["nobody", old.id]) {
    assert.equal(await registry.relations.find(here, none), undefined);
    assert.equal(await registry.people.findIn(here, none), undefined);
  }
});

test("row-level security hides relations and facts of another organisation", async () => {
  const [patient, person] = [await newPatient(), await add("family")];
  await registry.relations.relate(home.id, patient.id, { personId: person.id, relation: "family", reason: "son" }, BY);
  await registry.relations.state(home.id, patient.id, { fact: "incapacity", reason: "sedation" }, BY);
  assert.deepEqual(await registry.relations.ofPatient(elsewhere.id, patient.id), { relations: [], facts: [] });
  for (const table of ["patient_relation", "patient_fact"]) {
    const { rows } = await database.api.query(`SELECT * FROM ${table}`);
    assert.deepEqual(rows, [], `${table} without an organisation`);
  }
});
