import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { Organisation, Principal } from "@openward/model";
import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import { systemRuntime } from "@openward/runtime/system";
import { openTestDatabase, quietLog, type TestDatabase } from "../../store/database/testing/database.ts";
import { createRegistry, createTables, type Registry } from "../../store/registry/index.ts";
import { createAccess } from "../index.ts";
import { startProvider, type TestProvider } from "../testing/provider.ts";

const BY = "test";
const REDIRECT = "http://localhost:8080/sign-in/external";
let database: TestDatabase;
let registry: Registry;
let home: Organisation;
let principal: Principal;
let runtime: ManualRuntime;
let access: ReturnType<typeof createAccess>;
let provider: TestProvider;
let count = 0;

const vault = {
  seal: (name: string, plain: Uint8Array) => ({
    keyId: 1,
    sealed: Buffer.concat([createHmac("sha256", name).update(plain).digest(), plain]),
  }),
  open(name: string, _keyId: number, sealed: Uint8Array) {
    const plain = sealed.subarray(32);
    if (!createHmac("sha256", name).update(plain).digest().equals(sealed.subarray(0, 32))) throw new Error("not ours");
    return plain;
  },
  derive: (name: string) => createHmac("sha256", "test").update(name).digest("base64url"),
};

/** A browser without pages: goes where it is sent, with cookies, until it is sent back. @returns the query it comes back with */
async function visit(address: string): Promise<string> {
  const jar = new Map<string, string>();
  let at = address;
  for (let n = 0; n < 10; n++) {
    const response = await fetch(at, {
      redirect: "manual",
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") },
    });
    await response.arrayBuffer();
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      jar.set(name, value);
    }
    const next = response.headers.get("location");
    assert.ok(next, `${response.status} at ${at}`);
    at = new URL(next, at).href;
    if (at.startsWith(REDIRECT)) return new URL(at).search.slice(1);
  }
  throw new Error("never sent back");
}

before(async () => {
  provider = await startProvider(REDIRECT);
  database = await openTestDatabase();
  const { api, worker } = database;
  registry = createRegistry({ api, worker, runtime: systemRuntime });
  home = await registry.wards.createOrganisation("Home", false);
});
after(async () => {
  await provider.close();
  await database.close();
});
beforeEach(async () => {
  // The provider and the library go by the machine's clock.
  runtime = manualRuntime(Date.now(), 900 + ++count);
  provider.subject = `somebody-${count}`;
  const nurse = await registry.people.create(home.id, "Nina Berg", "nurse", BY);
  principal = { kind: "person", id: nurse.id, display: "Nina Berg", organisationId: home.id, role: "nurse" };
  access = createAccess({
    tables: createTables(database),
    people: registry.people,
    changes: { on: () => () => {} },
    runtime,
    isSecure: false,
    vault,
    provider: { issuer: provider.issuer, clientId: "openward", secret: "shared", name: "Fjord" },
    log: quietLog,
  });
});
afterEach(() => access.close());

const refused = (code: string) => (error: unknown) => error instanceof RefusedInput && error.code === code;
const cookieOf = (setCookie: string) => setCookie.slice(0, setCookie.indexOf(";"));
const byLink = async () => (await access.signIn((await access.issueLink(principal.id, BY)).token)).authenticated;

async function linked() {
  const session = await byLink();
  const begun = await access.external.begin(REDIRECT, session);
  return access.external.link(session, await visit(begun.url), cookieOf(begun.cookie));
}

/** @returns what the page posts, and the browser's cookie */
async function outside() {
  const { url, cookie } = await access.external.begin(REDIRECT);
  return [await visit(url), cookieOf(cookie)] as const;
}

