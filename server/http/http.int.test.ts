import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { routes } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import type { FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import {
  createHttp,
  type HttpOptions,
  type Log,
  portalPolicy,
  serveOpenApi,
  serveOperations,
  silentLog,
} from "./index.ts";

async function start(t: TestContext, register: (app: FastifyInstance) => void, options: Partial<HttpOptions> = {}) {
  const app = await createHttp({ log: silentLog, ids: systemRuntime.ids, ...options });
  register(app);
  const address = await app.listen({ port: 0, host: "127.0.0.1" });
  t.after(() => app.close());
  return { address, port: Number(new URL(address).port) };
}

test("a refusal, malformed JSON, too large a body and an unknown address are problem details", async (t) => {
  const { address } = await start(t, (app) => {
    app.post("/thing", () => {
      throw new RefusedInput("FIELD_INVALID", { at: "name", expected: "text" });
    });
  });
  const post = (body: string, type = "application/json") =>
    fetch(`${address}/thing`, { method: "POST", body, headers: { "content-type": type } });
  const refused = await post("{}");
  assert.equal(refused.status, 422);
  assert.match(refused.headers.get("content-type") ?? "", /^application\/problem\+json/);
  assert.equal(((await refused.json()) as { field: string }).field, "name");
  assert.equal(((await (await post("{")).json()) as { code: string }).code, "MALFORMED_JSON");
  assert.equal(((await (await post('{"__proto__":{}}')).json()) as { code: string }).code, "MALFORMED_JSON");
  assert.equal((await post("x", "image/png")).status, 415);
  const large = await post(`"${"x".repeat(1_100_000)}"`);
  assert.equal(large.status, 413);
  assert.equal(((await large.json()) as { code: string }).code, "BODY_TOO_LARGE");
  assert.equal((await fetch(`${address}/nowhere`)).status, 404);
});

test("an error of ours is an id: neither answer nor log has the message", async (t) => {
  const logged: object[] = [];
  const log: Log = { ...silentLog, error: (facts) => logged.push(facts) };
  const { address } = await start(t, (app) => void app.get("/bug", () => Promise.reject(new Error("Hansen, Kari"))), {
    log,
  });
  const answer = await fetch(`${address}/bug`);
  const text = await answer.text();
  assert.equal(answer.status, 500);
  const { errorId } = JSON.parse(text) as { errorId: string };
  assert.match(errorId, /^[0-9a-f-]{36}$/);
  assert.ok(!text.includes("Hansen") && !text.includes(".ts"));
  assert.equal((logged[0] as { errorId: string }).errorId, errorId);
  assert.ok(!JSON.stringify(logged).includes("Hansen"));
});

/** Directives by name. */
const policyOf = (answer: Response) =>
  Object.fromEntries(
    (answer.headers.get("content-security-policy") ?? "").split("; ").map((one) => {
      const [name = "", ...values] = one.split(" ");
      return [name, values];
    }),
  );

test("every answer carries the security headers; what is no page may load, run, send and frame nothing", async (t) => {
  const { address } = await start(t, () => {});
  const answer = await fetch(`${address}/nowhere`);
  assert.deepEqual(policyOf(answer), {
    "default-src": ["'none'"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
    "require-trusted-types-for": ["'script'"],
  });
  const { headers } = answer;
  for (const [name, value] of [
    ["x-content-type-options", "nosniff"],
    ["x-frame-options", "DENY"],
    ["referrer-policy", "no-referrer"],
    ["cross-origin-opener-policy", "same-origin"],
    ["cross-origin-resource-policy", "same-origin"],
  ] as const) {
    assert.equal(headers.get(name), value);
  }
  assert.match(
    headers.get("permissions-policy") ?? "",
    /microphone=\(\), geolocation=\(\).*bluetooth=\(self\), camera=\(self\)/,
  );
});

test("each page has a nonce of its own, on every script and style, in a policy without unsafe words", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "openward-dist-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const placeholder = "CSP-NONCE-OF-THIS-ANSWER";
  writeFileSync(
    join(folder, "index.html"),
    `<meta property="csp-nonce" nonce="${placeholder}"><script src="/a.js" nonce="${placeholder}"></script>`,
  );
  const { address } = await start(t, () => {}, { portals: { dist: folder, random: systemRuntime.random } });
  const seen = new Set<string>();
  for (const path of ["/", "/index.html", "/patients/7", "/mine", "/sign-in"]) {
    const answer = await fetch(`${address}${path}`, { headers: { accept: "text/html" } });
    const policy = policyOf(answer);
    const nonce = /'nonce-([\w+/=]{24})'/.exec(policy["script-src"]?.join(" ") ?? "")?.[1] ?? "";
    assert.ok(nonce && !seen.has(nonce), path);
    seen.add(nonce);
    const text = await answer.text();
    assert.equal(text.split(`nonce="${nonce}"`).length - 1, 2, text);
    assert.ok(!text.includes(placeholder));
    assert.deepEqual(policy["style-src"], ["'self'", `'nonce-${nonce}'`]);
    assert.deepEqual(policy["connect-src"], ["'self'", address.replace("http", "ws")]);
    assert.deepEqual(policy["object-src"], ["'none'"]);
    assert.deepEqual(policy["base-uri"], ["'none'"]);
    assert.deepEqual(policy["frame-ancestors"], ["'none'"]);
    assert.deepEqual(policy["require-trusted-types-for"], ["'script'"]);
    assert.doesNotMatch(answer.headers.get("content-security-policy") ?? "", /unsafe|\*|https?:/);
    // A kept page would have another nonce than the policy that comes with it.
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.equal(answer.headers.get("etag"), null);
  }
});

test("a Host header that is no host does not get into a policy", () => {
  for (const host of ["evil.example; script-src *", "a b", "a'b", "x:y"]) {
    assert.match(portalPolicy("n", { host, isSecure: true }), /; connect-src 'self';/);
  }
  assert.match(portalPolicy("n", { host: "[::1]:8443", isSecure: true }), /connect-src 'self' wss:\/\/\[::1\]:8443;/);
});

test("bytes that are not HTTP, and headers that never end, get one short answer", async (t) => {
  const { port } = await start(t, () => {});
  const impatient = await start(t, () => {}, { limits: { headersTimeoutMs: 300, requestTimeoutMs: 400 } });
  const answerTo = (bytes: string, port: number) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
      let text = "";
      socket.on("data", (chunk) => (text += chunk));
      socket.on("close", () => resolve(text));
      socket.on("error", reject);
    });
  assert.match(await answerTo("\x10\x0cMQTT not http\r\n\r\n", port), /^HTTP\/1.1 400 .*PROTOCOL_ERROR/s);
  assert.match(await answerTo(`GET / HTTP/1.1\r\nx: ${"y".repeat(20_000)}`, port), /^HTTP\/1.1 431 /);
  assert.match(await answerTo("GET / HTTP/1.1\r\nhost: x\r\n", impatient.port), /^HTTP\/1.1 408 /);
});

