import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { policies, routes } from "@openward/api";
import { authorisationPage, PAGE } from "./document.ts";

test("docs/security/authorisation.md says what the tables say; npm run authorisation writes it", () => {
  assert.equal(readFileSync(PAGE, "utf8"), authorisationPage());
});

test("every route has a policy, and no policy is of a route that there is not", () => {
  assert.deepEqual(Object.keys(policies).sort(), Object.keys(routes).sort());
});
