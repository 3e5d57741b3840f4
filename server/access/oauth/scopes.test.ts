import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { allowedScopes, parseScope } from "./scopes.ts";

const isRefused = (error: unknown) => error instanceof RefusedInput && error.code === "SCOPE_INVALID";

test("a scope says whose, what, and which interactions", () => {
  assert.deepEqual(parseScope("patient/Observation.rs?category=vital-signs"), {
    compartment: "patient",
    type: "Observation",
    interactions: "rs",
    query: [["category", "vital-signs"]],
  });
  assert.deepEqual(parseScope("system/*.cruds"), {
    compartment: "system",
    type: "*",
    interactions: "cruds",
    query: [],
  });
});

test("scopes of version 1 mean what the guide says", () => {
  assert.equal(parseScope("user/Patient.read")?.interactions, "rs");
  assert.equal(parseScope("user/Patient.write")?.interactions, "cud");
  assert.equal(parseScope("user/Patient.*")?.interactions, "cruds");
});

for (const scope of [
  "patient/Observation.sr",
  "patient/Observation.dus",
  "patient/Observation.rr",
  "patient/Observation.",
  "patient/Observation",
  "patient/observation.rs",
  "patient/Observation.rs?",
  "patient/Observation.rs?category=",
  "patient/Observation.rs?date=2026",
  "patient/Observation.rs?_include=Observation:patient",
  "patient/Patient.rs?name=x",
  "patient/*.rs?category=laboratory",
  "patient/Observation.rs#",
  "patient/Observation.Read",
]) {
  test(`${scope} is refused, not understood in part`, () => {
    assert.throws(() => parseScope(scope), isRefused);
  });
}

test("words that are no scopes of resources are left out", () => {
  for (const word of ["openid", "launch/patient", "profile", "encounter/Patient.rs"])
    assert.equal(parseScope(word), undefined);
  assert.deepEqual(allowedScopes("openid profile", "openid", ["user"]), ["openid"]);
});

test("what is given is never more than what was registered", () => {
  const registered = "openid patient/Observation.rs patient/Patient.r system/Device.s";
  const given = (asked: string) => allowedScopes(asked, registered, ["patient", "user"]);
  assert.deepEqual(given("patient/Observation.rs patient/Patient.r"), ["patient/Observation.rs", "patient/Patient.r"]);
  assert.deepEqual(given("patient/Observation.s?code=8867-4"), ["patient/Observation.s?code=8867-4"]);
  assert.deepEqual(given("patient/Patient.rs user/Observation.rs patient/*.rs system/Device.s"), []);
  const narrow = "patient/Observation.rs?category=vital-signs";
  assert.deepEqual(allowedScopes("patient/Observation.rs", narrow, ["patient"]), []);
  assert.deepEqual(allowedScopes("patient/Observation.rs?category=laboratory", narrow, ["patient"]), []);
  assert.deepEqual(allowedScopes(`${narrow}&code=8867-4`, narrow, ["patient"]), [`${narrow}&code=8867-4`]);
  assert.deepEqual(allowedScopes("patient/Observation.read", "patient/*.*", ["patient"]), ["patient/Observation.read"]);
});
