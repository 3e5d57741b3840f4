import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { connectPacket, quiet, type TestClient, testBench } from "../testing/client.ts";
import { STORED } from "../testing/fakes.ts";

const TOPIC = "devices/d1/readings";

for (const version of [4, 5] as const) {
  test(`MQTT ${version}: 0 acks before the commit, under delayed and failed commits, in the order of packets`, async () => {
    const seed = 3_000 + version;
    const { float } = seededRandom(seed);
    const { ingest, open } = testBench();
    ingest.isAutomatic = false;
    const total = 6_000;
    /** Bodies that are durable: what an ack may be given for. */
    const durable = new Set<string>();
    const acknowledged = new Set<string>();
    let early = 0;
    let failures = 0;
    let disordered = 0;
    let reconnects = 0;

    let client: TestClient | undefined;
    let sent = 0;
    let lastId = 0;
    /** Sent and not acknowledged, in order: packet id to body. QoS 2 goes on with the release. */
    const open_ = new Map<number, { body: string; qos: 1 | 2; released: boolean }>();
    let order: number[] = [];

    const publish = (packetId: number, dup: boolean) => {
      const entry = open_.get(packetId);
      if (!entry) return;
      order.push(packetId);
      client?.send({
        cmd: "publish",
        topic: TOPIC,
        payload: entry.body,
        qos: entry.qos,
        dup,
        retain: false,
        messageId: packetId,
      });
    };

    while (acknowledged.size < total) {
      if (!client || client.isClosed) {
        client = open(version);
        order = [];
        reconnects++;
        client.send(
          connectPacket(version, {
            clean: false,
            ...(version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}),
          }),
        );
        await client.next("connack");
        for (const [packetId, entry] of open_) {
          if (entry.released) client.send({ cmd: "pubrel", messageId: packetId });
          else publish(packetId, true);
        }
      }
      for (let n = float() * 12; n > 0 && sent < total && open_.size < 90; n--) {
        do lastId = (lastId % 65_535) + 1;
        while (open_.has(lastId));
        open_.set(lastId, { body: `{"values":{"spo2":${sent++}}}`, qos: float() < 0.7 ? 1 : 2, released: false });
        publish(lastId, false);
      }
      await quiet(2);
      // Commits end in any order, late, and some not at all.
      for (let n = float() * 20; n > 0 && ingest.waiting.length > 0; n--) {
        const [commit] = ingest.waiting.splice(Math.floor(float() * Math.min(8, ingest.waiting.length)), 1);
        if (!commit) break;
        if (float() < 0.004) {
          failures++;
          commit.fail();
        } else {
          durable.add(commit.text);
          commit.resolve(STORED);
        }
      }
      await quiet(2);
      for (const packet of client.seen.splice(0)) {
        const packetId = packet.messageId ?? 0;
        const entry = open_.get(packetId);
        if (packet.cmd === "puback" || packet.cmd === "pubrec") {
          assert.equal(packet.reasonCode ?? 0, 0, `seed ${seed}`);
          if (order.shift() !== packetId) disordered++;
          if (!entry || !durable.has(entry.body)) early++;
        }
        if (packet.cmd === "pubrec" && entry) {
          entry.released = true;
          client.send({ cmd: "pubrel", messageId: packetId });
        } else if ((packet.cmd === "puback" || packet.cmd === "pubcomp") && entry) {
          acknowledged.add(entry.body);
          open_.delete(packetId);
        } else if (packet.cmd === "disconnect") {
          assert.equal(packet.reasonCode, 0x89);
        }
      }
    }
    assert.equal(early, 0, `acks before the commit, seed ${seed}`);
    assert.equal(disordered, 0, `acks out of order, seed ${seed}`);
    assert.ok(
      failures >= 5 && reconnects > failures / 2,
      `the faults happened: ${failures} failed, ${reconnects} connections`,
    );
    assert.equal(acknowledged.size, total);
  });
}

