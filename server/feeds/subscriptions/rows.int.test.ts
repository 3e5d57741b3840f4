import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { NewEvent, Organisation, Patient, PatientView, Principal } from "@openward/model";
import { manualRuntime } from "@openward/runtime/manual";
import { openTestDatabase, type TestDatabase } from "../../store/database/testing/database.ts";
import { createRegistry } from "../../store/registry/index.ts";
import { createTables } from "../../store/registry/transaction.ts";
import { createOwners } from "./owners.ts";
import { type Application, createSubscriptionRows, type NewSubscription } from "./rows.ts";
import { subscription } from "./testing/house.ts";

const runtime = manualRuntime(Date.UTC(2026, 10, 28), 7);
const { clock, ids } = runtime;
const GRANT = Buffer.alloc(32, 7);
let database: TestDatabase;
let home: Organisation;
let patient: Patient;
let rows: ReturnType<typeof createSubscriptionRows>;
let tables: ReturnType<typeof createTables>;

before(async () => {
  database = await openTestDatabase();
  const { api, worker } = database;
  const registry = createRegistry({ api, worker, runtime });
  home = await registry.wards.createOrganisation("Home", false);
  const known = { birthDate: null, sex: "male", isUnknown: false, timeZone: "Europe/Oslo", ageGroup: null } as const;
  patient = await registry.patients.create(home.id, { ...known, name: "Berg, Ola", mrn: "1" }, "test");
  tables = createTables({ api, worker }, clock);
  rows = createSubscriptionRows({ tables, now: clock.now });
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

const base = () => ({ organisation_id: home.id, created_at: clock.now() });
async function newToken(): Promise<string> {
  const id = ids.uuid();
  const ends = { created_by: "test", expires_at: clock.now() + 3_600_000 };
  await insert("api_token", {
    id,
    ...base(),
    ...ends,
    token_hash: Buffer.from(id),
    role: "integration",
    display: "EHR",
  });
  return id;
}

async function made(owner: NewSubscription["owner"], application: Application | null = null): Promise<string> {
  const id = ids.uuid();
  const { version: _v, createdAt: _c, updatedAt: _u, error: _e, ...rest } = subscription;
  const place = { position: 0, number: 0 };
  await rows.create({ ...rest, id, organisationId: home.id, owner, application, headers: null }, place);
  return id;
}

async function isAsking(id: string): Promise<Principal | undefined> {
  const viewOf = async (principal: Principal) => ({ principal }) as PatientView;
  const kept = await rows.one(id);
  assert.ok(kept);
  const asking = await createOwners({ tables, clock, viewOf }).askingOf(kept);
  return asking?.principal;
}

test("a subscription is told in the name of its token, program or person, as long as each of them is let in", async () => {
  const { owner: db } = database;
  const token = await newToken();
  const ofToken = await made({ kind: "token", id: token });
  assert.deepEqual((await isAsking(ofToken))?.role, "integration");
  await db.query("UPDATE api_token SET revoked_at = $2 WHERE id = $1", [token, clock.now()]);
  assert.equal(await isAsking(ofToken), undefined, "taken back");

  const client = { ...base(), created_by: "test", scope: "system/*.rs", jwks: "{}" };
  const backend = ids.uuid();
  await insert("oauth_client", { id: backend, ...client, name: "Registry", kind: "backend", redirect_uris: [] });
  const application = { clientId: backend, grantHash: null, scopes: [], fhirUser: null, patientId: null };
  const ofProgram = await made({ kind: "token", id: backend }, application);
  assert.equal((await isAsking(ofProgram))?.display, "Registry");
  await db.query("UPDATE oauth_client SET disabled_at = 1 WHERE id = $1", [backend]);
  assert.equal(await isAsking(ofProgram), undefined, "disabled");

  const person = ids.uuid();
  await insert("person", { id: person, ...base(), display: "Nina Berg", role: "nurse" });
  const app = ids.uuid();
  await insert("oauth_client", {
    id: app,
    ...client,
    name: "App",
    kind: "key",
    redirect_uris: ["https://app.example/"],
  });
  const grant = { kind: "Grant", id_hash: GRANT, client_id: app, person_id: person, payload: "{}" };
  await insert("oauth_record", { ...base(), ...grant, expires_at: clock.now() + 3_600_000 });
  const ofPerson = await made({ kind: "person", id: person }, { ...application, clientId: app, grantHash: GRANT });
  assert.deepEqual((await isAsking(ofPerson))?.role, "nurse");
  await db.query("UPDATE person SET disabled_at = 1 WHERE id = $1", [person]);
  assert.equal(await isAsking(ofPerson), undefined, "who does not work here any more");
  await db.query("UPDATE person SET disabled_at = NULL WHERE id = $1", [person]);
  assert.ok(await isAsking(ofPerson));
  await db.query("DELETE FROM oauth_record WHERE id_hash = $1", [GRANT]);
  assert.equal(await isAsking(ofPerson), undefined, "the person took it back");
});

test("numbers are given once, are told of patients whom the owner sees, and go with who is erased", async () => {
  const token = await newToken();
  const id = await made({ kind: "token", id: token });
  const kept = await rows.one(id);
  assert.ok(kept);
  const event = (name: string, patientId: string | null): NewEvent => ({
    ...{ reference: `Observation/${name}`, method: "POST", patientId, at: 5 },
  });
  const some = [event("a", patient.id), event("n", null), event("b", patient.id)];
  await rows.append(kept.subscription, kept.progress, some, { position: 9, number: 2 }, 1);
  await assert.rejects(rows.append(kept.subscription, kept.progress, some, { position: 9, number: 2 }, 1), /another/);
  const now = await rows.one(id);
  assert.deepEqual([now?.progress.events, now?.progress.place], [3, { position: 9, number: 2 }]);

  const namesNow = async () =>
    (await rows.events(kept.subscription, 1, 3)).map(({ number, event: one }) => [number, one?.reference ?? null]);
  assert.deepEqual(await namesNow(), [
    [1, null],
    [2, null],
    [3, "Observation/n"],
  ]);
  const grant = { grantee_kind: "token", grantee_id: token, purpose: "integration", basis: "organisation-token" };
  await insert("access_grant", { id: ids.uuid(), ...base(), ...grant, from_at: 0, created_by: "test" });
  assert.deepEqual(await namesNow(), [
    [1, "Observation/a"],
    [2, "Observation/b"],
    [3, "Observation/n"],
  ]);
  await rows.taken(kept.subscription, 3);
  await rows.taken(kept.subscription, 2);
  assert.equal((await rows.one(id))?.progress.delivered, 3, "never back");

  await database.worker.query("SELECT erase_patients($1, $2, '{}', 1)", [[patient.id], [home.id]]);
  assert.deepEqual(await namesNow(), [
    [1, null],
    [2, null],
    [3, "Observation/n"],
  ]);
  const later = await rows.one(id);
  assert.ok(later);
  await rows.append(later.subscription, later.progress, [event("late", patient.id)], { position: 10, number: 2 }, 2);
  assert.equal(
    (await rows.events(kept.subscription, 4, 4))[0]?.event,
    null,
    "what was on its way leaves its number alone",
  );
  await rows.end(kept.subscription, "test", "deleted");
  assert.equal(await rows.one(id), undefined);
});
