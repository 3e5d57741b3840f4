import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { Organisation, Person } from "@openward/model";
import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import { systemRuntime } from "@openward/runtime/system";
import { openTestDatabase, quietLog, type TestDatabase } from "../store/database/testing/database.ts";
import { createRegistry, createTables, type Directory, openDirectory, type Registry } from "../store/registry/index.ts";
import { hashSecret } from "./credentials.ts";
import { createAccess } from "./index.ts";
import { seesEverybody } from "./testing/grants.ts";

const BY = "test";
const HOUR = 3_600_000;
let database: TestDatabase;
let directory: Directory;
let registry: Registry;
let home: Organisation;
let demo: Organisation;
let nurse: Person;
let runtime: ManualRuntime;
let access: ReturnType<typeof createAccess>;
/** Another process beside this one: it shares the database and nothing else. */
let other: ReturnType<typeof createAccess>;
let count = 0;

before(async () => {
  database = await openTestDatabase();
  const { api, worker } = database;
  directory = await openDirectory({
    worker,
    listen: database.connectionConfig("worker"),
    runtime: systemRuntime,
    log: quietLog,
  });
  registry = createRegistry({ api, worker, runtime: systemRuntime, changed: directory.changed });
  home = await registry.wards.createOrganisation("Home", false);
  demo = await registry.wards.createOrganisation("Demo ward", true);
  nurse = await registry.people.create(home.id, "Nina Berg", "nurse", BY);
  await seesEverybody(database, nurse);
});
after(async () => {
  await directory.close();
  await database.close();
});

beforeEach(() => {
  runtime = manualRuntime(Date.UTC(2026, 10, 22, 6), ++count);
  const deps = {
    tables: createTables(database, runtime.clock),
    people: registry.people,
    runtime,
    isSecure: false,
    log: quietLog,
  };
  access = createAccess({ ...deps, changes: directory });
  other = createAccess({ ...deps, changes: { on: () => () => {} } });
});
afterEach(async () => {
  await access.close();
  await other.close();
});

const newPatient = () =>
  registry.patients.create(
    home.id,
    {
      name: "Berg, Ola",
      birthDate: null,
      sex: "male",
      mrn: `access-${++count}`,
      isUnknown: false,
      timeZone: "Europe/Oslo",
      ageGroup: null,
    },
    BY,
  );
const refused = (code: string) => (error: unknown) => error instanceof RefusedInput && error.code === code;
const cookieOf = (setCookie: string) => setCookie.slice(0, setCookie.indexOf(";"));

async function signIn(): Promise<string> {
  const { token } = await access.issueLink(nurse.id, BY);
  return cookieOf((await access.signIn(token)).cookie);
}