test("a message whose commit never ends is never acknowledged, nor what came after it", async () => {
  const { ingest, connect } = testBench();
  ingest.isAutomatic = false;
  const { client } = await connect(4);
  client.publish(TOPIC, "first", 1, 1);
  client.publish(TOPIC, "second", 1, 2);
  await quiet();
  ingest.waiting[1]?.resolve(STORED);
  await quiet();
  assert.deepEqual(client.seen, []);
  ingest.waiting[0]?.resolve(STORED);
  assert.equal((await client.next("puback")).messageId, 1);
  assert.equal((await client.next("puback")).messageId, 2);
});

test("when a commit fails, what was durable before it is acknowledged, it and what follows are not, and the client is sent away", async () => {
  for (const version of [4, 5] as const) {
    const { ingest, connect, endpoint } = testBench();
    ingest.isAutomatic = false;
    const { client } = await connect(version);
    for (const packetId of [1, 2, 3]) client.publish(TOPIC, `body ${packetId}`, 1, packetId);
    await quiet();
    ingest.waiting[0]?.resolve(STORED);
    ingest.waiting[2]?.resolve(STORED);
    ingest.waiting[1]?.fail();
    await client.closed();
    assert.deepEqual(
      client.seen.filter(({ cmd }) => cmd === "puback").map(({ messageId }) => messageId),
      [1],
    );
    assert.equal(client.seen.find(({ cmd }) => cmd === "disconnect")?.reasonCode, version === 5 ? 0x89 : undefined);
    assert.equal(endpoint.stats().failed, 1);
  }
});

test("an ingest that throws instead of rejecting is a failed commit too", async () => {
  const { ingest, connect } = testBench();
  ingest.accept = () => {
    throw new TypeError("ours");
  };
  const { client } = await connect(5);
  client.publish(TOPIC, "{}", 1, 1);
  assert.equal((await client.next("disconnect")).reasonCode, 0x89);
});

test("QoS 0 is handed on, and a failed commit of it does not end the connection", async () => {
  const { ingest, connect, endpoint } = testBench();
  ingest.isAutomatic = false;
  const { client } = await connect(4);
  client.publish(TOPIC, "zero", 0);
  await quiet();
  assert.equal(ingest.messages[0]?.deliveryKey, null);
  ingest.waiting[0]?.fail();
  client.send({ cmd: "pingreq" });
  await client.next("pingresp");
  assert.equal(endpoint.stats().failed, 1);
});

test("MQTT 5 hears what is wrong: all in quarantine is 0x99, some of it is a success that says so", async () => {
  const { ingest, connect } = testBench();
  const problem = { index: 0, code: "SIGNAL_UNKNOWN", field: "values.pulse", expected: "pulse-rate", readings: 1 };
  ingest.receipt = ({ body }) => ({
    accepted: body.length > 3 ? 1 : 0,
    quarantined: [problem, { ...problem, index: 1 }],
  });
  const { client } = await connect(5);
  client.publish(TOPIC, "all", 1, 1);
  const all = await client.next("puback");
  assert.equal(all.reasonCode, 0x99);
  assert.match(
    String(all.properties?.reasonString),
    /^SIGNAL_UNKNOWN: .*\[0\]\.values\.pulse.*pulse-rate\. And 1 more\.$/,
  );
  client.publish(TOPIC, "some", 1, 2);
  const some = await client.next("puback");
  assert.equal(some.reasonCode, 0);
  assert.match(String(some.properties?.reasonString), /SIGNAL_UNKNOWN/);
  client.publish(TOPIC, "two", 2, 3);
  assert.equal((await client.next("pubrec")).reasonCode, 0x99);
  client.send({ cmd: "pubrel", messageId: 3 });
  assert.equal((await client.next("pubcomp")).reasonCode, 0x92, "the refused id is free already");

  const old = await connect(4, { clientId: "c2" });
  old.client.publish(TOPIC, "all", 1, 1);
  assert.equal((await old.client.next("puback")).reasonCode, undefined);

  const terse = await connect(5, { clientId: "c3", properties: { requestProblemInformation: false } });
  terse.client.publish(TOPIC, "all", 1, 1);
  assert.equal((await terse.client.next("puback")).properties, undefined);
  const narrow = await connect(5, { clientId: "c4", properties: { maximumPacketSize: 20 } });
  narrow.client.publish(TOPIC, "all", 1, 1);
  const short = await narrow.client.next("puback");
  assert.deepEqual([short.reasonCode, short.properties], [0x99, undefined]);
});

