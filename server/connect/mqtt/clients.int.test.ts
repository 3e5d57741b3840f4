import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect as connectTcp, createServer, type Server } from "node:net";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { systemRuntime } from "@openward/runtime/system";
import mqtt from "mqtt";
import { WebSocketServer } from "ws";
import { type FakeAccess, type FakeIngest, fakeAccess, fakeIngest, STORED } from "../testing/fakes.ts";
import { createMqttEndpoint, type MqttEndpoint } from "./index.ts";

const TOPIC = "devices/d1/readings";
const log = { info() {}, warn() {}, error() {} };
let ingest: FakeIngest;
let access: FakeAccess;
let endpoint: MqttEndpoint;
let tcp: Server;
let http: ReturnType<typeof createHttpServer>;
let port = 0;
let webPort = 0;

before(async () => {
  ingest = fakeIngest();
  access = fakeAccess();
  endpoint = createMqttEndpoint({ ingest, access, runtime: systemRuntime, log, limits: { connectMs: 60_000 } });
  tcp = createServer((socket) => endpoint.handleStream(socket)).listen(0, "127.0.0.1");
  http = createHttpServer().listen(0, "127.0.0.1");
  const ws = new WebSocketServer({
    server: http,
    handleProtocols: (offered) => (offered.has("mqtt") ? "mqtt" : false),
  });
  ws.on("connection", (socket, request) => endpoint.handleWebSocket(socket, { transport: request.socket }));
  await Promise.all([tcp, http].map((server) => new Promise((resolve) => server.once("listening", resolve))));
  port = (tcp.address() as AddressInfo).port;
  webPort = (http.address() as AddressInfo).port;
});

after(async () => {
  await endpoint.stop();
  tcp.close();
  http.close();
});

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 120_000; !isSo(); ) {
    assert.ok(performance.now() < end, `waited two minutes for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

for (const [name, url] of [
  ["TCP", () => `mqtt://127.0.0.1:${port}`],
  ["WebSocket", () => `ws://127.0.0.1:${webPort}/mqtt`],
] as const) {
  for (const protocolVersion of [4, 5] as const) {
    test(`the mqtt client, version ${protocolVersion} over ${name}: every QoS up, commands down, large bodies whole`, async () => {
      ingest.messages.length = 0;
      const client = await mqtt.connectAsync(url(), {
        protocolVersion,
        username: "d1",
        password: "secret",
        clientId: `${name}${protocolVersion}`,
      });
      const large = `{"values":{"spo2":97}}${" ".repeat(400_000)}`;
      for (const qos of [0, 1, 2] as const) await client.publishAsync(TOPIC, large, { qos });
      await client.publishAsync(TOPIC, "last", { qos: 1 });
      assert.deepEqual(
        ingest.messages.map(({ text }) => text.length),
        [large.length, large.length, large.length, 4],
      );
      const command = new Promise<string>((resolve) =>
        client.once("message", (topic, payload) => resolve(`${topic} ${payload}`)),
      );
      await client.subscribeAsync("devices/d1/commands/#", { qos: 1 });
      assert.equal(endpoint.publish("d1", "devices/d1/commands/7", Buffer.from("go"), 1).sent, 1);
      assert.equal(await command, "devices/d1/commands/7 go");
      await client.endAsync();
    });
  }
}

test("the mqtt client sends again what was not acknowledged, and the re-delivery carries the same key", async () => {
  ingest.messages.length = 0;
  ingest.isAutomatic = false;
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    username: "d1",
    password: "secret",
    clientId: "again",
    clean: false,
    reconnectPeriod: 10,
  });
  const published = client.publishAsync(TOPIC, "{}", { qos: 1 });
  await until(() => ingest.waiting.length > 0, "the message");
  ingest.isAutomatic = true;
  ingest.waiting.shift()?.fail();
  await published;
  assert.equal(ingest.messages.length, 2);
  assert.equal(ingest.messages[0]?.deliveryKey, ingest.messages[1]?.deliveryKey);
  assert.equal(ingest.messages[1]?.isRedelivery, true, "although it has no DUP: this client sets none");
  await client.endAsync();
});

test("a WebSocket of text frames, or of another subprotocol, is closed", async () => {
  const text = new WebSocket(`ws://127.0.0.1:${webPort}`, "mqtt");
  text.onopen = () => text.send("hello");
  assert.notEqual(await new Promise((resolve) => (text.onclose = ({ code }) => resolve(code))), 1000);
  const bare = new WebSocket(`ws://127.0.0.1:${webPort}`);
  assert.equal(await new Promise((resolve) => (bare.onclose = ({ code }) => resolve(code))), 1002);
});

test("a WebSocket frame of a megabyte before sign-in is cut off long before it is there", async () => {
  const socket = connectTcp(webPort, "127.0.0.1");
  const closed = new Promise((resolve) => socket.on("error", () => {}).once("close", resolve));
  socket.write(
    "GET /mqtt HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: mqtt\r\n\r\n",
  );
  await once(socket, "data");
  // A masked binary frame that says it has a megabyte, of which a quarter is sent.
  const head = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x0f, 0xff, 0xff, 0, 0, 0, 0]);
  socket.write(Buffer.concat([head, Buffer.alloc(262_144)]));
  await closed;
});

