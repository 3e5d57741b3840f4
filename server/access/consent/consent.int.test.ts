import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { ConsentStatement, Organisation, Person, Principal, Role, Ward } from "@openward/model";
import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import { systemRuntime } from "@openward/runtime/system";
import { signals } from "@openward/signals";
import { categories, categoryOf } from "@openward/signals/categories";
import { openTestDatabase, quietLog, type TestDatabase } from "../../store/database/testing/database.ts";
import {
  createRegistry,
  createTables,
  type Directory,
  openDirectory,
  type Registry,
} from "../../store/registry/index.ts";
import { createAccess } from "../index.ts";
import type { NewGrant } from "../ports.ts";

const BY = "test";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 22, 6);
const GLUCOSE = "glucose-interstitial";
let database: TestDatabase;
let directory: Directory;
let registry: Registry;
let home: Organisation;
let ward: Ward;
let runtime: ManualRuntime;
let access: ReturnType<typeof createAccess>;
let count = 0;

before(async () => {
  database = await openTestDatabase();
  const { api, worker } = database;
  runtime = manualRuntime(NOW, 11);
  const listen = database.connectionConfig("worker");
  directory = await openDirectory({ worker, listen, runtime: systemRuntime, log: quietLog });
  registry = createRegistry({ api, worker, runtime, changed: directory.changed });
  home = await registry.wards.createOrganisation("Home", false);
  ward = await registry.wards.create(home.id, "Ward 1", "Europe/Oslo", BY);
  access = createAccess({
    tables: createTables(database, runtime.clock),
    changes: directory,
    people: registry.people,
    runtime,
    isSecure: false,
    log: quietLog,
  });
});
after(async () => {
  await access.close();
  await directory.close();
  await database.close();
});
beforeEach(() => runtime.advance(DAY));

const refused = (code: string, at?: string) => (error: unknown) =>
  error instanceof RefusedInput && error.code === code && (at === undefined || error.facts.at === at);
const newPerson = (role: Role = "nurse") => registry.people.create(home.id, `${role} ${++count}`, role, BY);
const newPatient = (isAdmitted = false) =>
  registry.patients.create(
    home.id,
    {
      name: `Berg, Ola ${++count}`,
      birthDate: null,
      sex: "male",
      mrn: `consent-${count}`,
      isUnknown: false,
      timeZone: "Europe/Oslo",
      ageGroup: null,
    },
    BY,
    isAdmitted ? { wardId: ward.id, bed: `bed ${count}` } : undefined,
  );
const principalOf = ({ id, display, organisationId, role }: Person): Principal => ({
  kind: "person",
  id,
  display,
  organisationId,
  role,
});
const grant = (person: Person, patientId: string | null, more: Partial<NewGrant> = {}) =>
  access.grants.add(
    home.id,
    [
      {
        grantee: { kind: "person", id: person.id },
        reach: patientId === null ? { kind: "organisation" } : { kind: "patient", patientId },
        purpose: "care",
        basis: "care-team",
        ...more,
      },
    ],
    BY,
  );
const deny = (more: Partial<ConsentStatement> = {}): ConsentStatement => ({
  decision: "deny",
  categories: ["glucose"],
  purpose: null,
  actors: [{ kind: "everybody" }],
  from: 0,
  to: null,
  isSilent: false,
  note: null,
  ...more,
});
const permit = (more: Partial<ConsentStatement> = {}) => deny({ decision: "permit", purpose: "care", ...more });
const say = (patientId: string, statement: ConsentStatement, isConfirmed = true) =>
  access.consents.say(home.id, patientId, statement, { by: BY, as: "self", isConfirmed });
const withdraw = (consentId: string) => access.consents.withdraw(home.id, consentId, { by: BY, as: "self" });

