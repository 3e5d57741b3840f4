import assert from "node:assert/strict";
import { test } from "node:test";
import { routes } from "@openward/api";
import { manualRuntime } from "@openward/runtime/manual";
import { createHttp, silentLog } from "../http/index.ts";
import { createBounded } from "./bounded.ts";
import { costOf } from "./cost.ts";
import { createGuesses, createSpending, delayBehind, limitRequests, sourceOf } from "./index.ts";

test("the delay grows from nothing to a quarter of an hour, and no further", () => {
  assert.deepEqual(
    [0, 9, 10, 11, 14].map((n) => delayBehind(n)),
    [0, 0, 1_000, 2_000, 16_000],
  );
  assert.equal(delayBehind(1_000_000), 900_000);
});

test("who guesses waits, and nobody else does", () => {
  const { clock, advance } = manualRuntime();
  const guesses = createGuesses({ clock });
  const guess = { what: "password", account: "nina", address: "192.0.2.1" };
  for (let i = 0; i < 10; i++) {
    assert.equal(guesses.waitMs(guess), 0);
    guesses.failed(guess);
  }
  assert.equal(guesses.waitMs(guess), 1_000);
  assert.equal(guesses.waitMs({ ...guess, address: "192.0.2.2" }), 0);
  assert.equal(guesses.waitMs({ ...guess, account: "olav" }), 0);
  advance(1_000);
  assert.equal(guesses.waitMs(guess), 0);
  guesses.failed(guess);
  assert.equal(guesses.waitMs(guess), 2_000);
  guesses.succeeded(guess);
  assert.equal(guesses.waitMs(guess), 0);
});

test("in a day of guessing at one account from one place a hundred and some are looked at", () => {
  const { clock, advance } = manualRuntime();
  const guesses = createGuesses({ clock });
  const guess = { what: "password", account: "nina", address: "192.0.2.1" };
  let looked = 0;
  for (let second = 0; second < 86_400; second++) {
    if (guesses.waitMs(guess) === 0) {
      looked++;
      guesses.failed(guess);
    }
    advance(1_000);
  }
  assert.ok(looked > 20 && looked < 130, `${looked}`);
});

