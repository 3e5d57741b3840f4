import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { systemRuntime } from "@openward/runtime/system";
import type { FastifyInstance } from "fastify";
import { createHttp, silentLog } from "../../http/index.ts";
import { type FakeIngest, fakeAccess, fakeIngest } from "../testing/fakes.ts";
import { registerIngest } from "./register.ts";

let app: FastifyInstance;
let ingest: FakeIngest;
let base = "";
const headers = {
  authorization: `Basic ${Buffer.from("d1:secret").toString("base64")}`,
  "content-type": "application/json",
};

before(async () => {
  ingest = fakeIngest();
  app = await createHttp({ log: silentLog, ids: systemRuntime.ids });
  registerIngest(app, { ingest, access: fakeAccess(), runtime: systemRuntime });
  await app.listen({ port: 0, host: "127.0.0.1" });
  base = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/ingest/devices/d1/readings`;
});
after(() => app.close());

test("a large body arrives whole over a real socket, packed or not", async () => {
  const body = `[${'{"at":1795327200000,"values":{"spo2":97}},'.repeat(200_000)}{"values":{}}]`;
  for (const packed of [false, true]) {
    ingest.messages.length = 0;
    const init = packed
      ? { body: gzipSync(body), headers: { ...headers, "content-encoding": "gzip" } }
      : { body, headers };
    const response = await fetch(base, { method: "POST", ...init });
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { accepted: 1, quarantined: [] });
    assert.equal(ingest.messages[0]?.text.length, body.length);
  }
});

test("a declared 10 GB is refused before it is sent, and a body that breaks off is nothing", async () => {
  ingest.messages.length = 0;
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const huge = request(
      base,
      { method: "POST", headers: { ...headers, "content-length": 10_000_000_000 } },
      (response) => {
        resolve(response.statusCode);
        huge.destroy();
      },
    );
    huge.on("error", reject);
    huge.flushHeaders();
  });
  assert.equal(status, 413);
  await new Promise<void>((resolve) => {
    const broken = request(base, { method: "POST", headers: { ...headers, "content-length": 100 } });
    broken.on("error", () => resolve());
    broken.write('{"values":', () => broken.destroy(new Error("line cut")));
  });
  const good = await fetch(base, { method: "POST", body: "{}", headers });
  assert.equal(good.status, 200);
  assert.deepEqual(
    ingest.messages.map(({ text }) => text),
    ["{}"],
  );
});

test("a client that reads no answer before it has sent all is told why 17 MB are refused", async () => {
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  const sent = 17_000_000;
  const head = Object.entries({ ...headers, host: "localhost", "content-length": sent })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
  socket.write(`POST ${new URL(base).pathname} HTTP/1.1\r\n${head}\r\n`);
  for (let left = sent; left > 0; left -= 1_000_000) {
    await new Promise<void>((resolve, reject) =>
      socket.write(Buffer.alloc(1_000_000, " "), (error) => (error ? reject(error) : resolve())),
    );
  }
  const [answer] = (await once(socket, "data")) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 413 .*"code":"BODY_TOO_LARGE"/s);
  socket.destroy();
});

test("a sender that goes on after its refusal is cut off", async () => {
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  const isClosed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.resume();
  socket.write(
    "POST /ingest HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\ncontent-length: 9000000000\r\n\r\n",
  );
  let sent = 0;
  while (!socket.destroyed && sent < 500_000_000) {
    await new Promise<void>((resolve) => socket.write(Buffer.alloc(1_000_000), () => resolve()));
    sent += 1_000_000;
  }
  assert.ok(sent < 200_000_000, `${sent} bytes were read after the refusal`);
  await isClosed;
});

test("a gzip bomb of 10 GB costs its limit and no more", async () => {
  // gzip members may follow one another: 1,000 times the same small bomb of 10 MB.
  const member = gzipSync(Buffer.alloc(10_000_000));
  const response = await fetch(base, {
    method: "POST",
    body: Buffer.concat(Array.from({ length: 1_000 }, () => member)),
    headers: { ...headers, "content-encoding": "gzip" },
  });
  assert.equal(response.status, 413);
  assert.equal((await fetch(base, { method: "POST", body: "{}", headers })).status, 200);
});
