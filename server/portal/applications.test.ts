import assert from "node:assert/strict";
import { test } from "node:test";
import { type RouteName, routes } from "@openward/api";
import { createWorld } from "./testing/world.ts";

/** The answer has the form that the table promises to the portals. */
function assertForm(name: RouteName, body: unknown): void {
  const result = routes[name].response.safeParse(body);
  assert.ok(result.success, `${name}: ${result.error?.message}`);
}

const body = {
  name: "Heart rates",
  kind: "secret",
  scope: "openid patient/Observation.rs",
  redirectUris: ["https://app.example/back"],
};

test("an application is registered with its secret once, listed in words, changed and ended by an administrator alone", async () => {
  const { call, asked } = await createWorld();
  for (const role of ["nurse", "clinical-engineer", "privacy-officer"])
    assert.equal((await call(`token ${role}`, "POST", "/api/applications", body)).status, 403, role);
  assert.deepEqual(asked, []);
  const made = await call("token administrator", "POST", "/api/applications", {
    ...body,
    launchUri: "https://app.example/go",
  });
  assert.equal(made.status, 201);
  assertForm("addApplication", made.body);
  assert.equal(made.body.secret, "a-secret");
  const url = `/api/applications/${made.body.application.id}`;
  const listed = await call("token administrator", "GET", "/api/applications");
  assertForm("applications", listed.body);
  assert.deepEqual(listed.body[0].scopes[0], { scope: "openid", words: "in words: openid" });
  assert.ok(!("secret" in listed.body[0]));
  const open = await call("token nurse", "GET", "/api/smart/applications");
  assertForm("launchableApps", open.body);
  assert.deepEqual(open.body.length, 1);
  const rotated = await call("token administrator", "POST", `${url}/rotate`, {});
  assertForm("rotateApplication", rotated.body);
  assert.equal(rotated.body.secret, "another-secret");
  const ended = await call("token administrator", "POST", `${url}/disable`);
  assertForm("disableApplication", ended.body);
  assert.notEqual(ended.body.disabledAt, null);
  assert.deepEqual((await call("token nurse", "GET", "/api/smart/applications")).body, []);
});

test("when it was last used is its newest token's time, or what a program asked for later", async () => {
  const asked: (string | undefined)[] = [];
  const { call } = await createWorld((deps) => ({
    ...deps,
    applications: {
      ...deps.applications,
      lastTokens: async (organisationId) =>
        new Map((await deps.applications.list(organisationId)).map(({ id }) => [id, 5_000])),
    },
    audit: {
      ...deps.audit,
      async search(_, { agentId }) {
        asked.push(agentId);
        const who = { kind: "token", id: agentId ?? null, display: "Registry", role: "integration" };
        const id = "00000000-0000-7000-8000-0000000000c1";
        return [
          {
            id,
            at: 9_000,
            who,
            action: "R",
            code: "fhir.read",
            patients: [],
            entity: "Patient",
            via: "GET /fhir",
            outcome: "allowed",
          },
        ];
      },
    },
  }));
  await call("token administrator", "POST", "/api/applications", body);
  const { body: program } = await call("token administrator", "POST", "/api/applications", {
    name: "Registry",
    kind: "backend",
    scope: "system/Observation.rs",
    jwksUri: "https://registry.example/jwks",
  });
  const { body: listed } = await call("token administrator", "GET", "/api/applications");
  assert.deepEqual(
    listed.map(({ lastUsedAt }: { lastUsedAt: number }) => lastUsedAt),
    [5_000, 9_000],
  );
  assert.deepEqual(asked, [program.application.id], "a person's use stands under the person's name");
});