/** A stream, a limit and an alarm of each of two signals, as the tables' owner. */
async function plant(patientId: string): Promise<void> {
  const client = await database.owner.connect();
  try {
    await client.query("SET session_replication_role = replica");
    for (const signal of [GLUCOSE, "heart-rate"]) {
      const stream = runtime.ids.uuid();
      await client.query(
        `INSERT INTO stream (id, organisation_id, patient_id, device_id, signal, kind, unit) VALUES ($1::uuid, $2, $3, $1::text, $4, 'numeric', '1')`,
        [stream, home.id, patientId, signal],
      );
      await client.query(
        `INSERT INTO alarm_revision (alarm_id, revision, organisation_id, patient_id, stream_id, signal, rule, priority, state, latched, onset_at, raised_at)
         VALUES ($1::text, 0, $2, $3, $1::uuid, $4, 'limit', 'high', 'raised', false, 0, 0)`,
        [stream, home.id, patientId, signal],
      );
      await client.query(
        `INSERT INTO standby_revision (standby_id, position, ordinal, organisation_id, patient_id, stream_id, reason, from_at, until_at, started_by)
         VALUES ($1::text, 1, 0, $2, $3, $1::uuid, 'scan', 0, 1, 'x')`,
        [stream, home.id, patientId],
      );
    }
  } finally {
    await client.query("RESET session_replication_role");
    client.release();
  }
}

