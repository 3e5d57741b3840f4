import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { closeServer, listenTcp } from "../../server/listen.ts";
import { createListener } from "./listener.ts";

/** Its connections end with it. */
async function open(port: number) {
  const sockets = new Set<Socket>();
  const listening = await listenTcp({ host: "127.0.0.1", port, setting: "PORT" }, (socket) => sockets.add(socket));
  return {
    ...listening,
    async stop() {
      const closed = closeServer(listening.server);
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

test("a door is closed from afar with its connections, and opened again on the same port", async () => {
  const listener = createListener(0, open);
  await listener.set(true);
  const port = listener.port ?? assert.fail();
  const client = connect(port, "127.0.0.1");
  await once(client, "connect");
  const closed = once(client, "close");
  client.resume();
  await listener.set(false);
  await closed;
  assert.deepEqual([listener.port, listener.state], [null, { isOn: false, fault: null }]);
  const refused = connect(port, "127.0.0.1");
  const [error] = await once(refused, "error");
  assert.equal((error as { code?: string }).code, "ECONNREFUSED");
  // At once behind one another.
  await Promise.all([listener.set(true), listener.set(false), listener.set(true)]);
  assert.equal(listener.port, port);
  await listener.stop();
});

test("a port that is taken stops a start; later it is told, and tried again", async () => {
  const other = await open(0);
  await assert.rejects(createListener(other.port, open).set(true), { code: "PORT_TAKEN" });
  const listener = createListener(other.port, open);
  await listener.set(false);
  await listener.set(true);
  assert.match(listener.state.fault ?? "", /port/i);
  assert.deepEqual([listener.port, listener.state.isOn], [null, true]);
  await new Promise((resolve) => other.server.close(resolve));
  await listener.set(true);
  assert.deepEqual([typeof listener.port, listener.state.fault], ["number", null]);
  await listener.stop();
});

test("what the box is set up without is not opened from afar", async () => {
  const listener = createListener(null, open);
  await listener.set(true);
  assert.deepEqual([listener.port, listener.state], [null, { isOn: false, fault: null }]);
});
