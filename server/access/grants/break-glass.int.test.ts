import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { Organisation, Person, Principal } from "@openward/model";
import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import { systemRuntime } from "@openward/runtime/system";
import { openTestDatabase, quietLog, type TestDatabase } from "../../store/database/testing/database.ts";
import {
  createRegistry,
  createTables,
  type Directory,
  openDirectory,
  type Registry,
} from "../../store/registry/index.ts";
import { createAccess } from "../index.ts";

const BY = "test";
const HOUR = 3_600_000;
const REASON = "found unconscious in the corridor";
let database: TestDatabase;
let directory: Directory;
let registry: Registry;
let home: Organisation;
let elsewhere: Organisation;
let nurse: Person;
let officer: Person;
let runtime: ManualRuntime;
let access: ReturnType<typeof createAccess>;
const warned: object[] = [];
let count = 0;

before(async () => {
  database = await openTestDatabase();
  const { api, worker } = database;
  runtime = manualRuntime(Date.UTC(2026, 10, 22, 6), 7);
  const listen = database.connectionConfig("worker");
  directory = await openDirectory({ worker, listen, runtime: systemRuntime, log: quietLog });
  registry = createRegistry({ api, worker, runtime, changed: directory.changed });
  home = await registry.wards.createOrganisation("Home", false);
  elsewhere = await registry.wards.createOrganisation("Elsewhere", false);
  nurse = await registry.people.create(home.id, "Nina Berg", "nurse", BY);
  officer = await registry.people.create(home.id, "Ada Moen", "administrator", BY);
  access = createAccess({
    tables: createTables(database, runtime.clock),
    changes: directory,
    people: registry.people,
    runtime,
    isSecure: false,
    log: { warn: (facts) => void warned.push(facts) },
  });
});
after(async () => {
  await access.close();
  await directory.close();
  await database.close();
});

const refused = (code: string) => (error: unknown) => error instanceof RefusedInput && error.code === code;
const newPatient = (organisation = home) =>
  registry.patients.create(
    organisation.id,
    {
      name: "Berg, Ola",
      birthDate: null,
      sex: "male",
      mrn: `glass-${++count}`,
      isUnknown: false,
      timeZone: "Europe/Oslo",
      ageGroup: null,
    },
    BY,
  );
const principalOf = ({ id, display, organisationId, role }: Person): Principal => ({
  kind: "person",
  id,
  display,
  organisationId,
  role,
});
const breakGlass = (patient: string, who = principalOf(nurse), reason = REASON) =>
  access.breakGlass.open(who, { patient, reason });