/** What the database alone, and what the view, shows of a patient to somebody: of glucose and of heart rate. */
async function shown(person: Person, patientId: string) {
  const principal = principalOf(person);
  const tables = createTables(database, runtime.clock);
  const rows = await tables.inOrganisation(principal, (tx) =>
    tx.rows<{ signal: string }>(
      `SELECT signal FROM stream WHERE patient_id = $1
       UNION ALL SELECT signal FROM alarm_revision WHERE patient_id = $1
       UNION ALL SELECT s.signal FROM standby_revision r JOIN stream s ON s.id = r.stream_id WHERE r.patient_id = $1`,
      [patientId],
    ),
  );
  const inDatabase = new Set(rows.map(({ signal }) => signal));
  // A view of its own: one that somebody holds is asked for in other tests.
  const view = await access.viewOf(principal);
  const isShown = (signal: string) => view.has(patientId) && !view.hiddenOf(patientId)?.has(categoryOf(signal));
  const answer = { glucose: inDatabase.has(GLUCOSE), heart: inDatabase.has("heart-rate") };
  await until("the view and the database say the same", () => isShown(GLUCOSE) === answer.glucose);
  assert.equal(isShown("heart-rate"), answer.heart, "the view and the database say the same of the heart rate");
  return answer;
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = performance.now() + 120_000;
  while (!isSo()) {
    assert.ok(performance.now() < end, `waited two minutes for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const ALL = { glucose: true, heart: true };
const NO_GLUCOSE = { glucose: false, heart: true };
const NOTHING = { glucose: false, heart: false };

test("the database and the vocabulary sort every signal into the same kind of data", async () => {
  const { rows } = await database.owner.query<{ signal: string; category: string }>(
    "SELECT signal, category_of(signal) AS category FROM unnest($1::text[]) signal",
    [[...signals.map(({ key }) => key), "a-signal-of-tomorrow"]],
  );
  for (const { signal, category } of rows) assert.equal(category, categoryOf(signal), signal);
  const known = await database.owner.query<{ all: string[] }>('SELECT data_categories() AS "all"');
  assert.deepEqual(
    known.rows[0]?.all,
    categories.map(({ key }) => key),
  );
});

test("every table that knows a kind of data of a patient asks their consent", async () => {
  const { rows } = await database.owner.query<{ name: string; rule: string | null }>(
    `SELECT c.relname AS name, (SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = c.oid AND NOT polpermissive) AS rule
       FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND has_table_privilege('openward_api', c.oid, 'SELECT')
        AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'patient_id')
        AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname IN ('signal', 'event', 'stream_id'))`,
  );
  assert.ok(rows.length >= 5, `${rows.map(({ name }) => name)}`);
  for (const { name, rule } of rows) assert.match(rule ?? "", /hidden_(categories|streams)/, name);
});

test("what is denied is hidden from every grant but breaking the glass, and comes back when it is taken back", async () => {
  const [patient, other] = [await newPatient(true), await newPatient()];
  for (const { id } of [patient, other]) await plant(id);
  const [teamNurse, wardNurse, program] = [await newPerson(), await newPerson(), await newPerson("integration")];
  await grant(teamNurse, patient.id);
  await grant(teamNurse, other.id);
  await access.grants.assign(wardNurse, [ward.id], BY);
  await grant(program, null, { purpose: "integration" });
  for (const who of [teamNurse, wardNurse, program]) assert.deepEqual(await shown(who, patient.id), ALL, who.role);

  const consent = await say(patient.id, deny());
  for (const who of [teamNurse, wardNurse, program])
    assert.deepEqual(await shown(who, patient.id), NO_GLUCOSE, who.role);
  assert.deepEqual(await shown(teamNurse, other.id), ALL, "another patient's consent changes nothing");
  await access.breakGlass.open(principalOf(teamNurse), { patient: patient.mrn, reason: "found unconscious" });
  assert.deepEqual(await shown(teamNurse, patient.id), ALL, "the glass is broken");
  assert.deepEqual(await shown(wardNurse, patient.id), NO_GLUCOSE, "but not for others");
  await withdraw(consent.id);
  assert.deepEqual(await shown(wardNurse, patient.id), ALL);
});

test("a denial is for who is meant: a person, a role, a purpose, a time", async () => {
  const patient = await newPatient();
  await plant(patient.id);
  const [nurse, physician] = [await newPerson(), await newPerson("physician")];
  for (const who of [nurse, physician]) await grant(who, patient.id);
  const cases: [string, Partial<ConsentStatement>, object, object][] = [
    ["one person", { actors: [{ kind: "person", id: nurse.id }] }, NO_GLUCOSE, ALL],
    ["a role", { actors: [{ kind: "role", role: "physician" }] }, ALL, NO_GLUCOSE],
    ["research only", { purpose: "research" }, ALL, ALL],
    ["care only", { purpose: "care" }, NO_GLUCOSE, NO_GLUCOSE],
    ["from tomorrow", { from: runtime.clock.now() + DAY }, ALL, ALL],
    ["two kinds", { categories: ["glucose", "heart"] }, NOTHING, NOTHING],
  ];
  for (const [name, more, toNurse, toPhysician] of cases) {
    const { id } = await say(patient.id, deny(more));
    assert.deepEqual(await shown(nurse, patient.id), toNurse, `${name}, to the nurse`);
    assert.deepEqual(await shown(physician, patient.id), toPhysician, `${name}, to the physician`);
    await withdraw(id);
  }
});

test("a denial begins and ends by the clock, in views that somebody holds too", async () => {
  const patient = await newPatient();
  const nurse = await newPerson();
  await grant(nurse, patient.id);
  const view = await access.viewOf(principalOf(nurse));
  const now = runtime.clock.now();
  await say(patient.id, deny({ from: now + HOUR, to: now + 2 * HOUR }));
  assert.equal(view.hiddenOf(patient.id), undefined);
  const told: string[] = [];
  const stop = access.onSeen((_organisation, ids) => told.push(...ids));
  // The look that ran when it was said sets the alarm clock for the beginning: wait for it.
  await access.viewOf(principalOf(nurse));
  runtime.advance(HOUR);
  await until("it has begun", () => view.hiddenOf(patient.id)?.has("glucose") ?? false);
  assert.ok(told.includes(patient.id), "screens hear of it");
  runtime.advance(HOUR);
  await until("it has ended", () => view.hiddenOf(patient.id) === undefined);
  stop();
});

test("who is permitted by name sees these kinds and no others, also where everybody is denied them", async () => {
  const patient = await newPatient();
  await plant(patient.id);
  const [friend, nurse] = [await newPerson("family"), await newPerson()];
  const given = await say(patient.id, permit({ actors: [{ kind: "person", id: nurse.id }] }));
  assert.deepEqual(await shown(nurse, patient.id), { glucose: true, heart: false });
  await say(patient.id, deny());
  assert.deepEqual(await shown(nurse, patient.id), { glucose: true, heart: false }, "who is named outranks everybody");
  await say(patient.id, deny({ actors: [{ kind: "person", id: nurse.id }] }));
  assert.deepEqual(await shown(nurse, patient.id), NOTHING, "of two about the same person no wins");
  const [made] = await access.grants.list(home.id, { patientId: patient.id, basis: "consent" });
  assert.deepEqual([made?.purpose, made?.createdBy], ["care", BY]);
  await withdraw(given.id);
  assert.deepEqual(await access.grants.list(home.id, { patientId: patient.id, basis: "consent" }), []);
  await say(patient.id, permit({ actors: [{ kind: "person", id: friend.id }], categories: ["heart"] }));
  const [ofFriend] = await access.grants.list(home.id, { patientId: patient.id, basis: "consent" });
  assert.equal(ofFriend?.purpose, "family");
});

test("research sees nobody by a cohort alone, and of who agreed what they agreed to", async () => {
  const [agrees, silent] = [await newPatient(), await newPatient()];
  for (const { id } of [agrees, silent]) await plant(id);
  const researcher = await newPerson("researcher");
  await grant(researcher, null, { purpose: "research", basis: "research-cohort" });
  const stranger = await newPerson("researcher");
  const principal = principalOf(researcher);
  const seen = async (who: Principal) =>
    (
      await createTables(database, runtime.clock).inOrganisation(who, (tx) =>
        tx.rows<{ id: string }>("SELECT id FROM patient"),
      )
    ).map(({ id }) => id);
  assert.deepEqual(await seen(principal), []);
  const actors = [{ kind: "role", role: "researcher" }] as const;
  const given = await say(agrees.id, permit({ purpose: "research", actors }));
  assert.deepEqual(await seen(principal), [agrees.id]);
  const rows = await createTables(database, runtime.clock).inOrganisation(principal, (tx) =>
    tx.rows<{ signal: string }>("SELECT DISTINCT signal FROM stream WHERE patient_id = $1", [agrees.id]),
  );
  assert.deepEqual(rows, [{ signal: GLUCOSE }]);
  assert.deepEqual(await seen(principalOf(stranger)), [], "who has no cohort sees nobody by a consent to researchers");
  await withdraw(given.id);
  assert.deepEqual(await seen(principal), []);
});

test("where a denial leaves nobody who watches, it is said before and written down when it is meant", async () => {
  const patient = await newPatient(true);
  const [one, two] = [await newPerson(), await newPerson()];
  const watching = { purpose: "monitoring" } as const;
  for (const who of [one, two]) await grant(who, patient.id, watching);
  await database.owner.query(
    "UPDATE access_grant SET ended_at = 1, ended_by = 'x' WHERE ward_id IS NOT NULL AND ended_at IS NULL",
  );
  const about = (person: Person) => deny({ actors: [{ kind: "person", id: person.id }] });
  await say(patient.id, about(one), false);
  await assert.rejects(say(patient.id, about(two), false), refused("CONSENT_LEAVES_UNWATCHED", "confirm"));
  assert.equal((await access.consents.ofPatients(home.id, [patient.id])).length, 1, "nothing was kept of it");
  await say(patient.id, about(two));
  const { rows } = await database.owner.query(
    "SELECT detail->'categories' AS categories FROM audit_event WHERE action = 'consent.unwatched' AND patient_id = $1",
    [patient.id],
  );
  assert.deepEqual(rows, [{ categories: ["glucose"] }]);
});

test("what is said again is a new version, and what was taken back stays so", async () => {
  const patient = await newPatient();
  const said = await say(patient.id, deny());
  await access.consents.change(home.id, said.id, deny({ categories: ["heart"] }), { by: BY, as: "guardian" });
  await withdraw(said.id);
  await assert.rejects(withdraw(said.id), refused("CONFLICT", "consent"));
  const versions = await access.consents.versions(home.id, said.id);
  assert.deepEqual(
    versions.map(({ version, status, categories, saidAs }) => [version, status, categories.join(), saidAs]),
    [
      [3, "inactive", "heart", "self"],
      [2, "active", "heart", "guardian"],
      [1, "active", "glucose", "self"],
    ],
  );
  await assert.rejects(database.owner.query("UPDATE consent SET note = 'x'"), /refus|never|append|changed/i);
});

test("a statement that means nothing, or hides a call for help, is refused by its field", async () => {
  const patient = await newPatient();
  const cases: [string, ConsentStatement][] = [
    ["categories", deny({ categories: [] })],
    ["categories[0]", deny({ categories: ["moods"] })],
    ["categories[1]", deny({ categories: ["glucose", "calls"] })],
    ["actors", deny({ actors: [] })],
    ["actors[0].role", deny({ actors: [{ kind: "role", role: "patient" }] })],
    ["actors[0]", permit()],
    ["actors[0].role", permit({ actors: [{ kind: "role", role: "researcher" }] })],
    ["purpose", permit({ purpose: null, actors: [{ kind: "role", role: "nurse" }] })],
    ["to", deny({ to: runtime.clock.now() - 1 })],
    ["note", deny({ note: "x".repeat(501) })],
  ];
  for (const [at, statement] of cases)
    await assert.rejects(say(patient.id, statement), refused("FIELD_INVALID", at), at);
  await say(patient.id, deny({ categories: ["calls"], purpose: "research" }));
  const stranger = { kind: "person", id: runtime.ids.uuid() } as const;
  await assert.rejects(say(patient.id, deny({ actors: [stranger] })), refused("NOT_FOUND", "actors[0].id"));
});

test("consents are seen by who sees the patient, but for those that are kept from them", async () => {
  const patient = await newPatient();
  const [nurse, stranger] = [await newPerson(), await newPerson()];
  await grant(nurse, patient.id);
  const open = await say(patient.id, deny());
  await say(patient.id, deny({ isSilent: true, categories: ["location"] }));
  const ofWhom = async (who: Person) =>
    (await access.consents.ofPatients(principalOf(who), [patient.id])).map(({ id }) => id);
  assert.deepEqual(await ofWhom(nurse), [open.id]);
  assert.deepEqual(await ofWhom(stranger), []);
  assert.equal((await access.consents.ofPatients(home.id, [patient.id])).length, 2);
});

test("what was said of a record that was merged is so for the person's every record", async () => {
  const [old, kept, nurse] = [await newPatient(), await newPatient(), await newPerson()];
  for (const { id } of [old, kept]) await plant(id);
  await grant(nurse, kept.id);
  await say(old.id, deny());
  await registry.patients.merge(home.id, old.id, kept.id, BY);
  const view = await access.viewOf(principalOf(nurse));
  await until("both records are one person's", () => view.hiddenOf(kept.id)?.has("glucose") ?? false);
  assert.ok(view.hiddenOf(old.id)?.has("glucose"));
  for (const { id } of [old, kept]) {
    const rows = await createTables(database, runtime.clock).inOrganisation(principalOf(nurse), (tx) =>
      tx.rows<{ signal: string }>("SELECT signal FROM stream WHERE patient_id = $1", [id]),
    );
    assert.deepEqual(rows, [{ signal: "heart-rate" }]);
  }
});

test("while rules cannot be read views keep what they hid, new ones show nothing measured, and a broken glass shows all", async () => {
  const patient = await newPatient();
  const other = await newPatient();
  const [nurse, newcomer] = [await newPerson(), await newPerson()];
  for (const { id } of [patient, other]) for (const who of [nurse, newcomer]) await grant(who, id);
  const held = await access.viewOf(principalOf(nurse));
  await say(patient.id, deny());
  await until("glucose is hidden", () => held.hiddenOf(patient.id)?.has("glucose") ?? false);
  await database.owner.query("ALTER TABLE consent_rule RENAME TO consent_rule_away");
  try {
    await access.grants.add(home.id, [], BY);
    await access.breakGlass.open(principalOf(newcomer), { patient: patient.mrn, reason: "found unconscious" });
    const fresh = await access.viewOf(principalOf(newcomer));
    assert.deepEqual([fresh.hiddenOf(patient.id), fresh.hiddenOf(other.id)?.size], [undefined, categories.length]);
    assert.deepEqual([...(held.hiddenOf(patient.id) ?? [])], ["glucose"]);
    assert.equal(held.hiddenOf(other.id), undefined);
  } finally {
    await database.owner.query("ALTER TABLE consent_rule_away RENAME TO consent_rule");
  }
  const fresh = await access.viewOf(principalOf(newcomer));
  runtime.advance(1_000);
  await until("the rules are read again", () => fresh.hiddenOf(other.id) === undefined);
});