test("300 clients that never finish their CONNECT are shed, while a device goes on", async (t) => {
  // A door of its own, that waits for a second only: a device that is slow to speak comes again.
  const strict = createMqttEndpoint({ ingest, access, runtime: systemRuntime, log, limits: { connectMs: 1_000 } });
  const server = createServer((socket) => strict.handleStream(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(async () => {
    await strict.stop();
    server.close();
  });
  const port = (server.address() as AddressInfo).port;
  const strangers = Array.from({ length: 300 }, () => connectTcp(port, "127.0.0.1"));
  for (const socket of strangers) socket.write(Buffer.of(0x10, 0x20, 0));
  const gone = strangers.map((socket) => new Promise((resolve) => socket.on("error", () => {}).once("close", resolve)));
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { username: "d1", password: "secret" });
  for (let i = 0; i < 50; i++) await client.publishAsync(TOPIC, "{}", { qos: 1 });
  await Promise.all(gone);
  assert.equal(strict.stats().beforeSignIn, 0);
  await client.publishAsync(TOPIC, "{}", { qos: 1 });
  await client.endAsync();
});

test("a client that sends and never reads is held, and costs a bounded amount", async () => {
  const { generate } = await import("mqtt-packet");
  const before = endpoint.stats().messages;
  const socket = connectTcp(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.pause();
  socket.write(
    generate({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clientId: "deaf",
      clean: true,
      keepalive: 0,
      username: "d1",
      password: Buffer.from("secret"),
    }),
  );
  const pings = Buffer.alloc(200_000, Buffer.of(0xc0, 0));
  let written = 0;
  // Until the kernel's buffers of both sides are full and neither side takes more.
  for (let stuck = 0; stuck < 20 && written < 4_000; ) {
    if (socket.writableLength > 1_000_000) {
      stuck++;
      await new Promise((resolve) => setImmediate(resolve));
    } else {
      stuck = 0;
      written++;
      socket.write(pings);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  assert.ok(socket.writableLength > 1_000_000, "the server stopped reading");
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { username: "d2", password: "secret" });
  await client.publishAsync("devices/d2/readings", "{}", { qos: 1 });
  assert.equal(endpoint.stats().messages, before + 1);
  await client.endAsync();
  socket.destroy();
});

const run = promisify(execFile);
const mosquitto = await run("mosquitto_pub", ["--version"]).then(
  () => true,
  (error: { code?: unknown }) => error.code !== "ENOENT",
);
const skip = mosquitto ? false : "mosquitto_pub is not installed";

for (const version of ["311", "5"]) {
  for (const qos of ["0", "1", "2"]) {
    test(`mosquitto_pub, version ${version}, QoS ${qos}`, { skip }, async () => {
      ingest.messages.length = 0;
      const body = '{"values":{"spo2":97}}';
      await run("mosquitto_pub", [
        "-h",
        "127.0.0.1",
        "-p",
        `${port}`,
        "-V",
        version,
        "-u",
        "d1",
        "-P",
        "secret",
        "-q",
        qos,
        "-t",
        TOPIC,
        "-m",
        body,
      ]);
      await until(() => ingest.messages.length > 0, "the message");
      assert.deepEqual(
        ingest.messages.map(({ text }) => text),
        [body],
      );
    });
  }
}

test("mosquitto_pub is told: wrong token, other device's topic, quarantine", { skip }, async () => {
  const publish = (more: string[]) =>
    run("mosquitto_pub", [
      "-h",
      "127.0.0.1",
      "-p",
      `${port}`,
      "-V",
      "5",
      "-u",
      "d3",
      "-q",
      "1",
      "-m",
      "{",
      ...more,
    ]).then(
      ({ stdout, stderr }) => stdout + stderr,
      (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
    );
  assert.match(await publish(["-P", "wrong", "-t", "devices/d3/readings"]), /not authori[sz]ed|bad user/i);
  assert.match(await publish(["-P", "secret", "-t", TOPIC]), /not authori[sz]ed/i);
  ingest.receipt = () => ({ accepted: 0, quarantined: [{ index: 0, code: "MALFORMED_JSON", field: "", readings: 0 }] });
  assert.match(await publish(["-P", "secret", "-t", "devices/d3/readings"]), /payload format invalid/i);
  ingest.receipt = () => STORED;
});

test("mosquitto_sub hears commands, and a will of mosquitto's is spoken when it is killed", { skip }, async (t) => {
  ingest.messages.length = 0;
  const options = [
    "-h",
    "127.0.0.1",
    "-p",
    `${port}`,
    "-u",
    "d1",
    "-P",
    "secret",
    "-q",
    "1",
    "-t",
    "devices/d1/commands/#",
    "-v",
  ];
  const willOptions = ["--will-topic", "devices/d1/status", "--will-payload", '{"state":"offline"}'];
  const child = spawn("mosquitto_sub", [...options, ...willOptions]);
  t.after(() => child.kill("SIGKILL"));
  const heard = new Promise<string>((resolve) => child.stdout.once("data", (text) => resolve(String(text))));
  const command = () => endpoint.publish("d1", "devices/d1/commands/1", Buffer.from("now"), 1);
  await until(() => command().sent > 0, "the subscription");
  assert.match(await heard, /^devices\/d1\/commands\/1 now/);
  child.kill("SIGKILL");
  await until(() => ingest.messages.length > 0 && ingest.connections.at(-1)?.[1] === false, "the will and the end");
  assert.deepEqual(
    ingest.messages.map(({ kind, text }) => [kind, text]),
    [["status", '{"state":"offline"}']],
  );
  assert.deepEqual(ingest.connections.at(-1), ["d1", false]);
});