test("a flood of addresses takes no more memory, and does not make the worst one forgotten", () => {
  const guesses = createGuesses(manualRuntime());
  const worst = { what: "password", account: "nina", address: "192.0.2.1" };
  for (let i = 0; i < 12; i++) guesses.failed(worst);
  for (let i = 0; i < 200_000; i++) {
    guesses.failed({ what: "password", account: "nina", address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` });
  }
  assert.ok(guesses.size <= 20_001);
  assert.ok(guesses.waitMs(worst) > 0);
});

test("of what is full those that weigh least go", () => {
  const bounded = createBounded<number>(8, (value) => value);
  for (let i = 0; i < 100; i++) bounded.set(`${i}`, i === 3 ? 1_000 : 1);
  assert.ok(bounded.size <= 9, `${bounded.size}`);
  assert.deepEqual([bounded.get("3"), bounded.get("99"), bounded.get("4")], [1_000, 1, undefined]);
});

test("an IPv6 network is one source, and an IPv4 address is the same in both spellings", () => {
  assert.equal(sourceOf("2001:db8:1:2:aaaa::1"), sourceOf("2001:0db8:1:2::ffff"));
  assert.notEqual(sourceOf("2001:db8:1:2::1"), sourceOf("2001:db8:1:3::1"));
  assert.equal(sourceOf("::ffff:192.0.2.1"), "192.0.2.1");
  assert.equal(sourceOf("::1"), "0:0:0:0::/64");
});

test("what was spent comes back steadily, and a debt ends", () => {
  const { clock, advance } = manualRuntime();
  const spending = createSpending({ clock });
  const allowance = { perSecond: 10, atOnce: 100 };
  assert.equal(spending.spend("nina", 100, allowance), 0);
  assert.equal(spending.spend("nina", 1, allowance), 100);
  assert.equal(spending.spend("olav", 1, allowance), 0);
  advance(1_000);
  assert.equal(spending.spend("nina", 10, allowance), 0);
  spending.charge("nina", 1_000_000, allowance);
  assert.ok(spending.spend("nina", 1, allowance) > 0);
  advance(10_100);
  assert.equal(spending.spend("nina", 1, allowance), 0);
  assert.equal(spending.spend("nina", 1_000_000, { perSecond: 0, atOnce: 0 }), 0);
});

test("each operation has its cost, alarms none, and what is not an operation is not limited", () => {
  const costs: [string, string, number | undefined][] = [
    ["GET", "/api/alarms", 0],
    ["POST", "/api/alarms/abc/acknowledge", 0],
    ["GET", "/api/wards", 1],
    ["GET", "/api/streams/readings?stream=x", routes.rawReadings.cost],
    ["GET", "/api/patients/x/trend?from=1", 5],
    ["GET", "/fhir/Patient/1", 1],
    ["GET", "/fhir/Observation?patient=1", 5],
    ["GET", "/fhir/Observation?_include=Observation:patient", 20],
    ["GET", "/fhir/Patient/1/$everything", 20],
    ["POST", "/fhir", 20],
    ["POST", "/oauth/token", 5],
    ["GET", "/health/live", undefined],
    ["POST", "/ingest/devices/d/event", undefined],
    ["GET", "/ward", undefined],
  ];
  for (const [method, url, cost] of costs) assert.equal(costOf(method, url), cost, `${method} ${url}`);
});

async function house() {
  const runtime = manualRuntime();
  const app = await createHttp({ log: silentLog, ids: runtime.ids });
  limitRequests(app, {
    spending: createSpending(runtime),
    allowance: { perSecond: 10, atOnce: 100 },
    identityOf: ({ authorization }) => authorization,
  });
  app.get("/api/wards", () => "[]");
  app.get("/api/alarms", () => "[]");
  app.post("/api/session", (_request, reply) => reply.code(401).send("{}"));
  app.get("/health/live", () => "ok");
  const get = (url: string, authorization?: string, remoteAddress = "127.0.0.1") =>
    app.inject({ url, remoteAddress, headers: authorization === undefined ? {} : { authorization } });
  return { app, get, runtime };
}

test("who asks too much is told when to come again, sees alarms all the same, and hinders nobody", async (t) => {
  const { app, get, runtime } = await house();
  t.after(() => app.close());
  for (let i = 0; i < 100; i++) assert.equal((await get("/api/wards", "nina")).statusCode, 200);
  const refused = await get("/api/wards", "nina");
  assert.deepEqual(
    [refused.statusCode, refused.json().code, refused.headers["retry-after"]],
    [429, "RATE_LIMITED", "1"],
  );
  assert.equal((await get("/api/alarms", "nina")).statusCode, 200);
  assert.equal((await get("/api/wards", "olav")).statusCode, 200, "somebody else on the same address");
  runtime.advance(1_000);
  assert.equal((await get("/api/wards", "nina")).statusCode, 200);
});

test("a stranger has a tenth, wrong credentials cost more, and who is signed in there goes on", async (t) => {
  const { app, get } = await house();
  t.after(() => app.close());
  const signIn = () => app.inject({ method: "POST", url: "/api/session", remoteAddress: "127.0.0.1" });
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await signIn()).statusCode);
  assert.deepEqual(statuses, [401, 429, 429]);
  assert.equal((await get("/api/alarms")).statusCode, 429, "what is free to who is known is not to strangers");
  assert.equal((await get("/api/wards", "nina")).statusCode, 200);
  assert.equal((await get("/api/wards", undefined, "127.0.0.2")).statusCode, 200);
  assert.equal((await get("/health/live")).statusCode, 200);
});
