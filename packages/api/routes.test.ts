import assert from "node:assert/strict";
import { test } from "node:test";
import { isOfTheWard, ROLES, type Role } from "@openward/model";
import { type Route, routes } from "./routes.ts";

const table = Object.entries(routes) as [string, Route][];

/** What may be asked before anybody is known. */
const PUBLIC = [
  "signIn",
  "passkeyChallenge",
  "signInWithPasskey",
  "signInWithCodes",
  "beginExternal",
  "signInExternal",
  "enrolKiosk",
  "about",
];

for (const [name, route] of table) {
  test(`${name} says who may call it`, () => {
    if (route.allow === "public") {
      assert.ok(PUBLIC.includes(name), "a route that everybody may call is named in this test");
      return;
    }
    assert.ok(route.allow.length > 0, "a route that nobody may call is none");
    // A wall's own routes are nobody else's, and no other route is a wall's.
    if (route.allow.includes("kiosk"))
      assert.deepEqual([...route.allow, route.path.startsWith("/api/kiosk")], ["kiosk", true]);
    else for (const role of route.allow) assert.ok((ROLES as readonly string[]).includes(role), role);
    assert.equal(new Set(route.allow).size, route.allow.length);
  });
}

test("what gives others access, or takes a way in away, asks who it is once more", () => {
  const dangerous =
    /^\/api\/(people|grants|devices|kiosks)(\/:\w+\/(token|link|disable|enable))?$|\/(relations|review)$/;
  const taken = table.filter(
    ([, { method, path }]) => method === "DELETE" && /^\/api\/me\/(passkeys|codes|external)/.test(path),
  );
  const giving = table.filter(([, { method, path }]) => method !== "GET" && dangerous.test(path));
  assert.ok(giving.length >= 8 && taken.length === 3);
  for (const [name, { stepUp }] of [...giving, ...taken]) assert.equal(stepUp, true, name);
});

test("no two routes have the same method and path", () => {
  const places = table.map(([, { method, path }]) => `${method} ${path.replaceAll(/:\w+/g, ":")}`);
  assert.equal(new Set(places).size, places.length);
});

const outside = ROLES.filter((role) => !isOfTheWard(role));

for (const role of outside) {
  test(`a ${role} calls no route of the ward`, () => {
    const may = table.filter(([, { allow }]) => allow !== "public" && (allow as readonly Role[]).includes(role));
    assert.deepEqual(
      may.map(([, { path }]) => path).filter((path) => !OF_ONESELF.test(path) && !OVERSIGHT[role]?.includes(path)),
      [],
    );
    assert.ok(may.length > 0, "they sign in and out");
  });
}

const OF_ONESELF = /^\/api\/(session|me)(\/|$)/;
const OVERSIGHT: Partial<Record<Role, readonly string[]>> = {
  "privacy-officer": [
    "/api/rights/records",
    "/api/people",
    "/api/audit",
    "/api/break-glass",
    "/api/break-glass/:id/review",
    "/api/rights/patients/:id/export",
    "/api/rights/patients/:id/disclosures",
    "/api/rights/breach",
    "/api/rights/holds",
    "/api/rights/holds/:id/end",
    "/api/consents/explain",
  ],
};