test("acks of one commit leave in one write", async () => {
  const { ingest, connect } = testBench();
  ingest.isAutomatic = false;
  const { client } = await connect(4);
  for (let packetId = 1; packetId <= 50; packetId++) client.publish(TOPIC, "{}", 1, packetId);
  await quiet();
  let chunks = 0;
  client.stream.on("data", () => {
    chunks++;
  });
  for (const commit of ingest.waiting) commit.resolve(STORED);
  await quiet();
  assert.equal(client.seen.length, 50);
  assert.equal(chunks, 1);
});

test("MQTT 3.1.1 is not read on while a hundred messages wait; MQTT 5 is told of its hundred and held to it", async () => {
  const bench = testBench();
  bench.ingest.isAutomatic = false;
  const old = await bench.connect(4);
  for (let packetId = 1; packetId <= 250; packetId++) old.client.publish(TOPIC, `${packetId}`, 1, packetId);
  await quiet();
  assert.equal(bench.ingest.messages.length, 100);
  let done = 0;
  while (done < 250) {
    for (const commit of bench.ingest.waiting.splice(0)) {
      commit.resolve(STORED);
      done++;
    }
    await quiet(3);
  }
  await quiet();
  assert.deepEqual(
    old.client.seen.map(({ messageId }) => messageId),
    Array.from({ length: 250 }, (_, i) => i + 1),
  );

  const { client, connack } = await bench.connect(5, { clientId: "c5" });
  assert.equal(connack.properties?.receiveMaximum, 100);
  for (let packetId = 1; packetId <= 101; packetId++) client.publish(TOPIC, `${packetId}`, 1, packetId);
  assert.equal((await client.next("disconnect")).reasonCode, 0x93);
});

test("all connections together stop at the gate, and go on when it opens", async () => {
  const { ingest, connect } = testBench({ waitingMessages: 10 });
  ingest.isAutomatic = false;
  const clients = await Promise.all(["a", "b", "c"].map((clientId) => connect(4, { clientId })));
  for (const { client } of clients)
    for (let packetId = 1; packetId <= 20; packetId++) client.publish(TOPIC, "{}", 1, packetId);
  await quiet();
  assert.ok(ingest.messages.length <= 12, `${ingest.messages.length} messages wait`);
  for (let turn = 0; turn < 40; turn++) {
    for (const commit of ingest.waiting.splice(0)) commit.resolve(STORED);
    await quiet(3);
  }
  assert.equal(ingest.messages.length, 60);
  for (const { client } of clients) assert.equal(client.seen.length, 20);
});

test("a message that was acknowledged does not hold those that came behind it", async () => {
  const { ingest, open } = testBench();
  ingest.isAutomatic = false;
  const client = open(4);
  client.send(connectPacket(4));
  await client.next("connack");
  for (let messageId = 1; messageId <= 3; messageId++)
    client.send({ cmd: "publish", topic: TOPIC, payload: "{}", qos: 1, dup: false, retain: false, messageId });
  await quiet(2);
  const waiting = ingest.waiting.splice(0);
  assert.equal(waiting.length, 3);
  // What ingest gets is the entry in the order of acks itself.
  const nextOf = ({ message }: (typeof waiting)[number]) => (message as unknown as { next: object | null }).next;
  assert.equal(
    nextOf(waiting[0] as (typeof waiting)[number]),
    waiting[1]?.message,
    "they are in order while they wait",
  );
  for (const { resolve } of waiting) resolve(STORED);
  for (let messageId = 1; messageId <= 3; messageId++) assert.equal((await client.next("puback")).messageId, messageId);
  assert.deepEqual(waiting.map(nextOf), [null, null, null]);
});
