import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { Organisation, PatientView, Ward } from "@openward/model";
import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import { systemRuntime } from "@openward/runtime/system";
import { openTestDatabase, quietLog, type TestDatabase } from "../../store/database/testing/database.ts";
import { createRegistry, createTables, type Registry } from "../../store/registry/index.ts";
import { createAccess } from "../index.ts";
import { createAuthenticator } from "../testing/authenticator.ts";
import { CODE_MS, KIOSK_MS } from "./kiosks.ts";

const BY = "test";
const PARTY = { id: "ward.example", origins: ["https://ward.example"] };
let database: TestDatabase;
let registry: Registry;
let home: Organisation;
let ward: Ward;
let beside: Ward;
let runtime: ManualRuntime;
let access: ReturnType<typeof createAccess>;
let count = 0;

const vault = {
  seal: (_: string, plain: Uint8Array) => ({ keyId: 1, sealed: plain }),
  open: (_: string, __: number, sealed: Uint8Array) => sealed,
  derive: (name: string) => createHmac("sha256", "test").update(name).digest("base64url"),
};

before(async () => {
  database = await openTestDatabase();
  const { api, worker } = database;
  registry = createRegistry({ api, worker, runtime: systemRuntime });
  home = await registry.wards.createOrganisation("Home", false);
  ward = await registry.wards.create(home.id, "Ward 1", "Europe/Oslo", BY);
  beside = await registry.wards.create(home.id, "Ward 2", "Europe/Oslo", BY);
});
after(() => database.close());
beforeEach(() => {
  runtime = manualRuntime(Date.UTC(2026, 10, 22, 6), 900 + ++count);
  access = createAccess({
    tables: createTables(database, runtime.clock),
    people: registry.people,
    changes: { on: () => () => {} },
    runtime,
    isSecure: true,
    vault,
    log: quietLog,
  });
});
afterEach(() => access.close());

const refused = (code: string, at?: string) => (error: unknown) =>
  error instanceof RefusedInput && error.code === code && (at === undefined || error.facts.at === at);
const make = (name = `Corridor ${count}`) =>
  access.kiosks.add(home.id, { name, wardId: ward.id, shows: "initials", takesBadges: false }, BY);
const cookieOf = (setCookie: string) => setCookie.slice(0, setCookie.indexOf(";"));
const asWall = (setCookie: string) => access.authenticate({ cookie: cookieOf(setCookie) }, { kiosk: true });

async function patientOn(wardId: string): Promise<string> {
  const id = `${++count}`;
  const record = {
    name: "Hansen, Kari",
    birthDate: null,
    sex: "unknown" as const,
    mrn: `m-${id}`,
    isUnknown: false,
    timeZone: "UTC",
    ageGroup: null,
  };
  return (await registry.patients.create(home.id, record, BY, { wardId, bed: `b-${id}` })).id;
}

test("a code makes one browser the screen, once and in its time", async () => {
  const { kiosk, code } = await make();
  assert.match(code, /^[2-9A-HJ-NP-Z]{4}(-[2-9A-HJ-NP-Z]{4}){2}$/);
  const { cookie, authenticated } = await access.kiosks.enrol(
    ` ${code.toLowerCase()} `,
    "Mozilla/5.0 (X11; Linux) Chrome/140",
  );
  assert.match(
    cookie,
    /^openward_kiosk=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=7776000; HttpOnly; SameSite=Strict; Secure$/,
  );
  const { principal, via } = authenticated;
  assert.deepEqual([principal.kind, principal.role, principal.id, via], ["kiosk", "kiosk", kiosk.id, "kiosk"]);
  await assert.rejects(access.kiosks.enrol(code), refused("LINK_EXPIRED"), "used");

  const late = await access.kiosks.newCode(home.id, kiosk.id, BY);
  runtime.setNow(runtime.clock.now() + CODE_MS);
  await assert.rejects(access.kiosks.enrol(late.code), refused("LINK_EXPIRED"), "too late");
  await assert.rejects(access.kiosks.enrol("AAAA"), refused("LINK_EXPIRED"), "no code");
  assert.ok(await asWall(cookie), "a code that nobody used ends nothing");
});

