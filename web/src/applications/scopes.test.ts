import assert from "node:assert/strict";
import { test } from "node:test";
import { keysOf, linesOf, scopesFor, scopeText } from "./scopes.ts";

test("a program that acts for nobody is offered system scopes, and nobody else is", () => {
  assert.ok(scopesFor("backend").every(({ scope }) => scope.startsWith("system/")));
  assert.ok(scopesFor("public").every(({ scope }) => !scope.startsWith("system/")));
});

test("scopes that were ticked and typed are one text, each once", () => {
  assert.equal(scopeText(["openid", "launch"], " launch\n patient/Device.rs "), "openid launch patient/Device.rs");
  assert.deepEqual(linesOf(" https://a.example/x \n\nhttps://b.example "), [
    "https://a.example/x",
    "https://b.example",
  ]);
});

test("keys are a set or an address; anything else is told before it is sent", () => {
  assert.deepEqual(keysOf("https://a.example/jwks"), { jwksUri: "https://a.example/jwks" });
  assert.deepEqual(keysOf('{"keys":[{"kty":"RSA"}]}'), { jwks: { keys: [{ kty: "RSA" }] } });
  assert.deepEqual(keysOf("  "), {});
  for (const wrong of ["{", "[]", "null", '{"keys":1}', "a key"]) assert.equal(keysOf(wrong), undefined, wrong);
});
