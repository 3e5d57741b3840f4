import assert from "node:assert/strict";
import { duplexPair } from "node:stream";
import { test } from "node:test";
import { connectPacket, quiet, type TestClient, testBench, testClient } from "../testing/client.ts";

/** An endpoint that notes down who has a twin, and clients from addresses of the test's choice. */
function bench() {
  const { ingest, endpoint, runtime } = testBench();
  const told: [string, boolean][] = [];
  ingest.twin = (deviceId, _organisationId, hasTwin) => void told.push([deviceId, hasTwin]);
  async function connect(address: string, clientId: string, username = "d1"): Promise<TestClient> {
    const [ours, theirs] = duplexPair();
    endpoint.handleStream(ours, address);
    const client = testClient(theirs, 5);
    client.send(connectPacket(5, { clientId, username, keepalive: 600 }));
    await client.next("connack");
    return client;
  }
  /** Time passes, and these go on speaking. */
  async function live(seconds: number, ...clients: TestClient[]) {
    for (let i = 0; i < seconds; i++) {
      for (const client of clients) if (!client.isClosed) client.send({ cmd: "pingreq" });
      await quiet(5);
      runtime.advance(1_000);
    }
  }
  return { connect, live, told, runtime };
}

test("two live sessions of one identity are told once, and that it is over a minute after one has gone", async () => {
  const { connect, live, told } = bench();
  const first = await connect("192.0.2.1", "a");
  const second = await connect("192.0.2.1", "b");
  await live(4, first, second);
  assert.deepEqual(told, []);
  await live(6, first, second);
  assert.deepEqual(told, [["d1", true]]);
  await live(120, first, second);
  assert.equal(told.length, 1);
  second.send({ cmd: "disconnect" });
  await live(50, first);
  assert.equal(told.length, 1);
  await live(15, first);
  assert.deepEqual(told, [
    ["d1", true],
    ["d1", false],
  ]);
});

test("a device that reconnects is none: by its client id, by a new one, or while the old line hangs", async () => {
  const { connect, live, told } = bench();
  for (let i = 0; i < 10; i++) await live(3, await connect("192.0.2.1", "a"));
  // The line of the one before is dead, and nobody knows yet.
  for (let i = 0; i < 4; i++) await live(20, await connect("192.0.2.1", `fresh ${i}`));
  // A short visit beside the session that listens.
  const listening = await connect("192.0.2.1", "listens");
  for (let i = 0; i < 5; i++) {
    const sends = await connect("192.0.2.1", `sends ${i}`);
    await live(2, listening, sends);
    sends.send({ cmd: "disconnect" });
    await live(6, listening);
  }
  assert.deepEqual(told, []);
});

test("two that take one session from each other, from two addresses, are told; a device that moves once is not", async () => {
  const { connect, live, told } = bench();
  await live(5, await connect("192.0.2.1", "a"));
  await live(5, await connect("198.51.100.7", "a"));
  assert.deepEqual(told, []);
  await live(5, await connect("192.0.2.1", "a"));
  await live(5, await connect("198.51.100.7", "a"));
  assert.deepEqual(told, [["d1", true]]);
});

test("two devices are no twins, and what one does is not told of the other", async () => {
  const { connect, live, told } = bench();
  await live(20, await connect("192.0.2.1", "a", "d1"), await connect("192.0.2.1", "a", "d2"));
  assert.deepEqual(told, []);
});