test("an account that a person has linked signs them in, with PKCE, state and nonce, and is no proof here", async () => {
  const { url, cookie } = await access.external.begin(REDIRECT);
  const asked = new URL(url).searchParams;
  assert.deepEqual([asked.get("code_challenge_method"), asked.get("scope")], ["S256", "openid"]);
  assert.ok(asked.get("state") && asked.get("nonce"));
  assert.match(cookie, /; HttpOnly; SameSite=Strict$/);
  assert.ok(!cookie.includes(asked.get("state") ?? "") && !Buffer.from(cookie).includes("verifier"));
  const identity = await linked();
  const { authenticated } = await access.signInOutside(...(await outside()));
  assert.deepEqual([authenticated.principal.id, authenticated.principal.role], [principal.id, "nurse"]);
  assert.deepEqual(authenticated.proof, { by: "external", at: 0 });
  assert.equal((await access.sessionsOf(authenticated))[0]?.method, "external");
  assert.deepEqual(await access.external.list(authenticated), [{ ...identity, lastUsedAt: runtime.clock.now() }]);
});

test("an account that nobody has linked opens nothing, whatever mail address it has", async () => {
  await assert.rejects(access.signInOutside(...(await outside())), refused("SIGN_IN_REFUSED"));
});

test("the answer counts in the browser that asked only, once, in time, and for what it asked", async () => {
  await linked();
  const [answer, cookie] = await outside();
  const [, other] = await outside();
  for (const wrong of [undefined, other, "openward_external=1.AAAA", cookie.slice(0, -2)])
    await assert.rejects(access.signInOutside(answer, wrong), refused("SIGN_IN_REFUSED"));
  await access.signInOutside(answer, cookie);
  await assert.rejects(access.signInOutside(answer, cookie), refused("SIGN_IN_REFUSED"));
  const late = await outside();
  runtime.advance(600_001);
  await assert.rejects(access.signInOutside(...late), refused("SIGN_IN_REFUSED"));
  const session = await byLink();
  await assert.rejects(access.external.link(session, ...(await outside())), refused("SIGN_IN_REFUSED"));
  const begun = await access.external.begin(REDIRECT, session);
  await assert.rejects(
    access.signInOutside(await visit(begun.url), cookieOf(begun.cookie)),
    refused("SIGN_IN_REFUSED"),
    "who went to link signs nobody in",
  );
});

test("an answer that was changed on the way, or is another issuer's, is refused", async () => {
  await linked();
  const [answer, cookie] = await outside();
  for (const [name, value] of [
    ["state", "another"],
    ["code", "another"],
    ["iss", "https://evil.example"],
  ] as const) {
    const changed = new URLSearchParams(answer);
    changed.set(name, value);
    await assert.rejects(access.signInOutside(changed.toString(), cookie), refused("SIGN_IN_REFUSED"), name);
  }
  await assert.rejects(access.signInOutside("error=access_denied", cookie), refused("SIGN_IN_REFUSED"));
});

test("an account is one person's, and another cannot take it", async () => {
  await linked();
  const another = await registry.people.create(home.id, "Olav Lie", "nurse", BY);
  const { authenticated } = await access.signIn((await access.issueLink(another.id, BY)).token);
  const begun = await access.external.begin(REDIRECT, authenticated);
  await assert.rejects(
    access.external.link(authenticated, await visit(begun.url), cookieOf(begun.cookie)),
    refused("CONFLICT"),
  );
});

test("linked no more, or let in no more, it opens nothing and ends what it began", async () => {
  const { id } = await linked();
  const { authenticated, cookie } = await access.signInOutside(...(await outside()));
  await access.external.remove(authenticated, id);
  await assert.rejects(access.external.remove(authenticated, id), refused("NOT_FOUND"));
  runtime.advance(1_000);
  assert.equal(await access.authenticate({ cookie: cookieOf(cookie) }), undefined);
  await assert.rejects(access.signInOutside(...(await outside())), refused("SIGN_IN_REFUSED"));
  await linked();
  await registry.people.disable(home.id, principal.id, BY);
  await assert.rejects(access.signInOutside(...(await outside())), refused("SIGN_IN_REFUSED"));
});
