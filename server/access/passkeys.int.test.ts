import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { Organisation, Person, Principal } from "@openward/model";
import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import { systemRuntime } from "@openward/runtime/system";
import { openTestDatabase, quietLog, type TestDatabase } from "../store/database/testing/database.ts";
import { createRegistry, createTables, type Registry } from "../store/registry/index.ts";
import { createAccess, relyingPartyOf } from "./index.ts";
import { createAuthenticator } from "./testing/authenticator.ts";

const BY = "test";
const PARTY = { id: "ward.example", origins: ["https://ward.example"] };
let database: TestDatabase;
let registry: Registry;
let home: Organisation;
let nurse: Person;
let principal: Principal;
let runtime: ManualRuntime;
let access: ReturnType<typeof createAccess>;
let count = 0;

before(async () => {
  database = await openTestDatabase();
  const { api, worker } = database;
  registry = createRegistry({ api, worker, runtime: systemRuntime });
  home = await registry.wards.createOrganisation("Home", false);
});
after(() => database.close());
beforeEach(async () => {
  runtime = manualRuntime(Date.UTC(2026, 10, 22, 6), 100 + ++count);
  nurse = await registry.people.create(home.id, "Nina Berg", "nurse", BY);
  principal = { kind: "person", id: nurse.id, display: "Nina Berg", organisationId: home.id, role: "nurse" };
  access = createAccess({
    tables: createTables(database),
    people: registry.people,
    changes: { on: () => () => {} },
    runtime,
    isSecure: true,
    log: quietLog,
  });
});
afterEach(() => access.close());

const refused = (code: string) => (error: unknown) => error instanceof RefusedInput && error.code === code;
const cookieOf = (setCookie: string) => setCookie.slice(0, setCookie.indexOf(";"));

async function enrolled(name = "my key") {
  const key = createAuthenticator(PARTY);
  const response = key.enrol(await access.passkeys.enrolmentOptions(principal, PARTY));
  return { key, passkey: await access.passkeys.enrol(principal, PARTY, { name, response }) };
}

test("a passkey is made with verification of the user, listed, and signs in by itself", async () => {
  const { key, passkey } = await enrolled();
  assert.deepEqual(await access.passkeys.list(principal), [passkey]);
  const options = await access.passkeys.signInOptions(PARTY);
  assert.equal((options as { userVerification: string }).userVerification, "required");
  assert.deepEqual((options as { allowCredentials?: unknown[] }).allowCredentials, [], "nobody learns who has one");
  const { authenticated, cookie } = await access.signInWithPasskey(
    PARTY,
    key.answer(options),
    "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0",
  );
  assert.equal(authenticated.principal.id, nurse.id);
  assert.match(cookie, /; HttpOnly; SameSite=Strict; Secure$/);
  const [session] = await access.sessionsOf(authenticated);
  assert.deepEqual([session?.device, session?.method, session?.isThis], ["Firefox on Linux", "passkey", true]);
  assert.equal((await access.passkeys.list(principal))[0]?.lastUsedAt, runtime.clock.now());
});

const dishonest = [
  ["for another page", { origin: "https://ward.example.evil.example" }],
  ["for another server", { rpId: "evil.example" }],
  ["without verification of the user", { isVerified: false }],
  ["to a challenge that is not ours", { challenge: Buffer.alloc(40, 7).toString("base64url") }],
] as const;

for (const [what, answering] of dishonest) {
  test(`an answer ${what} neither enrols nor signs in`, async () => {
    const { key } = await enrolled();
    const asked = await access.passkeys.signInOptions(PARTY);
    await assert.rejects(access.signInWithPasskey(PARTY, key.answer(asked, answering)), refused("SIGN_IN_REFUSED"));
    const other = createAuthenticator(PARTY);
    const response = other.enrol(await access.passkeys.enrolmentOptions(principal, PARTY), answering);
    await assert.rejects(access.passkeys.enrol(principal, PARTY, { name: "x", response }), refused("SIGN_IN_REFUSED"));
    assert.equal((await access.passkeys.list(principal)).length, 1);
  });
}

test("an answer works once, in time, and an enrolment is its own person's", async () => {
  const { key } = await enrolled();
  const answer = key.answer(await access.passkeys.signInOptions(PARTY));
  await access.signInWithPasskey(PARTY, answer);
  await assert.rejects(access.signInWithPasskey(PARTY, answer), refused("SIGN_IN_REFUSED"));
  const late = key.answer(await access.passkeys.signInOptions(PARTY));
  runtime.advance(5 * 60_000);
  await assert.rejects(access.signInWithPasskey(PARTY, late), refused("SIGN_IN_REFUSED"));

  const another = await registry.people.create(home.id, "Somebody else", "nurse", BY);
  const response = createAuthenticator(PARTY).enrol(
    await access.passkeys.enrolmentOptions({ ...principal, id: another.id }, PARTY),
  );
  await assert.rejects(access.passkeys.enrol(principal, PARTY, { name: "x", response }), refused("SIGN_IN_REFUSED"));
});

