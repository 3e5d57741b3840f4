import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { Organisation, Principal } from "@openward/model";
import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import { systemRuntime } from "@openward/runtime/system";
import { Secret, TOTP } from "otpauth";
import { openTestDatabase, quietLog, type TestDatabase } from "../../store/database/testing/database.ts";
import { createRegistry, createTables, type Registry } from "../../store/registry/index.ts";
import { createAccess } from "../index.ts";
import { createAuthenticator } from "../testing/authenticator.ts";

const BY = "test";
const PASSWORD = "the red boat lies at the pier";
const PARTY = { id: "ward.example", origins: ["https://ward.example"] };
let database: TestDatabase;
let registry: Registry;
let home: Organisation;
let principal: Principal;
let runtime: ManualRuntime;
let access: ReturnType<typeof createAccess>;
let count = 0;

const vault = {
  seal: (name: string, plain: Uint8Array) => ({
    keyId: 1,
    sealed: Buffer.from(plain).map((byte) => byte ^ name.length),
  }),
  open: (name: string, _keyId: number, sealed: Uint8Array) => Buffer.from(sealed).map((byte) => byte ^ name.length),
  derive: (name: string) => createHmac("sha256", "test").update(name).digest("base64url"),
};
const openAccess = () =>
  createAccess({
    tables: createTables(database),
    people: registry.people,
    changes: { on: () => () => {} },
    runtime,
    isSecure: true,
    vault,
    log: quietLog,
  });

before(async () => {
  database = await openTestDatabase();
  const { api, worker } = database;
  registry = createRegistry({ api, worker, runtime: systemRuntime });
  home = await registry.wards.createOrganisation("Home", false);
});
after(() => database.close());
beforeEach(async () => {
  runtime = manualRuntime(Date.UTC(2026, 10, 22, 6), 500 + ++count);
  const nurse = await registry.people.create(home.id, "Nina Berg", "nurse", BY);
  principal = { kind: "person", id: nurse.id, display: "Nina Berg", organisationId: home.id, role: "nurse" };
  access = openAccess();
});
afterEach(() => access.close());

const refused = (code: string) => (error: unknown) => error instanceof RefusedInput && error.code === code;
const cookieOf = (setCookie: string) => setCookie.slice(0, setCookie.indexOf(";"));

/** A phone with the app: shows the code of its time. */
async function enrolled() {
  const { signInName, secret } = await access.codes.begin(principal, PASSWORD);
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  const code = (offsetS = 0) => totp.generate({ timestamp: runtime.clock.now() + offsetS * 1000 });
  const recovery = await access.codes.confirm(principal, code());
  runtime.advance(30_000);
  return { signInName, code, recovery };
}

test("password and code together sign in, and the session says how", async () => {
  assert.deepEqual(await access.codes.of(principal), { signInName: null, since: null, recoveryCodesLeft: 0 });
  const { signInName, code } = await enrolled();
  assert.match(signInName, /^nina-berg-\d{5}$/);
  const { authenticated } = await access.signInWithCodes(` ${signInName.toUpperCase()}`, {
    password: PASSWORD,
    code: code(),
  });
  assert.equal(authenticated.principal.id, principal.id);
  assert.deepEqual(authenticated.proof, { by: "codes", at: runtime.clock.now() });
  assert.equal((await access.sessionsOf(authenticated))[0]?.method, "codes");
  const { signInName: told, recoveryCodesLeft } = await access.codes.of(principal);
  assert.deepEqual([told, recoveryCodesLeft], [signInName, 10]);
});

test("a code counts once, a clock may be half a minute off, and an old one is worth nothing", async () => {
  const { signInName, code } = await enrolled();
  const signIn = (given: string) => access.signInWithCodes(signInName, { password: PASSWORD, code: given });
  const now = code();
  await signIn(now);
  await assert.rejects(signIn(now), refused("SIGN_IN_REFUSED"));
  await assert.rejects(signIn(code(-30)), refused("SIGN_IN_REFUSED"), "one before the last that was taken");
  await signIn(code(30));
  runtime.advance(90_000);
  await assert.rejects(signIn(code(-60)), refused("SIGN_IN_REFUSED"));
  const both = await Promise.allSettled([signIn(code()), signIn(code())]);
  assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
});

test("one of the two alone opens nothing, and every refusal is the same", async () => {
  const { signInName, code } = await enrolled();
  for (const [name, password, given] of [
    [signInName, "the red boat lies at the shore", code()],
    [signInName, PASSWORD, "000000"],
    [signInName, PASSWORD, "AAAAA-AAAAA"],
    ["nobody-10000", PASSWORD, code()],
  ] as const)
    await assert.rejects(access.signInWithCodes(name, { password, code: given }), {
      message: "SIGN_IN_REFUSED: What you signed in with was not accepted.",
    });
});

