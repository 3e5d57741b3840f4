import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { systemRuntime } from "@openward/runtime/system";
import { createHttp, isConfidential, isInTheClear, parseProxies, silentLog } from "./index.ts";

const proxies = parseProxies("10.0.0.5, 10.1.0.0/16, 127.0.0.9, fd00::/8");
assert.ok(proxies);

const from = (remoteAddress: string, headers: Record<string, string> = {}, encrypted = false) =>
  ({ socket: { remoteAddress, encrypted }, headers }) as unknown as IncomingMessage;

const cases: [what: string, request: IncomingMessage, expected: boolean][] = [
  ["this machine", from("127.0.0.1"), true],
  ["this machine over a socket of both families", from("::ffff:127.0.0.1"), true],
  ["another machine", from("192.0.2.7"), false],
  ["another machine over TLS", from("192.0.2.7", {}, true), true],
  ["another machine that says it is a proxy", from("192.0.2.7", { "x-forwarded-proto": "https" }), false],
  ["a named proxy that had https", from("10.0.0.5", { "x-forwarded-proto": "https" }), true],
  ["a proxy of a named network", from("::ffff:10.1.2.3", { "x-forwarded-proto": "https" }), true],
  ["a named proxy that had http", from("10.0.0.5", { "x-forwarded-proto": "http" }), false],
  ["a named proxy that says nothing", from("10.0.0.5"), false],
  ["a client's own header in front of the proxy's", from("10.0.0.5", { "x-forwarded-proto": "https, http" }), false],
  ["a named proxy on this machine that had http", from("127.0.0.9", { "x-forwarded-for": "192.0.2.7" }), false],
  ["an IPv6 proxy", from("fd00::1", { "x-forwarded-proto": "https" }), true],
];
for (const [what, request, expected] of cases) {
  test(`${what} ${expected ? "may" : "may not"} carry secrets`, () => {
    assert.equal(isConfidential(request, proxies), expected);
  });
}

test("what is no address is no proxy", () => {
  for (const list of ["all", "10.0.0.0/33", "10.0.0.1/x", "example.org"]) assert.equal(parseProxies(list), undefined);
  assert.equal(isInTheClear({ remoteAddress: "10.0.0.5" }, proxies), false);
  assert.equal(isInTheClear({ remoteAddress: "192.0.2.7" }, proxies), true);
});

test("in the clear every address but /health is refused, before anything looks at the token", async (t) => {
  const app = await createHttp({
    log: silentLog,
    ids: systemRuntime.ids,
    proxies,
    httpsUrl: (host) => `https://${host}`,
  });
  t.after(() => app.close());
  let reached = 0;
  app.get("/api/thing", () => ++reached);
  app.get("/health/live", () => "ok");
  const ask = (url: string, remoteAddress: string, headers: Record<string, string> = {}) =>
    app.inject({ url, remoteAddress, headers: { host: "ward.example", ...headers } });

  const refused = await ask("/api/thing", "192.0.2.7", { authorization: "Bearer secret-token" });
  assert.equal(refused.statusCode, 403);
  assert.equal(refused.json().code, "TLS_REQUIRED");
  assert.ok(!refused.body.includes("secret-token"));
  assert.equal(reached, 0);
  assert.equal((await ask("/health/live", "192.0.2.7")).statusCode, 200);
  assert.equal((await ask("/healthy", "192.0.2.7")).statusCode, 403);

  const page = await ask("/ward", "192.0.2.7", { accept: "text/html" });
  assert.equal(page.statusCode, 308);
  assert.equal(page.headers.location, "https://ward.example/ward");

  const proxied = await ask("/api/thing", "10.0.0.5", { "x-forwarded-proto": "https" });
  assert.equal(proxied.statusCode, 200);
  assert.equal(proxied.headers["strict-transport-security"], "max-age=31536000");
  assert.equal((await ask("/api/thing", "127.0.0.1")).headers["strict-transport-security"], undefined);
});