async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = performance.now() + 120_000;
  while (!isSo()) {
    assert.ok(performance.now() < end, `waited two minutes for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("in an emergency a patient is seen at once, for four hours and no longer", async () => {
  const patient = await newPatient();
  const view = await access.viewOf(principalOf(nurse));
  assert.ok(!view.has(patient.id));
  const grant = await breakGlass(patient.mrn);
  assert.deepEqual(
    [grant.basis, grant.purpose, grant.reason, grant.to],
    ["break-glass", "emergency", REASON, runtime.clock.now() + 4 * HOUR],
  );
  assert.ok((await access.viewOf(principalOf(nurse))).has(patient.id));
  runtime.advance(4 * HOUR - 1);
  assert.ok((await access.viewOf(principalOf(nurse))).has(patient.id));
  runtime.advance(1);
  await until("the end of four hours", () => !view.has(patient.id));
  const { rows } = await database.owner.query(
    "SELECT actor, detail->>'basis' AS basis FROM audit_event WHERE patient_id = $1 AND action = 'grant.begin'",
    [patient.id],
  );
  assert.deepEqual(rows, [{ actor: nurse.id, basis: "break-glass" }]);
});

test("each breaking waits in the queue at once, is reviewed once, and by somebody else; what was not justified ends", async () => {
  const [first, second] = [await newPatient(), await newPatient()];
  const [one, two] = [await breakGlass(first.mrn), await breakGlass(second.id)];
  const waiting = async () => (await access.breakGlass.list(home.id, { reviewed: false })).map(({ grant }) => grant.id);
  assert.ok((await waiting()).includes(one.id) && (await waiting()).includes(two.id));
  assert.deepEqual(warned.at(-1), { grantId: two.id });
  const review = { outcome: "not-justified", note: "a neighbour" } as const;
  await assert.rejects(access.breakGlass.review(principalOf(nurse), one.id, review), refused("NOT_PERMITTED"));
  const view = await access.viewOf(principalOf(nurse));
  const done = await access.breakGlass.review(principalOf(officer), one.id, review);
  assert.deepEqual([done.review?.outcome, done.review?.by], ["not-justified", officer.id]);
  await until("who had no reason sees the patient no more", () => !view.has(first.id));
  await access.breakGlass.review(principalOf(officer), two.id, { outcome: "justified", note: null });
  assert.ok(view.has(second.id));
  assert.ok(!(await waiting()).includes(one.id) && !(await waiting()).includes(two.id));
  assert.equal((await access.breakGlass.list(home.id, { reviewed: true })).length, 2);
  await assert.rejects(access.breakGlass.review(principalOf(officer), one.id, review), refused("CONFLICT"));
  const stranger = { ...principalOf(officer), organisationId: elsewhere.id };
  await assert.rejects(access.breakGlass.review(stranger, two.id, review), refused("NOT_FOUND"));
  assert.deepEqual(await access.breakGlass.list(elsewhere.id, { reviewed: true }), []);
});

test("who broke the glass ends it before its time, and its review waits all the same", async () => {
  const patient = await newPatient();
  const grant = await breakGlass(patient.mrn);
  const other = await registry.people.create(home.id, "Nils Dahl", "physician", BY);
  const mine = async (who: Person) => (await access.breakGlass.running(principalOf(who))).map(({ id }) => id);
  assert.ok((await mine(nurse)).includes(grant.id));
  assert.deepEqual(await mine(other), []);
  await assert.rejects(access.breakGlass.end(principalOf(other), grant.id), refused("NOT_FOUND"));
  const view = await access.viewOf(principalOf(nurse));
  const ended = await access.breakGlass.end(principalOf(nurse), grant.id);
  assert.equal(ended.endedBy, nurse.id);
  await until("the patient is seen no more", () => !view.has(patient.id));
  assert.ok(!(await mine(nurse)).includes(grant.id));
  await assert.rejects(access.breakGlass.end(principalOf(nurse), grant.id), refused("NOT_FOUND"));
  const waiting = await access.breakGlass.list(home.id, { reviewed: false });
  assert.equal(waiting.find((one) => one.grant.id === grant.id)?.mrn, patient.mrn);
});

test("the glass is not broken across organisations, by programs, by who takes care of nobody, or without a reason", async () => {
  const [patient, foreign] = [await newPatient(), await newPatient(elsewhere)];
  await assert.rejects(breakGlass(foreign.id), refused("NOT_FOUND"));
  await assert.rejects(breakGlass(foreign.mrn), refused("NOT_FOUND"));
  const { rows } = await database.owner.query("SELECT actor FROM audit_event WHERE action = 'break-glass.refuse'");
  assert.deepEqual(rows, [{ actor: nurse.id }, { actor: nurse.id }], "trying is in the audit log");
  await assert.rejects(breakGlass(patient.mrn.slice(0, -1)), refused("NOT_FOUND"));
  await assert.rejects(breakGlass(patient.mrn, principalOf(officer)), refused("NOT_PERMITTED"));
  await assert.rejects(breakGlass(patient.mrn, { ...principalOf(nurse), kind: "token" }), refused("NOT_PERMITTED"));
  await assert.rejects(breakGlass(patient.mrn, principalOf(nurse), "  urgent  "), refused("FIELD_INVALID"));
  assert.ok(!(await access.viewOf(principalOf(nurse))).has(patient.id));
  // The database itself knows no breaking without an end and a reason.
  await assert.rejects(
    database.owner.query(
      `INSERT INTO access_grant (id, organisation_id, grantee_kind, grantee_id, patient_id, purpose, basis, from_at, created_at, created_by)
       VALUES (gen_random_uuid(), $1, 'person', $2, $3, 'emergency', 'break-glass', 0, 0, 'x')`,
      [home.id, nurse.id, patient.id],
    ),
    /break_glass_ends/,
  );
});

test("an emergency for a record that was merged is for the person", async () => {
  const [gone, kept] = [await newPatient(), await newPatient()];
  await registry.patients.merge(home.id, gone.id, kept.id, BY);
  await breakGlass(gone.mrn);
  const view = await access.viewOf(principalOf(nurse));
  assert.ok(view.has(kept.id) && view.has(gone.id));
});
