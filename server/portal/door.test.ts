import assert from "node:assert/strict";
import { test } from "node:test";
import { type Route, routes } from "@openward/api";
import { ROLES } from "@openward/model";
import { createWorld } from "./testing/world.ts";

const SOME_ID = "00000000-0000-7000-8000-000000000001";
const urlOf = (route: Route) => route.path.replaceAll(/:\w+/g, SOME_ID);
const world = await createWorld();

for (const [name, route] of Object.entries(routes) as [string, Route][]) {
  test(`${name} is there, and closed to strangers and to roles that may not`, async () => {
    assert.ok(world.app.hasRoute({ method: route.method, url: route.path }), "registered");
    if (route.allow === "public") return;
    const stranger = await world.call(null, route.method, urlOf(route));
    assert.equal(stranger.status, 401);
    assert.equal(stranger.body.code, "NOT_SIGNED_IN");
    // A wall's doors know its own cookie and no other.
    const isWall = route.allow.includes("kiosk");
    for (const role of ROLES.filter((one) => !route.allow.includes(one))) {
      const refused = await world.call(`token ${role}`, route.method, urlOf(route));
      assert.equal(refused.status, isWall ? 401 : 403, role);
      assert.equal(refused.body.code, isWall ? "NOT_SIGNED_IN" : "NOT_PERMITTED");
    }
    if (isWall) return;
    for (const role of route.allow) {
      const { status } = await world.call(`token ${role}`, route.method, urlOf(route));
      assert.ok(status !== 401 && status !== 403, `${role} got ${status}`);
    }
  });
}

const patientRoutes = (Object.entries(routes) as [string, Route][]).filter(([, route]) =>
  route.path.startsWith("/api/patients/:id"),
);

test("a patient outside the view cannot be told from one that does not exist, on any route", async () => {
  const { patient } = world.newPatient("Hansen, Kari");
  world.hidden.add(patient.id);
  assert.ok(patientRoutes.length > 10);
  for (const [name, route] of patientRoutes) {
    const url = (id: string) => route.path.replace(":id", id).replaceAll(/:\w+/g, SOME_ID);
    const hidden = await world.call("token administrator", route.method, url(patient.id));
    const missing = await world.call("token administrator", route.method, url(SOME_ID));
    assert.equal(hidden.status, 404, name);
    assert.deepEqual(hidden.body, missing.body, name);
  }
});

test("an id that cannot be one is not found, and reaches no handler", async () => {
  for (const url of ["/api/patients/7", "/api/quarantine/7", "/api/devices/a%20b", "/api/patients/..%2f"]) {
    assert.equal((await world.call("token nurse", "GET", url)).status, 404, url);
  }
});

test("a cookie does not act for a foreign page; our own page, programs and tokens do act", async () => {
  const ward = { name: "Ward 5", timeZone: "Europe/Oslo" };
  const post = (as: string, headers: Record<string, string>) => world.call(as, "POST", "/api/wards", ward, headers);
  for (const headers of [
    { origin: "http://evil.example", host: "ward.local" },
    { origin: "null", host: "ward.local" },
    { "sec-fetch-site": "cross-site", origin: "http://evil.example" },
    { "sec-fetch-site": "same-site" },
  ] as Record<string, string>[]) {
    const refused = await post("session administrator", headers);
    assert.equal(refused.status, 403, JSON.stringify(headers));
    assert.equal(refused.body.field, "Origin");
    assert.equal((await post("token administrator", headers)).status, 201);
  }
  assert.equal((await post("session administrator", { "sec-fetch-site": "same-origin" })).status, 201);
  assert.equal((await post("session administrator", { origin: "http://ward.local", host: "ward.local" })).status, 201);
  assert.equal((await post("session administrator", {})).status, 201);
  const reading = await world.call("session nurse", "GET", "/api/wards", undefined, { "sec-fetch-site": "cross-site" });
  assert.equal(reading.status, 200);
});

test("signing in sets the cookie; a used link is refused; a foreign page cannot sign somebody in", async () => {
  const token = "a-good-one-time-token";
  const good = await world.call(null, "POST", "/api/session", { token });
  assert.equal(good.status, 200);
  assert.equal(good.headers["set-cookie"], "openward_session=nurse; HttpOnly");
  assert.equal(good.body.organisation.isDemo, true);
  assert.equal((await world.call(null, "POST", "/api/session", { token: "x".repeat(30) })).body.code, "LINK_EXPIRED");
  assert.equal(
    (await world.call(null, "POST", "/api/session", { token }, { origin: "http://evil.example" })).status,
    403,
  );
  const out = await world.call("session nurse", "DELETE", "/api/session");
  assert.equal(out.status, 204);
  assert.match(String(out.headers["set-cookie"]), /Max-Age=0/);
  assert.equal(out.headers["clear-site-data"], '"cache"');
  assert.equal(good.headers["clear-site-data"], undefined);
});