test("a second browser takes the place of the first, and ending the screen leaves none", async () => {
  const { kiosk, code } = await make();
  const ended: string[] = [];
  access.onEnded((id) => ended.push(id));
  const first = await access.kiosks.enrol(code);
  const again = await access.kiosks.newCode(home.id, kiosk.id, BY);
  assert.ok(await asWall(first.cookie), "until the code is used");
  const second = await access.kiosks.enrol(again.code);
  assert.equal(await asWall(first.cookie), undefined);
  assert.ok(await asWall(second.cookie));
  await access.kiosks.end(home.id, kiosk.id, BY);
  assert.equal(await asWall(second.cookie), undefined);
  assert.ok(ended.filter((id) => id === kiosk.id).length >= 2, "open live views are told");
  await assert.rejects(access.kiosks.end(home.id, kiosk.id, BY), refused("NOT_FOUND"));
  await assert.rejects(access.kiosks.newCode(home.id, kiosk.id, BY), refused("NOT_FOUND"));
  assert.ok(!(await access.kiosks.list(home.id)).some(({ id }) => id === kiosk.id));
});

test("it is nobody at other doors, and who is signed in on that machine is nobody at its own", async () => {
  const { code } = await make();
  const wall = cookieOf((await access.kiosks.enrol(code)).cookie);
  const nurse = await registry.people.create(home.id, "Nina Berg", "nurse", BY);
  const { token } = await access.issueLink(nurse.id, BY);
  const session = cookieOf((await access.signIn(token)).cookie);
  assert.equal(await access.authenticate({ cookie: wall }), undefined);
  assert.equal(await access.authenticate({ cookie: wall }, { apps: true, locked: true }), undefined);
  assert.equal(await access.authenticate({ cookie: session }, { kiosk: true }), undefined);
  const cookie = `${session}; ${wall}`;
  assert.equal((await access.authenticate({ cookie }))?.principal.kind, "person");
  assert.equal((await access.authenticate({ cookie }, { kiosk: true }))?.principal.kind, "kiosk");
});

test("nothing that a person does or leaves undone on that machine darkens the wall", async () => {
  const { code } = await make();
  const wall = cookieOf((await access.kiosks.enrol(code)).cookie);
  const nurse = await registry.people.create(home.id, "Nina Berg", "nurse", BY);
  const { token } = await access.issueLink(nurse.id, BY);
  const { authenticated, cookie } = await access.signIn(token);
  const both = { cookie: `${cookieOf(cookie)}; ${wall}` };
  await access.screen.lock(authenticated);
  assert.equal(await access.authenticate(both), undefined, "locked");
  assert.ok(await access.authenticate(both, { kiosk: true }));
  await access.signOutEverywhere(authenticated);
  runtime.setNow(runtime.clock.now() + KIOSK_MS - 1);
  assert.ok(await access.authenticate(both, { kiosk: true }), "without a touch for months");
  runtime.setNow(runtime.clock.now() + 1);
  assert.equal(await access.authenticate(both, { kiosk: true }), undefined);
});

test("its time begins anew while it is there", async () => {
  const { code } = await make();
  const { cookie, authenticated } = await access.kiosks.enrol(code);
  assert.equal(await access.kiosks.renew(authenticated, cookieOf(cookie)), undefined, "just enrolled");
  runtime.setNow(runtime.clock.now() + KIOSK_MS - 5000);
  const before = await asWall(cookie);
  assert.ok(before);
  const renewed = await access.kiosks.renew(before, cookieOf(cookie));
  assert.equal(renewed?.cookie, cookie, "the browser is given the same secret for longer");
  runtime.advance(1_000);
  runtime.setNow(runtime.clock.now() + KIOSK_MS - 5000);
  assert.ok(await asWall(cookie));
});

