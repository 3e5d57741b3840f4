import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { Organisation, PatientView, Person, Principal, Ward } from "@openward/model";
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
import type { NewGrant } from "../ports.ts";
import { patientTables, plantRows } from "../testing/rows.ts";

const BY = "test";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 22, 6);
let database: TestDatabase;
let directory: Directory;
let registry: Registry;
let home: Organisation;
let ward: Ward;
let otherWard: Ward;
let runtime: ManualRuntime;
let access: ReturnType<typeof createAccess>;
let count = 0;

before(async () => {
  database = await openTestDatabase();
  const { api, worker } = database;
  runtime = manualRuntime(NOW, 7);
  const listen = database.connectionConfig("worker");
  directory = await openDirectory({ worker, listen, runtime: systemRuntime, log: quietLog });
  registry = createRegistry({ api, worker, runtime, changed: directory.changed });
  home = await registry.wards.createOrganisation("Home", false);
  ward = await registry.wards.create(home.id, "Ward 1", "Europe/Oslo", BY);
  otherWard = await registry.wards.create(home.id, "Ward 2", "Europe/Oslo", BY);
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

const refused = (code: string) => (error: unknown) => error instanceof RefusedInput && error.code === code;
const newNurse = () => registry.people.create(home.id, `Nurse ${++count}`, "nurse", BY);
const newPatient = (on?: Ward) =>
  registry.patients.create(
    home.id,
    {
      name: `Berg, Ola ${++count}`,
      birthDate: null,
      sex: "male",
      mrn: `grant-${count}`,
      isUnknown: false,
      timeZone: "Europe/Oslo",
      ageGroup: null,
    },
    BY,
    on && { wardId: on.id, bed: `bed ${count}` },
  );
const principalOf = ({ id, display, organisationId, role }: Person): Principal => ({
  kind: "person",
  id,
  display,
  organisationId,
  role,
});
const viewOf = (person: Person): Promise<PatientView> => access.viewOf(principalOf(person));
const forPatient = (person: Person, patientId: string, more: Partial<NewGrant> = {}): NewGrant => ({
  grantee: { kind: "person", id: person.id },
  reach: { kind: "patient", patientId },
  purpose: "care",
  basis: "care-team",
  ...more,
});

/** How soon belongs to no test on a busy machine; that it comes by itself does. */
async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = performance.now() + 120_000;
  while (!isSo()) {
    assert.ok(performance.now() < end, `waited two minutes for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("every table that tells of patients is guarded by the grants in its own policy", async () => {
  const { rows } = await database.owner.query<{ name: string; reads: boolean; rule: string | null }>(
    `SELECT c.relname AS name, c.relrowsecurity AND has_table_privilege('openward_api', c.oid, 'SELECT') AS reads,
            (SELECT string_agg(pg_get_expr(polqual, polrelid), ' OR ') FROM pg_policy
              WHERE polrelid = c.oid AND 'openward_api'::regrole = ANY (polroles)) AS rule
       FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND (c.relname IN ('patient', 'quarantine') OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
              AND a.attname IN ('patient_id', 'patient_ids') AND NOT a.attisdropped))`,
  );
  assert.ok(rows.length >= 23, `${rows.length} tables`);
  for (const { name, reads, rule } of rows) {
    if (!reads) assert.equal(rule, null, `${name}: the api reads nothing of it`);
    else assert.match(rule ?? "", /seen_patients/, `${name} has a policy that asks the grants`);
  }
  const roles = await database.owner.query(
    "SELECT rolname FROM pg_roles WHERE rolname IN ('openward_api', 'openward_ingest', 'openward_worker') AND (rolbypassrls OR rolsuper)",
  );
  assert.deepEqual(roles.rows, []);
});

test("the database alone, table by table, gives the rows of whom a principal may see, and none of others", async () => {
  const [seen, hidden, nurse] = [await newPatient(), await newPatient(), await newNurse()];
  for (const { id } of [seen, hidden]) await plantRows(database.owner, home.id, id, runtime.ids);
  await access.grants.add(home.id, [forPatient(nurse, seen.id)], BY);
  const tables = createTables(database, runtime.clock);
  const stranger = await newNurse();
  const nobody = { ...principalOf(nurse), id: "not an id" };
  const elsewhere = { ...principalOf(nurse), organisationId: (await registry.wards.createOrganisation("E", false)).id };
  for (const { name, column } of await patientTables(database.owner)) {
    const whose = async (asker: Parameters<typeof tables.inOrganisation>[0]) => {
      const sql = `SELECT DISTINCT unnest(ARRAY[${column}]::uuid[])::text AS id FROM ${name}`;
      const rows = await tables.inOrganisation(asker, (tx) => tx.rows<{ id: string | null }>(sql));
      return rows.map(({ id }) => id).filter((id) => id === seen.id || id === hidden.id);
    };
    assert.deepEqual(await whose(principalOf(nurse)), [seen.id], `${name}, to who has a grant for one`);
    for (const asker of [principalOf(stranger), nobody, elsewhere]) assert.deepEqual(await whose(asker), [], name);
    assert.deepEqual((await whose(home.id)).sort(), [seen.id, hidden.id].sort(), `${name}, to the house`);
    const bare = await database.api.query(`SELECT count(*) AS n FROM ${name} WHERE ${column} IS NOT NULL`);
    assert.deepEqual(bare.rows, [{ n: 0 }], `${name}, where nobody said who asks`);
  }
});

test("who has no grant sees nobody and changes nobody; a nurse sees who lies on her ward", async () => {
  const [nurse, stranger] = [await newNurse(), await newNurse()];
  const [here, there] = [await newPatient(ward), await newPatient(otherWard)];
  await access.grants.assign(nurse, [ward.id], BY);
  const view = await viewOf(nurse);
  assert.ok(view.has(here.id) && !view.has(there.id));
  assert.deepEqual((await viewOf(stranger)).patientIds(), []);
  const asker = principalOf(nurse);
  assert.ok(!(await registry.patients.list(asker, { all: true })).some(({ patient }) => patient.id === there.id));
  assert.equal(await registry.patients.find(asker, there.id), undefined);
  assert.equal((await registry.patients.find(asker, here.id))?.patient.id, here.id);
  // Ids of a request reach the registry as they are: it looks in the name of who changes.
  const place = { wardId: ward.id, bed: "x" };
  await assert.rejects(registry.patients.change(home.id, there.id, { name: "X" }, nurse.id), refused("NOT_FOUND"));
  await assert.rejects(registry.patients.transfer(home.id, there.id, place, nurse.id), refused("NOT_FOUND"));
  await assert.rejects(registry.patients.discharge(home.id, there.id, nurse.id), refused("NOT_FOUND"));
  await assert.rejects(registry.patients.merge(home.id, there.id, here.id, nurse.id), refused("NOT_FOUND"));
  await registry.patients.change(home.id, here.id, { name: "Berg, Oline" }, nurse.id);
});

test("who is admitted, moved and discharged comes and goes in a view that somebody holds; the ward keeps them for a while", async () => {
  const [nurse, other] = [await newNurse(), await newNurse()];
  await access.grants.assign(nurse, [ward.id], BY);
  await access.grants.assign(other, [otherWard.id], BY);
  const [view, theirs] = [await viewOf(nurse), await viewOf(other)];
  const patient = await newPatient(ward);
  await until("the admission", () => view.has(patient.id));
  assert.ok(!theirs.has(patient.id));
  await registry.patients.transfer(
    home.id,
    patient.id,
    { wardId: otherWard.id, bed: `to ${patient.id}`.slice(0, 20) },
    BY,
  );
  await until("the transfer", () => theirs.has(patient.id));
  assert.ok(view.has(patient.id), "what was begun there is finished there");
  runtime.advance(7 * DAY - 1);
  await until("still there", () => view.has(patient.id));
  runtime.advance(2);
  await until("the ward that they left a week ago has lost them", () => !view.has(patient.id));
  assert.ok(theirs.has(patient.id));
});

test("a grant that ends empties a view that is held, tells which patients left, and is in the audit log", async () => {
  const [nurse, patient] = [await newNurse(), await newPatient()];
  const told: string[] = [];
  const stop = access.onSeen((organisationId, ids) => {
    if (organisationId === home.id) told.push(...ids);
  });
  const view = await viewOf(nurse);
  assert.ok(!view.has(patient.id));
  const [grant] = await access.grants.add(home.id, [forPatient(nurse, patient.id, { reason: "asked to" })], BY);
  assert.ok(grant);
  assert.ok((await viewOf(nurse)).has(patient.id), "seen by who asks next");
  assert.ok(view.has(patient.id));
  const ended = await access.grants.end(home.id, grant.id, BY, "done");
  assert.deepEqual([ended.endedAt, ended.endReason], [runtime.clock.now(), "done"]);
  await until("the patient has left", () => !view.has(patient.id));
  await until("and it was told", () => told.filter((id) => id === patient.id).length === 2);
  stop();
  await assert.rejects(access.grants.end(home.id, grant.id, BY, null), refused("CONFLICT"));
  const { rows } = await database.owner.query(
    "SELECT action FROM audit_event WHERE patient_id = $1 ORDER BY position",
    [patient.id],
  );
  assert.deepEqual(rows.map(({ action }) => action).slice(-2), ["grant.begin", "grant.end"]);
});

test("what another process grants and ends is heard, without anybody asking", async () => {
  const [nurse, patient] = [await newNurse(), await newPatient()];
  const other = createAccess({
    tables: createTables(database, runtime.clock),
    changes: { on: () => () => {} },
    people: registry.people,
    runtime,
    isSecure: false,
    log: quietLog,
  });
  const view = await viewOf(nurse);
  const [grant] = await other.grants.add(home.id, [forPatient(nurse, patient.id)], BY);
  await until("the grant", () => view.has(patient.id));
  await other.grants.end(home.id, grant?.id ?? "", BY, null);
  await until("its end", () => !view.has(patient.id));
  await other.close();
});

test("a grant begins and ends at its times by itself", async () => {
  const [nurse, patient] = [await newNurse(), await newPatient()];
  const view = await viewOf(nurse);
  const at = runtime.clock.now();
  await access.grants.add(home.id, [forPatient(nurse, patient.id, { from: at + HOUR, to: at + 2 * HOUR })], BY);
  assert.ok(!(await viewOf(nurse)).has(patient.id));
  runtime.advance(HOUR);
  await until("it has begun", () => view.has(patient.id));
  runtime.advance(HOUR - 1);
  assert.ok((await viewOf(nurse)).has(patient.id));
  runtime.advance(1);
  await until("it has ended", () => !view.has(patient.id));
  assert.ok(!(await access.grants.list(home.id, { patientId: patient.id })).some(({ basis }) => basis === "care-team"));
  assert.equal((await access.grants.list(home.id, { patientId: patient.id, ended: true })).length, 1);
  await assert.rejects(
    access.grants.add(home.id, [forPatient(nurse, patient.id, { to: at })], BY),
    refused("FIELD_INVALID"),
  );
});

test("everybody of a role on a ward is a grant too; who is disabled has none", async () => {
  const [nurse, patient] = [await newNurse(), await newPatient(otherWard)];
  const grant: NewGrant = {
    grantee: { kind: "role", role: "nurse" },
    reach: { kind: "ward", wardId: otherWard.id, afterStayMs: 0 },
    purpose: "monitoring",
    basis: "ward-assignment",
  };
  const [made] = await access.grants.add(home.id, [grant], BY);
  const view = await viewOf(nurse);
  assert.ok(view.has(patient.id));
  await database.owner.query("UPDATE person SET disabled_at = 1 WHERE id = $1", [nurse.id]);
  await until("the disabled nurse sees nobody", () => view.patientIds().length === 0);
  await access.grants.end(home.id, made?.id ?? "", BY, null);
});

test("a token sees its organisation by a grant of its own, as long as it is valid", async () => {
  const { token, expiresAt } = await access.issueToken(home.id, "integration", "lab", HOUR, BY);
  const signedIn = await access.authenticate({ authorization: `Bearer ${token}` });
  assert.ok(signedIn);
  const patient = await newPatient();
  assert.ok((await access.viewOf(signedIn.principal)).has(patient.id));
  const [grant] = await access.grants.list(home.id, { principalId: signedIn.principal.id });
  assert.deepEqual(
    [grant?.basis, grant?.reach, grant?.to],
    ["organisation-token", { kind: "organisation" }, expiresAt],
  );
  // Without its grant the token is a key to nothing.
  await access.grants.end(home.id, grant?.id ?? "", BY, null);
  assert.ok(!(await access.viewOf(signedIn.principal)).has(patient.id));
});

test("a grant for one record is for the person: also what was merged into it, and into what it was merged", async () => {
  const nurse = await newNurse();
  const [first, second, third] = [await newPatient(), await newPatient(), await newPatient()];
  await access.grants.add(home.id, [forPatient(nurse, second.id)], BY);
  const view = await viewOf(nurse);
  assert.ok(view.has(second.id) && !view.has(first.id));
  await registry.patients.merge(home.id, first.id, second.id, BY);
  await until("what was merged in", () => view.has(first.id));
  await registry.patients.merge(home.id, second.id, third.id, BY);
  await until("what it was merged into", () => view.has(third.id));
  assert.deepEqual(new Set(view.recordsOf(third.id)), new Set([first.id, second.id, third.id]));
});

test("a grant says the same for ever: nobody rewrites it, revives it or takes it away", async () => {
  const [nurse, patient] = [await newNurse(), await newPatient()];
  const [grant] = await access.grants.add(home.id, [forPatient(nurse, patient.id)], BY);
  const tables = createTables(database, runtime.clock);
  const change = (sql: string, asker: Parameters<typeof tables.inOrganisation>[0] = home.id) =>
    tables.inOrganisation(asker, (tx) => tx.run(sql, [grant?.id]));
  await assert.rejects(change("UPDATE access_grant SET to_at = 1 WHERE id = $1"), /permission denied/);
  await assert.rejects(change("DELETE FROM access_grant WHERE id = $1"), /permission denied/);
  await assert.rejects(database.owner.query("UPDATE access_grant SET basis = 'incident' WHERE id = $1", [grant?.id]), {
    message: "a grant can only be ended",
  });
  // Nobody lets themselves in: only the house, behind a door that knows who manages grants, writes any.
  const own = `INSERT INTO access_grant (id, organisation_id, grantee_kind, grantee_id, purpose, basis, from_at, created_at, created_by)
    SELECT gen_random_uuid(), organisation_id, 'person', grantee_id, 'care', 'care-team', 0, 0, 'me' FROM access_grant WHERE id = $1`;
  await assert.rejects(change(own, principalOf(nurse)), /row-level security/);
});