test("a wrong field is named, in body and query; what is not JSON is refused", async () => {
  const id = world.newPatient("Berg, Ola").patient.id;
  for (const [method, url, body, field] of [
    ["POST", "/api/wards", { name: "" }, "name"],
    ["POST", "/api/wards", { name: "W", timeZone: "Mars/Base" }, "timeZone"],
    ["POST", "/api/wards", { name: "W", timeZone: "UTC", color: 1 }, "color"],
    ["GET", `/api/patients/${id}/trend?from=1&to=x`, undefined, "to"],
    ["GET", `/api/patients/${id}/trend?from=5&to=5`, undefined, "to"],
    ["GET", `/api/patients/${id}/trend?from=0&to=9&bucket=5`, undefined, "bucket"],
    ["GET", `/api/patients/${id}/trend?from=0&to=9&signals=spo3`, undefined, "signals"],
    ["GET", `/api/patients/${id}/trend?from=0&to=9&buckets=100000`, undefined, "buckets"],
    ["PUT", `/api/patients/${id}/limits`, { limits: [{ signal: "spo2" }] }, "limits[0].low"],
  ] as const) {
    const answer = await world.call("token administrator", method, url, body);
    assert.equal(answer.status, 422, `${url} ${JSON.stringify(answer.body)}`);
    assert.equal(answer.body.field, field, url);
  }
  const form = await world.app.inject({
    method: "POST",
    url: "/api/wards",
    headers: { authorization: "Bearer administrator", "content-type": "text/plain" },
    payload: "{}",
  });
  assert.equal(form.statusCode, 415);
});

test("what is dangerous asks a person to show once more that it is they, and a program never", async () => {
  const world = await createWorld();
  const link = (as: string) => world.call(as, "POST", "/api/people", { display: "Olav Lie", role: "nurse" });
  assert.equal((await link("session administrator")).status, 201);
  world.proofs.ageMs = 300_001;
  const refused = await link("session administrator");
  assert.deepEqual([refused.status, refused.body.code], [403, "PROOF_NEEDED"]);
  assert.equal((await link("token administrator")).status, 201);
  assert.equal((await link("session nurse")).body.code, "NOT_PERMITTED", "who may not is not asked either");
  assert.equal((await world.call("session administrator", "GET", "/api/people")).status, 200);
});

test("ending sessions asks who it is once more, where there is something to show it by", async () => {
  const world = await createWorld();
  const one = "/api/me/sessions/0190a000-0000-7000-8000-000000000001";
  world.proofs.ageMs = 300_001;
  for (const path of [one, "/api/me/sessions"]) {
    world.proofs.hasPassword = true;
    assert.equal((await world.call("session nurse", "DELETE", path)).body.code, "PROOF_NEEDED", path);
    // A sign-in by link alone has nothing else.
    world.proofs.hasPassword = false;
    assert.equal((await world.call("session nurse", "DELETE", path)).status, 204, path);
  }
});

test("on a locked screen nothing is answered but what opens it or ends its session", async () => {
  const world = await createWorld();
  world.proofs.isLocked = true;
  for (const [name, { method, path, allow, whileLocked }] of Object.entries(routes) as [string, Route][]) {
    if (allow === "public" || allow.includes("kiosk") || whileLocked) continue;
    const url = path.replaceAll(/:\w+/g, "0190a000-0000-7000-8000-000000000001");
    const { status, body } = await world.call("session administrator", method, url);
    assert.deepEqual([status, body.code], [423, "SCREEN_LOCKED"], name);
  }
  const open = Object.entries(routes as Record<string, Route>).filter(([, { whileLocked }]) => whileLocked);
  assert.deepEqual(open.map(([name]) => name).sort(), ["signOut", "unlock", "unlockWays"]);
  assert.equal((await world.call("session nurse", "POST", "/api/session/unlock/options")).status, 200);
  assert.equal((await world.call("token nurse", "GET", "/api/session")).status, 200, "a program has no screen");
  assert.equal((await world.call(null, "GET", "/api/session")).body.code, "NOT_SIGNED_IN");
});
