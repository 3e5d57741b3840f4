import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Bundle } from "@medplum/fhirtypes";
import { generateKeyPair, UnsecuredJWT } from "jose";
import type { Client } from "./index.ts";
import { ASSERTION_TYPE, applicationKeys, startTestServer, type TestServer } from "./testing/server.ts";

let server: TestServer;
let keys: Awaited<ReturnType<typeof applicationKeys>>;
let program: Client;
let token: string;

before(async () => {
  server = await startTestServer();
  keys = await applicationKeys("ES384");
  ({ client: program } = await server.clients.add(
    server.home.id,
    { name: "Registry", kind: "backend", scope: "system/Observation.rs system/Patient.rs", jwks: keys.jwks },
    "test",
  ));
  const kari = await server.newPatient("Hansen, Kari");
  server.measure(kari, 72);
});
after(() => server?.stop());

const tokenUrl = () => `${server.issuer}/oauth/token`;
const ask = async (assertion: string, scope = "system/Observation.rs", more: Record<string, string> = {}) => {
  const answer = await server.post("/oauth/token", {
    grant_type: "client_credentials",
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
    scope,
    ...more,
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const seconds = () => Math.floor(Date.now() / 1000);

/** How soon it is belongs to no test; that it comes by itself does. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 120_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < end, `waited two minutes for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("what applications find it by names nothing that there is not", async () => {
  const answer = await server.get("/fhir/.well-known/smart-configuration");
  assert.equal(answer.status, 200);
  const found = (await answer.json()) as Record<string, unknown>;
  assert.equal(found.token_endpoint, tokenUrl());
  assert.deepEqual(found.code_challenge_methods_supported, ["S256"]);
  assert.equal("registration_endpoint" in found, false);
  const { keys: published } = (await (await server.get("/oauth/jwks")).json()) as { keys: Record<string, unknown>[] };
  assert.equal(published.length, 1);
  assert.equal("d" in (published[0] ?? {}), false);
  assert.equal((await server.post("/oauth/reg", {})).status, 404);
});

test("a program with its own key gets a token for five minutes, and reads what its scopes say", async () => {
  const { status, body } = await ask(await keys.assertion(program.id, tokenUrl()));
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual([body.token_type, body.expires_in, body.scope], ["Bearer", 300, "system/Observation.rs"]);
  token = String(body.access_token);
  assert.match(token, /^owa_[A-Za-z0-9_-]{43}$/);
  const found = (await (await server.get("/fhir/Observation", token)).json()) as Bundle;
  assert.equal(found.entry?.length, 1);
  assert.equal((await server.get("/fhir/Patient", token)).status, 403);
});

test("an application's token counts at /fhir and nowhere else", async () => {
  assert.equal(await server.access.authenticate({ authorization: `Bearer ${token}` }), undefined);
  const known = await server.access.authenticate({ authorization: `Bearer ${token}` }, { apps: true });
  assert.equal(known?.via, "app");
  assert.deepEqual(known?.principal, {
    kind: "token",
    id: program.id,
    display: "Registry",
    organisationId: server.home.id,
    role: "integration",
  });
});

test("it gets no more than it was registered for, and nothing that is out of order", async () => {
  const fewer = await ask(await keys.assertion(program.id, tokenUrl()), "system/Observation.rs system/Device.rs");
  assert.equal(fewer.body.scope, "system/Observation.rs");
  for (const scope of ["system/Device.rs", "system/Observation.sr", "patient/Observation.rs", "openid"]) {
    const { status, body } = await ask(await keys.assertion(program.id, tokenUrl()), scope);
    assert.deepEqual([status, body.error], [400, "invalid_scope"], scope);
  }
});

test("RS384 works as ES384 does", async () => {
  const rsa = await applicationKeys("RS384");
  const { client } = await server.clients.add(
    server.home.id,
    { name: "RSA", kind: "backend", scope: "system/*.rs", jwks: rsa.jwks },
    "test",
  );
  const { status, body } = await ask(await rsa.assertion(client.id, tokenUrl()), "system/Patient.read");
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal((await server.get("/fhir/Patient", String(body.access_token))).status, 200);
});

test("an assertion that is forged, late, long, for another server or used before is refused", async () => {
  const good = await keys.assertion(program.id, tokenUrl());
  assert.equal((await ask(good)).status, 200);
  const other = await generateKeyPair("ES384", { extractable: true });
  const unsigned = new UnsecuredJWT({ jti: "none-1" })
    .setIssuer(program.id)
    .setSubject(program.id)
    .setAudience(tokenUrl())
    .setExpirationTime(seconds() + 60)
    .encode();
  const [head = "", , signature = ""] = good.split(".");
  const forged = `${head}.${Buffer.from(JSON.stringify({ iss: program.id, sub: program.id, aud: tokenUrl(), exp: seconds() + 60, jti: "forged" })).toString("base64url")}.${signature}`;
  const bad: Record<string, string> = {
    "used before": good,
    "alg none": unsigned,
    "another content": forged,
    "another key": await keys.assertion(program.id, tokenUrl(), { key: other.privateKey }),
    "another audience": await keys.assertion(program.id, "https://elsewhere.example/token"),
    "another issuer": await keys.assertion(program.id, tokenUrl(), { iss: "somebody" }),
    expired: await keys.assertion(program.id, tokenUrl(), { exp: seconds() - 60 }),
    "an hour": await keys.assertion(program.id, tokenUrl(), { exp: seconds() + 3600 }),
  };
  for (const [what, assertion] of Object.entries(bad)) {
    const { status, body } = await ask(assertion);
    assert.deepEqual([status, body.error], [401, "invalid_client"], what);
    assert.equal(body.access_token, undefined, what);
  }
});

test("of two requests with one assertion at the same moment one gets a token", async () => {
  const assertion = await keys.assertion(program.id, tokenUrl());
  const both = await Promise.all([ask(assertion), ask(assertion)]);
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 401]);
});

test("a token that is made up, or cut short, is worth nothing", async () => {
  for (const made of [`owa_${"x".repeat(43)}`, token.slice(0, -1), token.slice(4), `ow_${token.slice(4)}`, `${token}x`])
    assert.equal((await server.get("/fhir/Observation", made)).status, 401, made);
});

test("whoever holds it may ask what a token is worth, and take it away at once", async () => {
  const { body } = await ask(await keys.assertion(program.id, tokenUrl()));
  const mine = String(body.access_token);
  const introspect = async () => {
    const answer = await server.post("/oauth/introspect", {
      token: mine,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await keys.assertion(program.id, tokenUrl()),
    });
    return (await answer.json()) as Record<string, unknown>;
  };
  const worth = await introspect();
  assert.deepEqual([worth.active, worth.scope, worth.aud], [true, "system/Observation.rs", server.fhir]);
  assert.equal((await server.get("/fhir/Observation", mine)).status, 200);
  const revoked = await server.post("/oauth/revoke", {
    token: mine,
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: await keys.assertion(program.id, tokenUrl()),
  });
  assert.equal(revoked.status, 200);
  await until(
    "the revoked token to be refused",
    async () => (await server.get("/fhir/Observation", mine)).status === 401,
  );
  assert.deepEqual(await introspect(), { active: false });
});

test("neither tokens nor signing keys can be read out of the database", async () => {
  const { rows } = await server.database.owner.query("SELECT kind, payload::text AS payload FROM oauth_record");
  assert.ok(rows.length > 0);
  for (const { kind, payload } of rows) assert.ok(!payload.includes(token) && !payload.includes(token.slice(4)), kind);
  const { rows: signing } = await server.database.owner.query("SELECT sealed FROM oauth_key");
  assert.ok(signing.length === 1 && !signing[0].sealed.toString("latin1").includes('"d"'));
});

test("new keys end the old ones, and an application that is disabled is out", async () => {
  const next = await applicationKeys("ES384");
  await server.clients.rotate(server.home.id, program.id, { jwks: next.jwks }, "test");
  assert.equal((await ask(await keys.assertion(program.id, tokenUrl()))).status, 401);
  const { body } = await ask(await next.assertion(program.id, tokenUrl()));
  const last = String(body.access_token);
  assert.equal((await server.get("/fhir/Observation", last)).status, 200);
  await server.clients.disable(server.home.id, program.id, "test");
  await until(
    "the disabled application to be out",
    async () => (await server.get("/fhir/Observation", last)).status === 401,
  );
  assert.equal((await ask(await next.assertion(program.id, tokenUrl()))).status, 401);
});

test("a program whose keys stand at an address gets its token by them; a redirect is not followed, and inside nothing is asked", async (t) => {
  const other = await applicationKeys("ES384");
  const asked: string[] = [];
  const site = createServer((request, answer) => {
    asked.push(request.url ?? "");
    if (request.url === "/moved") return answer.writeHead(302, { location: "/keys" }).end();
    return answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(keys.jwks));
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  t.after(() => site.close());
  const { port } = site.address() as AddressInfo;
  const at = async (jwksUri: string) => {
    const client = { name: `Keys at ${jwksUri}`, kind: "backend", scope: "system/Observation.rs", jwksUri } as const;
    return (await server.clients.add(server.home.id, client, "test")).client.id;
  };
  const id = await at(`http://127.0.0.1:${port}/keys`);
  assert.equal((await ask(await keys.assertion(id, tokenUrl()))).status, 200);
  assert.equal((await ask(await other.assertion(id, tokenUrl()))).status, 401, "a key that does not stand there");

  const before = asked.filter((path) => path === "/keys").length;
  const moved = await at(`http://127.0.0.1:${port}/moved`);
  assert.notEqual((await ask(await keys.assertion(moved, tokenUrl()))).status, 200);
  assert.equal(asked.filter((path) => path === "/keys").length, before, "a redirect is not followed");
  // The test's server may ask 127.0.0.1 and nothing else that is inside.
  const inside = await at(`https://localhost:${port}/keys`);
  assert.notEqual((await ask(await keys.assertion(inside, tokenUrl()))).status, 200);
  assert.equal(asked.filter((path) => path === "/moved").length, 1);
});

test("what is registered must be what it says", async () => {
  const add = (more: object) =>
    server.clients.add(
      server.home.id,
      { name: "x", kind: "backend", scope: "system/*.rs", jwks: keys.jwks, ...more },
      "test",
    );
  for (const more of [
    { scope: "patient/*.rs" },
    { scope: "system/Observation.sr" },
    { scope: "" },
    { redirectUris: ["https://app.example/back"] },
    { jwks: { keys: [] } },
    { jwks: { keys: [{ kty: "oct", k: "secret" }] } },
    { jwksUri: "https://app.example/keys" },
    { kind: "public", jwks: undefined, scope: "openid", redirectUris: ["http://app.example/back"] },
    { kind: "public", jwks: undefined, scope: "openid", redirectUris: ["javascript:alert(1)"] },
    { kind: "public", jwks: undefined, scope: "system/*.rs", redirectUris: ["https://app.example/back"] },
  ])
    await assert.rejects(add(more), { name: "RefusedInput" }, JSON.stringify(more));
});
