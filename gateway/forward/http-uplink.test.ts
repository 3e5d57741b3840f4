import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { systemRuntime } from "@openward/runtime/system";
import { createHttpLine } from "./http-line.ts";
import { createHttpUplink } from "./http-uplink.ts";

let answer: { status: number; headers?: Record<string, string>; body: string } | undefined;
const got: { authorization: string | undefined; body: string }[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    const isPacked = request.headers["content-encoding"] === "gzip";
    got.push({ authorization: request.headers.authorization, body: (isPacked ? gunzipSync(body) : body).toString() });
    if (answer) response.writeHead(answer.status, answer.headers).end(answer.body);
    else request.socket.destroy();
  });
});
await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
const line = createHttpLine({
  baseUrl: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
  signIn: () => ({ deviceId: "gw", token: "secret", tls: {} }),
  timers: systemRuntime.timers,
});
const uplink = createHttpUplink(line);
after(() => {
  line.close();
  server.close();
});
const problem = (status: number, code: string) => ({
  status,
  headers: { "content-type": "application/problem+json" },
  body: JSON.stringify({ code, field: "line 1" }),
});

test("what the server says is what becomes of the lines", async () => {
  const cases: [typeof answer, object][] = [
    [
      { status: 200, body: '{"accepted":1,"quarantined":[{},{}]}' },
      { kind: "taken", quarantined: 2 },
    ],
    [problem(403, "TOPIC_FORBIDDEN"), { kind: "refused", code: "TOPIC_FORBIDDEN", reason: "line 1" }],
    [problem(401, "DEVICE_SIGN_IN"), { kind: "denied" }],
    [problem(503, "STORE_UNAVAILABLE"), { kind: "trouble" }],
    [problem(404, "NOT_FOUND"), { kind: "trouble" }],
    [
      { status: 429, headers: { "retry-after": "7" }, body: "" },
      { kind: "trouble", afterMs: 7_000 },
    ],
    // A proxy's word is not the server's.
    [{ status: 400, body: "<html>" }, { kind: "trouble" }],
    [{ status: 200, body: "<html>please sign in to the guest network" }, { kind: "trouble" }],
    [undefined, { kind: "trouble" }],
  ];
  for (const [said, expected] of cases) {
    answer = said;
    assert.partialDeepStrictEqual(await uplink.send(Buffer.from("{}")), expected);
  }
});

test("the gateway signs in with each request, and long ones are packed", async () => {
  answer = { status: 200, body: '{"accepted":1,"quarantined":[]}' };
  const lines = "x".repeat(5_000);
  await uplink.send(Buffer.from(lines));
  const last = got.at(-1);
  assert.equal(last?.body, lines);
  assert.equal(last?.authorization, `Basic ${Buffer.from("gw:secret").toString("base64")}`);
});