test("of two who send one answer at the same moment one gets in", async () => {
  const { key } = await enrolled();
  const answer = key.answer(await access.passkeys.signInOptions(PARTY));
  const both = await Promise.allSettled([
    access.signInWithPasskey(PARTY, answer),
    access.signInWithPasskey(PARTY, answer),
  ]);
  assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
});

test("a counter that goes back is a copied authenticator, and is refused", async () => {
  const { key } = await enrolled();
  await access.signInWithPasskey(PARTY, key.answer(await access.passkeys.signInOptions(PARTY), { counter: 9 }));
  for (const counter of [9, 3]) {
    const answer = key.answer(await access.passkeys.signInOptions(PARTY), { counter });
    await assert.rejects(access.signInWithPasskey(PARTY, answer), refused("SIGN_IN_REFUSED"));
  }
  assert.ok(
    await access.signInWithPasskey(PARTY, key.answer(await access.passkeys.signInOptions(PARTY), { counter: 10 })),
  );
});

test("a key that nobody enrolled cannot be told from one that was removed", async () => {
  const stranger = createAuthenticator(PARTY);
  const messages = new Set<string>();
  const note = (error: unknown) => {
    assert.ok(error instanceof RefusedInput && error.code === "SIGN_IN_REFUSED");
    messages.add(error.message);
    return true;
  };
  await assert.rejects(
    access.signInWithPasskey(PARTY, stranger.answer(await access.passkeys.signInOptions(PARTY))),
    note,
  );
  const { key, passkey } = await enrolled();
  const { cookie } = await access.signInWithPasskey(PARTY, key.answer(await access.passkeys.signInOptions(PARTY)));
  await access.passkeys.remove(principal, passkey.id);
  await assert.rejects(access.signInWithPasskey(PARTY, key.answer(await access.passkeys.signInOptions(PARTY))), note);
  await assert.rejects(access.passkeys.remove(principal, passkey.id), refused("NOT_FOUND"));
  assert.equal(messages.size, 1);
  runtime.advance(1_000);
  assert.equal(await access.authenticate({ cookie: cookieOf(cookie) }), undefined, "what it began has ended");
});

test("nobody who is let in no more comes in by a passkey, and nobody removes another's", async () => {
  const { key, passkey } = await enrolled();
  const another = await registry.people.create(home.id, "Somebody else", "nurse", BY);
  await assert.rejects(access.passkeys.remove({ ...principal, id: another.id }, passkey.id), refused("NOT_FOUND"));
  await registry.people.disable(home.id, nurse.id, BY);
  const answer = key.answer(await access.passkeys.signInOptions(PARTY));
  await assert.rejects(access.signInWithPasskey(PARTY, answer), refused("SIGN_IN_REFUSED"));
});

test("what is no answer at all is refused as one", async () => {
  for (const response of [{}, { id: 7 }, { id: "x".repeat(2_000) }, { id: "AAAA", response: {} }])
    await assert.rejects(access.signInWithPasskey(PARTY, response), refused("SIGN_IN_REFUSED"));
  const { key } = await enrolled();
  const broken = { ...key.answer(await access.passkeys.signInOptions(PARTY)), response: { clientDataJSON: "!" } };
  await assert.rejects(access.signInWithPasskey(PARTY, broken), refused("SIGN_IN_REFUSED"));
});

test("signing out everywhere ends every session of that person, and one can be ended alone", async () => {
  const link = async () => access.signIn((await access.issueLink(nurse.id, BY)).token, "curl/8");
  const [one, two, three] = [await link(), await link(), await link()];
  const listed = await access.sessionsOf(one.authenticated);
  assert.deepEqual([listed.length, listed.filter(({ isThis }) => isThis).length], [3, 1]);
  assert.equal(listed[0]?.device, "Another program");
  const own = (await access.sessionsOf(two.authenticated)).find(({ isThis }) => isThis);
  await access.endSession(principal, own?.id ?? "");
  assert.equal(await access.authenticate({ cookie: cookieOf(two.cookie) }), undefined);
  assert.ok(await access.authenticate({ cookie: cookieOf(three.cookie) }));
  await assert.rejects(access.endSession(principal, own?.id ?? ""), refused("NOT_FOUND"));
  await access.signOutEverywhere(one.authenticated);
  for (const { cookie } of [one, three])
    assert.equal(await access.authenticate({ cookie: cookieOf(cookie) }), undefined);
});

test("passkeys are for names over TLS, and for our own machine", () => {
  assert.deepEqual(relyingPartyOf("https://ward.example:8443/x"), {
    id: "ward.example",
    origins: ["https://ward.example:8443"],
  });
  assert.deepEqual(relyingPartyOf("http://127.0.0.1:8080"), { id: "localhost", origins: ["http://localhost:8080"] });
  for (const address of ["http://ward.example", "https://10.0.0.7", "https://[2001:db8::1]:8443"])
    assert.equal(relyingPartyOf(address), null, address);
});