test("a recovery code signs in once, however it is typed", async () => {
  const { signInName, recovery } = await enrolled();
  const [first = ""] = recovery;
  const typed = first.toLowerCase().replace("-", " ");
  await access.signInWithCodes(signInName, { password: PASSWORD, code: typed });
  await assert.rejects(
    access.signInWithCodes(signInName, { password: PASSWORD, code: first }),
    refused("SIGN_IN_REFUSED"),
  );
  assert.equal((await access.codes.of(principal)).recoveryCodesLeft, 9);
});

test("who guesses waits longer each time, also behind a restart and for a name that nobody has", async () => {
  const { signInName, code } = await enrolled();
  const wrong = (name: string) => access.signInWithCodes(name, { password: "the wrong password", code: "000000" });
  for (const name of [signInName, "nobody-10001"]) {
    for (let i = 0; i < 5; i++) await assert.rejects(wrong(name), refused("SIGN_IN_REFUSED"));
    await assert.rejects(
      wrong(name),
      (error) => refused("RATE_LIMITED")(error) && (error as RefusedInput).facts.retryAfterS === 1,
    );
  }
  await access.close();
  access = openAccess();
  await assert.rejects(wrong(signInName), refused("RATE_LIMITED"));
  runtime.advance(1_000);
  await assert.rejects(wrong(signInName), refused("SIGN_IN_REFUSED"));
  runtime.advance(2_000);
  await access.signInWithCodes(signInName, { password: PASSWORD, code: code() });
  await assert.rejects(wrong(signInName), refused("SIGN_IN_REFUSED"), "whoever came in begins anew");
  const { token } = await access.issueLink(principal.id, BY);
  assert.ok(await access.signIn(token), "another way in is not delayed");
});

test("a session shows once more who sits there, by its own person's password, code or passkey", async () => {
  const { signInName, code } = await enrolled();
  const { cookie } = await access.signIn((await access.issueLink(principal.id, BY)).token);
  const session = async () => {
    const found = await access.authenticate({ cookie: cookieOf(cookie) });
    assert.ok(found);
    return found;
  };
  assert.equal((await session()).proof?.by, "link");
  runtime.advance(600_000);
  await assert.rejects(
    access.proveWithCodes(await session(), { password: "the wrong password", code: code() }),
    refused("SIGN_IN_REFUSED"),
  );
  await access.proveWithCodes(await session(), { password: PASSWORD, code: code() });
  assert.deepEqual((await session()).proof, { by: "codes", at: runtime.clock.now() });
  runtime.advance(600_000);
  const key = createAuthenticator(PARTY);
  await access.addPasskey(await session(), PARTY, {
    name: "key",
    response: key.enrol(await access.passkeys.enrolmentOptions(principal, PARTY)),
  });
  assert.deepEqual((await session()).proof, { by: "passkey", at: runtime.clock.now() });
  runtime.advance(600_000);
  const answer = key.answer(await access.passkeys.proofOptions(principal, PARTY));
  const another = await registry.people.create(home.id, "Olav Lie", "nurse", BY);
  const other = await access.signIn((await access.issueLink(another.id, BY)).token);
  await assert.rejects(access.proveWithPasskey(other.authenticated, PARTY, answer), refused("SIGN_IN_REFUSED"));
  const signInAnswer = key.answer(await access.passkeys.signInOptions(PARTY));
  await assert.rejects(
    access.proveWithPasskey(await session(), PARTY, signInAnswer),
    refused("SIGN_IN_REFUSED"),
    "an answer to another question",
  );
  await access.proveWithPasskey(await session(), PARTY, answer);
  assert.equal((await session()).proof?.at, runtime.clock.now());
  assert.ok(signInName);
});

test("taken away, it opens nothing and ends what it began; set up anew, the old secret is worth nothing", async () => {
  const { signInName, code, recovery } = await enrolled();
  const { cookie } = await access.signInWithCodes(signInName, { password: PASSWORD, code: code() });
  await access.codes.remove(principal);
  await assert.rejects(access.codes.remove(principal), refused("NOT_FOUND"));
  runtime.advance(30_000);
  await assert.rejects(
    access.signInWithCodes(signInName, { password: PASSWORD, code: code() }),
    refused("SIGN_IN_REFUSED"),
  );
  runtime.advance(1_000);
  assert.equal(await access.authenticate({ cookie: cookieOf(cookie) }), undefined);
  const again = await enrolled();
  await assert.rejects(
    access.signInWithCodes(again.signInName, { password: PASSWORD, code: recovery[0] ?? "" }),
    refused("SIGN_IN_REFUSED"),
  );
});

