import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { isSecret, newSecret, readCredential, sessionCookie } from "./credentials.ts";

const secret = newSecret(seededRandom(3));

test("a session comes by its cookie, among others", () => {
  assert.deepEqual(readCredential({ cookie: `theme=dark; openward_session=${secret}; x=1` }), {
    via: "session",
    secret,
  });
  assert.deepEqual(readCredential({ cookie: `openward_session=${secret}` }), { via: "session", secret });
});

test("a bearer token counts before a cookie, and a wrong one does not fall back to it", () => {
  const cookie = `openward_session=${secret}`;
  assert.deepEqual(readCredential({ cookie, authorization: `Bearer ow_${secret}` }), {
    via: "token",
    secret: `ow_${secret}`,
  });
  assert.deepEqual(readCredential({ cookie, authorization: `bearer  ow_${secret} ` }), {
    via: "token",
    secret: `ow_${secret}`,
  });
  assert.equal(readCredential({ cookie, authorization: "Bearer nonsense" }), undefined);
  assert.equal(readCredential({ cookie, authorization: `Bearer ${secret}` }), undefined);
});

test("what cannot be ours is not looked up", () => {
  for (const cookie of [
    undefined,
    "",
    "openward_session=",
    `openward_session=${secret}x`,
    `xopenward_session=${secret}`,
    "=;;=",
  ]) {
    assert.equal(readCredential({ cookie }), undefined, String(cookie));
  }
  assert.equal(readCredential({ authorization: "Basic bW9uOnRva2Vu" }), undefined);
  assert.ok(!isSecret("x".repeat(100_000)));
});

test("the cookie is out of reach of scripts and of other sites, and keeps to https where there is https", () => {
  const cookie = sessionCookie(secret, { maxAgeMs: 60_000, isSecure: true });
  assert.equal(cookie, `openward_session=${secret}; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure`);
  assert.equal(
    sessionCookie(null, { maxAgeMs: 60_000, isSecure: false }),
    "openward_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict",
  );
});