test("pages come from the bundle: hashed names for ever, index.html for every page, problems for the API", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "openward-dist-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const dist = join(folder, "dist");
  mkdirSync(dist);
  const { address } = await start(t, () => {}, { portals: { dist, random: systemRuntime.random } });
  const page = (path: string) => fetch(`${address}${path}`, { headers: { accept: "text/html" } });
  const before = await page("/");
  assert.equal(before.status, 503);
  assert.match(await before.text(), /not built/);

  writeFileSync(join(dist, "..", "secret.txt"), "outside");
  writeFileSync(join(dist, "index.html"), "<title>ward</title>");
  mkdirSync(join(dist, "assets"));
  writeFileSync(join(dist, "assets", "main-abc123.js"), `export const x = "${"y".repeat(5_000)}";`);
  for (const path of ["/", "/patients/7", "/sign-in"]) {
    const answer = await page(path);
    assert.equal(answer.status, 200, path);
    assert.match(await answer.text(), /ward/);
  }
  const script = await fetch(`${address}/assets/main-abc123.js`);
  assert.match(script.headers.get("cache-control") ?? "", /immutable/);
  assert.equal(script.headers.get("content-encoding"), "gzip");
  assert.match(script.headers.get("content-type") ?? "", /javascript/);
  for (const path of ["/api/nothing", "/assets/gone.js", "/fhir/nothing"]) {
    assert.match((await page(path)).headers.get("content-type") ?? "", /^application\/problem\+json/, path);
  }
  for (const path of ["/%2e%2e%2fsecret.txt", "/assets/..%2f..%2fsecret.txt"]) {
    assert.ok(!(await (await page(path)).text()).includes("outside"), path);
  }
});

test("health and metrics say what they are handed", async (t) => {
  const metrics = new Registry();
  let isReady = true;
  const { address } = await start(t, (app) => {
    serveOperations(app, {
      live: () => true,
      ready: () => ({ isReady, checks: { database: isReady ? "ok" : "down" } }),
      metrics,
      metricsToken: "token-of-the-operator",
    });
  });
  assert.equal((await fetch(`${address}/health/live`)).status, 200);
  assert.equal((await fetch(`${address}/health/ready`)).status, 200);
  isReady = false;
  const notReady = await fetch(`${address}/health/ready`);
  assert.equal(notReady.status, 503);
  assert.deepEqual(await notReady.json(), { status: "not ready", checks: { database: "down" } });
  assert.match((await fetch(`${address}/metrics`)).headers.get("content-type") ?? "", /text\/plain/);
  // As it comes through a proxy on this machine, from somewhere else.
  const elsewhere = async (authorization?: string) => {
    const headers = { "x-forwarded-for": "198.51.100.7", ...(authorization ? { authorization } : {}) };
    return (await fetch(`${address}/metrics`, { headers })).status;
  };
  assert.equal(await elsewhere(), 403);
  assert.equal(await elsewhere("Bearer token-of-somebody-else"), 403);
  assert.equal(await elsewhere("Bearer token-of-the-operator"), 200);
});

test("the OpenAPI page has every route of the table, with its parameters", async (t) => {
  const { address } = await start(t, (app) => serveOpenApi(app, routes, { version: "0.1.0" }));
  const page = (await (await fetch(`${address}/api/openapi.json`)).json()) as {
    openapi: string;
    paths: Record<string, Record<string, { operationId: string; parameters?: { name: string; in: string }[] }>>;
  };
  assert.equal(page.openapi, "3.1.0");
  const operations = Object.values(page.paths).flatMap((path) => Object.values(path).map((o) => o.operationId));
  assert.deepEqual(operations.sort(), Object.keys(routes).sort());
  const trend = page.paths["/api/patients/{id}/trend"]?.get;
  assert.deepEqual(
    trend?.parameters?.map((p) => `${p.in} ${p.name}`),
    ["path id", "query from", "query to", "query buckets", "query signals"],
  );
});
