import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { WebSocket } from "ws";
import { silentLog } from "./log.ts";
import { createWebSockets } from "./websocket.ts";

async function start(t: TestContext, publicUrl: string | null = null) {
  const server = createServer((_request, response) => response.end());
  const sockets = createWebSockets({ server, publicUrl: () => publicUrl, log: silentLog });
  sockets.route("/echo", { onConnection: (socket) => socket.on("message", (data) => socket.send(data)) });
  sockets.route("/mqtt", { subprotocol: "mqtt", onConnection: (socket) => socket.send(socket.protocol) });
  sockets.route("/door", {
    authorise: (request) => {
      if (request.headers.authorization !== "Bearer good") throw new RefusedInput("NOT_SIGNED_IN");
      return "nurse";
    },
    onConnection: (socket, _request, who: string) => socket.send(who),
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    sockets.close();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `ws://127.0.0.1:${port}` };
}

const statusOf = async (socket: WebSocket) => {
  socket.on("error", () => {});
  const [, response] = await once(socket, "unexpected-response");
  response.resume();
  return response.statusCode as number;
};

test("an unknown path, a foreign page, a wrong subprotocol and a stranger are refused by HTTP status", async (t) => {
  const { url } = await start(t);
  assert.equal(await statusOf(new WebSocket(`${url}/nothing`)), 404);
  assert.equal(await statusOf(new WebSocket(`${url}/echo`, { origin: "http://evil.example" })), 403);
  assert.equal(await statusOf(new WebSocket(`${url}/echo`, { origin: "null" })), 403);
  assert.equal(await statusOf(new WebSocket(`${url}/mqtt`, ["chat"])), 400);
  assert.equal(await statusOf(new WebSocket(`${url}/door`)), 401);
});

test("our own pages, the public address and programs come in", async (t) => {
  const { url, port } = await start(t, "https://ward.example/");
  for (const origin of [`http://127.0.0.1:${port}`, "https://ward.example", undefined]) {
    const socket = new WebSocket(`${url}/echo`, origin === undefined ? {} : { origin });
    await once(socket, "open");
    socket.send("hello");
    assert.equal(String((await once(socket, "message"))[0]), "hello");
    socket.close();
  }
});

test("the subprotocol is agreed, and the authorised one is handed on", async (t) => {
  const { url } = await start(t);
  const mqtt = new WebSocket(`${url}/mqtt`, ["mqttv3.1", "mqtt"]);
  assert.equal(String((await once(mqtt, "message"))[0]), "mqtt");
  mqtt.close();
  const door = new WebSocket(`${url}/door`, { headers: { authorization: "Bearer good" } });
  assert.equal(String((await once(door, "message"))[0]), "nurse");
  door.close();
});

test("a message over the limit ends its own connection only", async (t) => {
  const { url } = await start(t);
  const large = new WebSocket(`${url}/echo`);
  const other = new WebSocket(`${url}/echo`);
  await Promise.all([once(large, "open"), once(other, "open")]);
  large.on("error", () => {});
  large.send("x".repeat(70_000));
  const [code] = await once(large, "close");
  assert.equal(code, 1009);
  other.send("still here");
  assert.equal(String((await once(other, "message"))[0]), "still here");
  other.close();
});