/** How soon it is belongs to no test of a machine with other work; that it comes by itself does: nothing else is going on. */
async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 120_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < end, `waited two minutes for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("a link signs in once, and the session says who it is", async () => {
  const { token, expiresAt } = await access.issueLink(nurse.id, BY);
  assert.equal(expiresAt, runtime.clock.now() + 24 * HOUR);
  const { authenticated, cookie } = await access.signIn(token);
  assert.deepEqual(authenticated, {
    principal: { kind: "person", id: nurse.id, display: "Nina Berg", organisationId: home.id, role: "nurse" },
    organisation: { id: home.id, name: "Home", isDemo: false },
    expiresAt: runtime.clock.now() + 12 * HOUR,
    via: "session",
    proof: { by: "link", at: runtime.clock.now() },
  });
  assert.deepEqual(await access.authenticate({ cookie: cookieOf(cookie) }), authenticated);
  await assert.rejects(access.signIn(token), refused("LINK_EXPIRED"));
});

test("of two who use one link at the same moment one gets in", async () => {
  const { token } = await access.issueLink(nurse.id, BY);
  const both = await Promise.allSettled([access.signIn(token), other.signIn(token)]);
  assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
});

test("a link ends after a day, a made-up one never worked, and nobody's person gets none", async () => {
  const { token } = await access.issueLink(nurse.id, BY);
  runtime.advance(24 * HOUR);
  await assert.rejects(access.signIn(token), refused("LINK_EXPIRED"));
  await assert.rejects(access.signIn("guess"), refused("LINK_EXPIRED"));
  await assert.rejects(access.signIn("x".repeat(43)), refused("LINK_EXPIRED"));
  await assert.rejects(access.issueLink("0190a000-0000-7000-8000-000000000000", BY), refused("NOT_FOUND"));
});

test("neither link, session nor token can be read out of the database", async () => {
  const { token: link } = await access.issueLink(nurse.id, BY);
  const { cookie } = await access.signIn(link);
  const { token } = await access.issueToken(home.id, "integration", "lab", HOUR, BY);
  const secrets = [link, cookieOf(cookie).split("=")[1] as string, token.slice(3)];
  const { rows } = await database.owner.query(
    `SELECT (SELECT string_agg(t::text, '') FROM sign_in_link t) || (SELECT string_agg(t::text, '') FROM session t)
         || (SELECT string_agg(t::text, '') FROM api_token t) || (SELECT string_agg(t::text, '') FROM audit_event t) AS everything`,
  );
  for (const secret of secrets) assert.ok(!rows[0].everything.includes(secret));
});

test("a session ends when nobody has used it for two hours, and after twelve whatever is done with it", async () => {
  const idle = await signIn();
  runtime.advance(2 * HOUR);
  assert.equal(await access.authenticate({ cookie: idle }), undefined);
  const busy = await signIn();
  for (let hour = 1; hour < 12; hour++) {
    runtime.advance(HOUR);
    assert.ok(await access.authenticate({ cookie: busy }), `hour ${hour}`);
  }
  runtime.advance(HOUR);
  assert.equal(await access.authenticate({ cookie: busy }), undefined);
});

test("use in one process keeps the session alive in another", async () => {
  const cookie = await signIn();
  runtime.advance(1.5 * HOUR);
  assert.ok(await access.authenticate({ cookie }));
  await until("the use is noted", async () => {
    const idHash = hashSecret(cookie.slice(cookie.indexOf("=") + 1));
    const { rows } = await database.owner.query("SELECT last_used_at AS at FROM session WHERE id_hash = $1", [idHash]);
    return rows[0].at >= runtime.clock.now();
  });
  runtime.advance(1.5 * HOUR);
  assert.ok(await other.authenticate({ cookie }));
});

test("who signs out is out at once, everywhere within a second of the clock, and open live views are told", async () => {
  const ended: string[] = [];
  access.onEnded((principalId) => ended.push(principalId));
  const [cookie, second] = [await signIn(), await signIn()];
  assert.ok(await other.authenticate({ cookie }));
  const authenticated = await access.authenticate({ cookie });
  assert.ok(authenticated);
  const view = await access.viewOf(authenticated.principal);
  const patient = await newPatient();
  await until("the patient is in the view", () => view.has(patient.id));
  assert.match((await access.signOut(authenticated)).cookie, /^openward_session=; .*Max-Age=0/);
  assert.equal(await access.authenticate({ cookie }), undefined);
  assert.ok(ended.includes(nurse.id));
  assert.ok(!view.has(patient.id) && view.patientIds().length === 0, "a view that is still held is empty");
  assert.ok(await access.authenticate({ cookie: second }), "the other session goes on");
  runtime.advance(1_000);
  assert.equal(await other.authenticate({ cookie }), undefined);
});

test("what another process ends is over as soon as it is heard", async () => {
  const ended: string[] = [];
  access.onEnded((principalId) => ended.push(principalId));
  const { token } = await access.issueToken(home.id, "nurse", "script", HOUR, BY);
  const headers = { authorization: `Bearer ${token}` };
  const authenticated = await access.authenticate(headers);
  assert.equal(authenticated?.via, "token");
  const { id } = authenticated?.principal ?? { id: "" };
  // The clock of `access` stands still: only the announcement can tell it.
  await other.revokeToken(home.id, id, BY);
  await until("the token is refused", async () => (await access.authenticate(headers)) === undefined);
  await until("the live views are told", () => ended.includes(id));
  await assert.rejects(access.revokeToken(home.id, id, BY), refused("NOT_FOUND"));
});

test("a person who is disabled is out, and cannot come back by an old link", async () => {
  const person = await registry.people.create(home.id, "Leaver", "nurse", BY);
  const [first, second] = [await access.issueLink(person.id, BY), await access.issueLink(person.id, BY)];
  const cookie = cookieOf((await access.signIn(first.token)).cookie);
  await registry.people.disable(home.id, person.id, BY);
  await until("the session is refused", async () => (await access.authenticate({ cookie })) === undefined);
  await assert.rejects(access.signIn(second.token), refused("LINK_EXPIRED"));
  await assert.rejects(access.issueLink(person.id, BY), refused("CONFLICT"));
  await registry.people.enable(home.id, person.id, BY);
  assert.equal(await other.authenticate({ cookie }), undefined, "what had ended stays ended");
  await assert.rejects(access.signIn(second.token), refused("LINK_EXPIRED"));
  assert.ok(await access.issueLink(person.id, BY));
});

test("a new role holds for a session that runs, and whoever leaves the ward sees nobody", async () => {
  const patient = await newPatient();
  const person = await registry.people.create(home.id, "Mover", "nurse", BY);
  await seesEverybody(database, person);
  const cookie = cookieOf((await access.signIn((await access.issueLink(person.id, BY)).token)).cookie);
  const principal = async () => {
    const found = await access.authenticate({ cookie });
    assert.ok(found);
    return found.principal;
  };
  const before = await access.viewOf(await principal());
  await until("the ward is seen", () => before.has(patient.id));
  await registry.people.change(home.id, person.id, { role: "researcher" }, BY);
  await until("the role is the new one", async () => (await principal()).role === "researcher");
  assert.deepEqual(before.patientIds(), [], "the view that was held is empty");
  const after = await access.viewOf(await principal());
  assert.deepEqual([after.patientIds(), after.has(patient.id), after.recordsOf(patient.id)], [[], false, []]);
});

test("a token ends at its time, and open live views are told then", async () => {
  const ended: string[] = [];
  access.onEnded((principalId) => ended.push(principalId));
  const { token, expiresAt } = await access.issueToken(home.id, "integration", "lab", HOUR, BY);
  assert.match(token, /^ow_[A-Za-z0-9_-]{43}$/);
  assert.equal(expiresAt, runtime.clock.now() + HOUR);
  const headers = { authorization: `Bearer ${token}` };
  const authenticated = await access.authenticate(headers);
  assert.deepEqual(authenticated?.principal.role, "integration");
  runtime.advance(HOUR - 1);
  assert.ok(await access.authenticate(headers));
  assert.deepEqual(ended, []);
  runtime.advance(5_001);
  assert.deepEqual(ended, [authenticated?.principal.id]);
  assert.equal(await access.authenticate(headers), undefined);
  await assert.rejects(access.issueToken(home.id, "surgeon" as "nurse", "x", HOUR, BY), refused("FIELD_INVALID"));
  await assert.rejects(access.issueToken(home.id, "nurse", "x", Number.NaN, BY), refused("FIELD_INVALID"));
});

test("a view has the patients of its organisation, follows who comes, and keeps a merged record with the one that stays", async () => {
  const patient = await newPatient();
  const authenticated = await access.authenticate({ cookie: await signIn() });
  assert.ok(authenticated);
  const view = await access.viewOf(authenticated.principal);
  assert.ok(view.has(patient.id));
  const next = await newPatient();
  await until("the new patient", () => view.has(next.id));
  assert.ok((await access.viewOf(authenticated.principal)).has(next.id));
  await registry.patients.merge(home.id, next.id, patient.id, BY);
  await until("the merged patient leaves the list", () => !view.patientIds().includes(next.id));
  // What was measured under the merged record is still the person's.
  assert.ok(view.has(next.id));
  assert.deepEqual(view.recordsOf(patient.id), [patient.id, next.id]);
  const third = await newPatient();
  await registry.patients.merge(home.id, patient.id, third.id, BY);
  await until("both lead to the third", () => view.recordsOf(third.id).length === 3);
  assert.deepEqual(new Set(view.recordsOf(third.id)), new Set([third.id, patient.id, next.id]));
  const stranger = await access.viewOf({ ...authenticated.principal, id: "stranger", organisationId: demo.id });
  assert.ok(!stranger.has(patient.id) && !stranger.has(next.id));
  assert.deepEqual(stranger.recordsOf(third.id), []);
  assert.deepEqual(stranger.patientIds(), []);
});

test("a view that is asked for right after an admission already has the patient", async () => {
  const authenticated = await access.authenticate({ cookie: await signIn() });
  assert.ok(authenticated);
  await access.viewOf(authenticated.principal);
  for (let round = 0; round < 20; round++) {
    const patient = await newPatient();
    assert.ok((await access.viewOf(authenticated.principal)).has(patient.id), `round ${round}`);
  }
});

test("the first start makes an administrator with a link; later ones make no second, nor a link once somebody came in", async () => {
  const fresh = await registry.wards.createOrganisation("Fresh", false);
  const [first] = await access.ensureFirstPeople(fresh);
  assert.equal(first?.person.role, "administrator");
  assert.ok(first?.link);
  const [again] = await access.ensureFirstPeople(fresh);
  assert.equal(again?.person.id, first?.person.id);
  assert.ok(again?.link, "nobody has signed in yet: the link may have been lost");
  await access.signIn(again?.link?.token ?? "");
  assert.deepEqual(
    (await access.ensureFirstPeople(fresh)).map(({ link }) => link),
    [null],
  );
  assert.ok((await access.ensureFirstPeople(fresh, { again: true }))[0]?.link);
  assert.equal((await registry.people.list(fresh.id)).length, 1);
});

test("a demo organisation has a nurse, a clinical engineer and an administrator", async () => {
  const people = await access.ensureFirstPeople(demo);
  assert.deepEqual(
    people.map(({ person }) => person.role),
    ["nurse", "clinical-engineer", "administrator"],
  );
  assert.ok(people.every(({ link }) => link));
  const { authenticated } = await access.signIn(people[0]?.link?.token ?? "");
  assert.equal(authenticated.organisation.isDemo, true);
  assert.deepEqual(
    (await access.ensureFirstPeople(demo)).map(({ link }) => link !== null),
    [false, true, true],
  );
});

test("while the database is down who was in stays in, and nobody else comes in", async () => {
  const cookie = await signIn();
  const never = await signIn();
  await access.close();
  const { api, worker } = database;
  access = createAccess({
    tables: createTables({ api, worker }, runtime.clock),
    people: registry.people,
    changes: directory,
    runtime,
    isSecure: false,
    log: quietLog,
  });
  assert.ok(await access.authenticate({ cookie }));
  await database.embedded?.stop();
  runtime.advance(60_000);
  assert.ok(await access.authenticate({ cookie }));
  await assert.rejects(
    access.authenticate({ cookie: never }),
    (error: unknown) => error instanceof OutsideTrouble && error.retry,
  );
  runtime.advance(2 * HOUR);
  assert.equal(await access.authenticate({ cookie }), undefined, "but not beyond its time");
  await database.embedded?.start();
});