test("a password that counts is not replaced by who finds an open screen, and a weak one is none", async () => {
  for (const password of ["short", "aaaaaaaaaaaaaaa", "my nina berg password"])
    await assert.rejects(access.codes.begin(principal, password), refused("FIELD_INVALID"));
  await enrolled();
  await assert.rejects(access.codes.begin(principal, PASSWORD), refused("CONFLICT"));
});

test("neither password, secret nor recovery code can be read out of the database", async () => {
  const { secret } = await access.codes.begin(principal, PASSWORD);
  const recovery = await access.codes.confirm(
    principal,
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: runtime.clock.now() }),
  );
  const { rows } = await database.owner.query(
    `SELECT (SELECT string_agg(t::text, '') FROM code_sign_in t) || (SELECT string_agg(t::text, '') FROM recovery_code t)
         || (SELECT string_agg(t::text, '') FROM audit_event t) AS everything`,
  );
  const hex = Buffer.from(Secret.fromBase32(secret).buffer).toString("hex");
  for (const one of [PASSWORD, secret, hex, ...recovery]) assert.ok(!rows[0].everything.includes(one));
  assert.match(rows[0].everything, /\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
});

const PIN = "284916";

/** Who has a session whose screen locks after a minute, and a PIN. */
async function atScreen() {
  const { cookie } = await access.signIn((await access.issueLink(principal.id, BY)).token);
  const headers = { cookie: cookieOf(cookie) };
  const locked = async () => {
    const found = await access.authenticate(headers, { locked: true });
    assert.ok(found, "the session is there");
    return found;
  };
  await access.screen.pins.set(principal, PIN);
  await access.screen.lockAfter(await locked(), 60_000);
  return { locked, isOpen: async () => (await access.authenticate(headers)) !== undefined };
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 120_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < end, `waited two minutes for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("a screen that nobody touches is locked, whatever it asks by itself, and a touch keeps it open", async () => {
  const { locked, isOpen } = await atScreen();
  for (let n = 0; n < 3; n++) {
    runtime.advance(59_000);
    assert.ok(await isOpen());
    await access.screen.input(await locked());
  }
  for (let n = 0; n < 4; n++) {
    assert.ok(await isOpen(), "what a page asks by itself goes on");
    runtime.advance(15_000);
  }
  assert.ok(!(await isOpen()), "and keeps nothing open");
  await access.screen.input(await locked());
  assert.ok(!(await isOpen()), "a touch comes too late");
});

test("live views hear of the lock, it outlives a restart, and only what the person knows or has opens it", async () => {
  const ended: string[] = [];
  access.onEnded((principalId) => void ended.push(principalId));
  const { locked, isOpen } = await atScreen();
  assert.ok(await isOpen());
  runtime.advance(70_000);
  await until("the live views are told", () => ended.includes(principal.id));
  await access.close();
  access = openAccess();
  assert.ok(!(await isOpen()));
  const { proof } = await locked();
  await assert.rejects(access.screen.unlock(await locked(), { pin: "000001" }), refused("SIGN_IN_REFUSED"));
  assert.ok(!(await isOpen()));
  await access.screen.unlock(await locked(), { pin: PIN });
  assert.ok(await isOpen());
  assert.deepEqual((await locked()).proof, proof, "a PIN is no proof for what is dangerous");
});

test("a screen is locked by hand, opened by passkey, and that is a proof", async () => {
  const { locked, isOpen } = await atScreen();
  const key = createAuthenticator(PARTY);
  await access.addPasskey(await locked(), PARTY, {
    name: "key",
    response: key.enrol(await access.passkeys.enrolmentOptions(principal, PARTY)),
  });
  await access.screen.lock(await locked());
  assert.ok(!(await isOpen()));
  runtime.advance(600_000);
  const response = key.answer(await access.passkeys.proofOptions(principal, PARTY));
  await access.screen.unlock(await locked(), { party: PARTY, response });
  assert.ok(await isOpen());
  assert.deepEqual((await locked()).proof, { by: "passkey", at: runtime.clock.now() });
});

test("who guesses a PIN waits longer each time, and a simple one is none", async () => {
  const { locked } = await atScreen();
  const wrong = async () => access.screen.unlock(await locked(), { pin: "000001" });
  for (let n = 0; n < 5; n++) await assert.rejects(wrong(), refused("SIGN_IN_REFUSED"));
  await assert.rejects(wrong(), refused("RATE_LIMITED"));
  for (const pin of ["12345", "111111", "123456", "987654", "28491a"])
    await assert.rejects(access.screen.pins.set(principal, pin), refused("FIELD_INVALID"));
});