test("it sees who lies on its ward while they lie there, and nobody else", async () => {
  const [own, other] = [await patientOn(ward.id), await patientOn(beside.id)];
  const { kiosk, code } = await make();
  const { principal } = (await access.kiosks.enrol(code)).authenticated;
  const seen = async (view?: PatientView) => {
    const shown = view ?? (await access.viewOf(principal));
    return [shown.has(own), shown.has(other)];
  };
  assert.deepEqual(await seen(), [true, false]);
  const rows = await createTables(database, runtime.clock).inOrganisation(principal, (tx) =>
    tx.rows<{ id: string }>("SELECT id FROM patient WHERE id = ANY ($1::uuid[])", [[own, other]]),
  );
  assert.deepEqual(rows, [{ id: own }]);
  const [grant] = await access.grants.list(home.id, { principalId: kiosk.id });
  assert.deepEqual(
    [grant?.grantee, grant?.reach, grant?.purpose, grant?.basis],
    [
      { kind: "kiosk", id: kiosk.id },
      { kind: "ward", wardId: ward.id, afterStayMs: 0 },
      "monitoring",
      "ward-assignment",
    ],
  );
  const held = await access.viewOf(principal);
  await access.kiosks.end(home.id, kiosk.id, BY);
  assert.deepEqual(await seen(held), [false, false], "also in a view that somebody holds");
  assert.deepEqual(await access.grants.list(home.id, { principalId: kiosk.id }), []);
});

test("a screen on the wall watches nobody: somebody must", async () => {
  const patient = await patientOn(ward.id);
  await access.kiosks.enrol((await make()).code);
  await access.watchMonitoring(null);
  const unwatched = await database.worker.query<{ is_watched: boolean }>(
    "SELECT is_watched FROM monitoring_change WHERE patient_id = $1 ORDER BY position DESC LIMIT 1",
    [patient],
  );
  assert.equal(unwatched.rows[0]?.is_watched, false);
});

test("what a patient keeps from nurses is on no wall, and what they keep from one person is", async () => {
  const patient = await patientOn(ward.id);
  const nurse = await registry.people.create(home.id, "Nina Berg", "nurse", BY);
  const { principal } = (await access.kiosks.enrol((await make()).code)).authenticated;
  const deny = (categories: string[], actors: readonly object[]) =>
    access.consents.say(
      home.id,
      patient,
      {
        decision: "deny",
        categories,
        purpose: null,
        actors: actors as never,
        from: runtime.clock.now(),
        to: null,
        isSilent: false,
        note: null,
      },
      { by: BY, as: "staff", isConfirmed: true },
    );
  await deny(["glucose"], [{ kind: "role", role: "nurse" }]);
  await deny(["body"], [{ kind: "everybody" }]);
  await deny(["heart"], [{ kind: "person", id: nurse.id }]);
  const view = await access.viewOf(principal);
  assert.deepEqual([...(view.hiddenOf(patient) ?? [])].sort(), ["body", "glucose"]);
});

test("a name is one screen's, until that has ended; a ward that is not there has none", async () => {
  const { kiosk } = await make("Staff corridor");
  await assert.rejects(make("Staff corridor"), refused("CONFLICT", "name"));
  await access.kiosks.end(home.id, kiosk.id, BY);
  await make("Staff corridor");
  const elsewhere = await registry.wards.createOrganisation(`Elsewhere ${count}`, false);
  const asked = { name: "Theirs", wardId: ward.id, shows: "number", takesBadges: false } as const;
  await assert.rejects(access.kiosks.add(elsewhere.id, asked, BY), refused("NOT_FOUND", "wardId"));
});

/** A nurse with a PIN and a badge, and a screen that takes badges alone, or does not. */
async function atWall({ takesBadges = false } = {}) {
  const nurse = await registry.people.create(home.id, "Nina Berg", "nurse", BY);
  const principal = { ...nurse, kind: "person" as const };
  const number = `nb-${++count} 7781`;
  await access.screen.pins.set(principal, "284916");
  await access.badges.set(home.id, nurse.id, number, BY);
  const name = `Wall ${count}`;
  const { code } = await access.kiosks.add(home.id, { name, wardId: ward.id, shows: "number", takesBadges }, BY);
  const { authenticated: screen } = await access.kiosks.enrol(code);
  const who = (typed: string, pin?: string) => access.kiosks.whoIs(screen, { who: typed, pin });
  return { nurse, principal, number, screen, who };
}

test("a badge number with the PIN says who it is, however it was typed; a wrong one of the two does not", async () => {
  const { nurse, number, who } = await atWall();
  const found = await who(number.toUpperCase().replaceAll(/[- ]/g, ""), "284916");
  assert.deepEqual(found, {
    kind: "person",
    id: nurse.id,
    display: "Nina Berg",
    role: "nurse",
    organisationId: home.id,
  });
  await assert.rejects(who(number, "284917"), refused("SIGN_IN_REFUSED"));
  await assert.rejects(who("nobody 111111", "284916"), refused("SIGN_IN_REFUSED"));
  await assert.rejects(who(number), refused("FIELD_INVALID", "by.pin"), "this screen takes no badge alone");
  await registry.people.disable(home.id, nurse.id, BY);
  await assert.rejects(who(number, "284916"), refused("SIGN_IN_REFUSED"), "who may not come in any more");
});

test("a badge alone counts where the screen takes it, and in its own organisation only", async () => {
  const { nurse, number, who } = await atWall({ takesBadges: true });
  assert.equal((await who(number)).id, nurse.id);
  const elsewhere = await registry.wards.createOrganisation(`Elsewhere ${count}`, false);
  const other = await registry.people.create(elsewhere.id, "Olav Lie", "nurse", BY);
  await access.badges.set(elsewhere.id, other.id, number, BY);
  assert.equal((await who(number)).id, nurse.id, "the same number there is another badge");
  await access.badges.remove(home.id, nurse.id, BY);
  await assert.rejects(who(number), refused("SIGN_IN_REFUSED"));
  await access.badges.set(elsewhere.id, other.id, "555-555-9", BY);
  await assert.rejects(who("555-555-9"), refused("SIGN_IN_REFUSED"));
});

test("a number is one person's, no copy of the database tells it, and it has a form", async () => {
  const { nurse, number } = await atWall();
  const second = await registry.people.create(home.id, "Olav Lie", "nurse", BY);
  await assert.rejects(access.badges.set(home.id, second.id, number, BY), refused("CONFLICT", "number"));
  await assert.rejects(access.badges.set(home.id, second.id, "12345", BY), refused("FIELD_INVALID", "number"));
  const { rows } = await database.owner.query<{ row: string }>(
    "SELECT badge::text AS row FROM badge WHERE person_id = $1",
    [nurse.id],
  );
  assert.ok(rows[0] && !rows[0].row.toUpperCase().includes(number.toUpperCase().replaceAll(/[- ]/g, "")));
  assert.equal(await access.badges.has(home.id, nurse.id), true);
  await access.badges.set(home.id, nurse.id, "another-1", BY);
  await access.badges.set(home.id, second.id, number, BY);
});

test("wrong PINs wait, longer each time: the person at any screen, and a screen for half a minute at most", async () => {
  const { number, screen, who } = await atWall({ takesBadges: true });
  for (let i = 0; i < 5; i++) await assert.rejects(who(number, "000001"), refused("SIGN_IN_REFUSED"));
  await assert.rejects(who(number, "284916"), refused("RATE_LIMITED"), "also the right one");
  const elsewhere = await atWall();
  await assert.rejects(elsewhere.who(number, "284916"), refused("RATE_LIMITED"), "also at another screen");
  assert.ok(await elsewhere.who(elsewhere.number, "284916"), "others answer there");

  runtime.advance(1_000);
  for (let i = 0; i < 12; i++) {
    await assert.rejects(who(`guess ${i} 0000`), refused("SIGN_IN_REFUSED"));
    runtime.advance(30_000);
  }
  await assert.rejects(who("guess 99 0000"), refused("SIGN_IN_REFUSED"), "never longer than half a minute");
  const { nurse, number: other } = await atWall();
  await assert.rejects(who(other, "284916"), refused("RATE_LIMITED"), "the screen itself waits");
  assert.ok(await access.viewOf(screen.principal), "and shows all the while");
  runtime.advance(30_000);
  assert.equal((await who(other, "284916")).id, nurse.id);
  assert.equal((await who(other, "284916")).id, nurse.id, "what was right begins anew");
});

test("who cannot open their own screen for wrong PINs at a wall is nobody", async () => {
  const { nurse, principal, number, who } = await atWall();
  const { token } = await access.issueLink(nurse.id, BY);
  const { authenticated } = await access.signIn(token);
  for (let i = 0; i < 6; i++) await assert.rejects(who(number, "000001"));
  await access.screen.lock(authenticated);
  await access.screen.unlock(authenticated, { pin: "284916" });
  assert.ok(await access.screen.pins.has(principal));
});

test("a passkey says who it is at the screen that asked, once, and never waits", async () => {
  const { nurse, principal, number, screen, who } = await atWall();
  const authenticator = createAuthenticator(PARTY);
  const options = await access.passkeys.enrolmentOptions(principal, PARTY);
  const { token } = await access.issueLink(nurse.id, BY);
  const { authenticated } = await access.signIn(token);
  await access.addPasskey(authenticated, PARTY, { name: "phone", response: authenticator.enrol(options) });
  for (let i = 0; i < 6; i++) await assert.rejects(who(number, "000001"));

  const answer = async (at = screen) => authenticator.answer(await access.kiosks.passkeyOptions(at, PARTY));
  const response = await answer();
  assert.equal((await access.kiosks.whoIs(screen, { party: PARTY, response })).id, nurse.id);
  await assert.rejects(access.kiosks.whoIs(screen, { party: PARTY, response }), refused("SIGN_IN_REFUSED"), "used");
  const { screen: another } = await atWall();
  const theirs = { party: PARTY, response: await answer(another) };
  await assert.rejects(access.kiosks.whoIs(screen, theirs), refused("SIGN_IN_REFUSED"), "asked for by another screen");
  await assert.rejects(access.signInWithPasskey(PARTY, await answer()), refused("SIGN_IN_REFUSED"), "no sign-in");
});

test("for one answer they see the patient as their own grants and the patient's wishes show them", async () => {
  const { nurse, principal } = await atWall();
  const patient = await patientOn(ward.id);
  assert.equal((await access.kiosks.viewOfOne(principal, patient)).has(patient), false, "no grant");
  await access.grants.assign(nurse, [ward.id], BY);
  const view = await access.kiosks.viewOfOne(principal, patient);
  const another = await patientOn(ward.id);
  assert.deepEqual([view.has(patient), view.has(another), view.patientIds()], [true, false, [patient]]);
  await access.consents.say(
    home.id,
    patient,
    {
      decision: "deny",
      categories: ["heart"],
      purpose: null,
      actors: [{ kind: "person", id: nurse.id }],
      from: runtime.clock.now(),
      to: null,
      isSilent: false,
      note: null,
    },
    { by: BY, as: "staff", isConfirmed: true },
  );
  const narrowed = await access.kiosks.viewOfOne(principal, patient);
  assert.deepEqual([...(narrowed.hiddenOf(patient) ?? [])], ["heart"]);
});
