import assert from "node:assert/strict";
import { test } from "node:test";
import type { ISubscribePacket } from "mqtt-packet";
import { connectPacket, quiet, type TestClient, testBench } from "../testing/client.ts";
import { STORED } from "../testing/fakes.ts";

const TOPIC = "devices/d1/readings";
const will = (more: object = {}) => ({
  topic: "devices/d1/status",
  payload: Buffer.from('{"state":"offline"}'),
  qos: 1 as const,
  retain: false,
  ...more,
});

async function subscribe(client: TestClient, filters: string[], version: 4 | 5 = 5): Promise<readonly number[]> {
  const subscriptions = filters.map((topic) => ({
    topic,
    qos: 1 as const,
    ...(version === 5 ? { nl: false, rap: false, rh: 0 } : {}),
  }));
  client.send({ cmd: "subscribe", messageId: 9, subscriptions } as ISubscribePacket);
  return (await client.next("suback")).granted ?? [];
}

test("a device signs in with its id and token, and with nothing else", async () => {
  const { open, access } = testBench();
  const attempts: [object, number, number][] = [
    [{ password: Buffer.from("wrong") }, 4, 0x86],
    [{ username: "nobody" }, 4, 0x86],
    [{ username: "../d1" }, 4, 0x86],
    [{ username: undefined, password: undefined }, 5, 0x87],
    [{ password: undefined }, 5, 0x87],
    [{ clientId: "x".repeat(257) }, 2, 0x85],
  ];
  for (const [options, returnCode, reasonCode] of attempts) {
    for (const version of [4, 5] as const) {
      const client = open(version);
      client.send(connectPacket(version, options));
      const answer = await client.next("connack");
      assert.equal(
        version === 5 ? answer.reasonCode : answer.returnCode,
        version === 5 ? reasonCode : returnCode,
        JSON.stringify(options),
      );
      await client.closed();
    }
  }
  assert.equal(access.signIns, 4, "ids that cannot be are not even looked up");
});

test("after ten wrong tokens who guesses is slowed down, and neither others nor the right token wait", async () => {
  const { open, connect, runtime } = testBench();
  for (let i = 0; i < 12; i++) {
    const client = open(5);
    client.send(connectPacket(5, { password: Buffer.from(`guess ${i}`) }));
    assert.equal((await client.next("connack")).reasonCode, i < 10 ? 0x86 : 0x9f);
  }
  assert.equal((await connect(5, { username: "d2" })).connack.reasonCode, 0);
  assert.equal((await connect(5)).connack.reasonCode, 0);
  runtime.advance(1_000);
  const again = open(5);
  again.send(connectPacket(5, { password: Buffer.from("guess") }));
  assert.equal((await again.next("connack")).reasonCode, 0x86);
});

test("MQTT 5 is told what is here and what is not", async () => {
  const { connect } = testBench();
  const { connack } = await connect(5, {
    clientId: "",
    keepalive: 0,
    properties: { sessionExpiryInterval: 4_294_967_295 },
  });
  const { properties = {} } = connack;
  assert.match(String(properties.assignedClientIdentifier), /^[0-9a-f-]{36}$/);
  assert.deepEqual(
    { ...properties, assignedClientIdentifier: 0 },
    {
      assignedClientIdentifier: 0,
      receiveMaximum: 100,
      maximumPacketSize: 1_048_576,
      topicAliasMaximum: 16,
      retainAvailable: false,
      subscriptionIdentifiersAvailable: false,
      sharedSubscriptionAvailable: false,
      sessionExpiryInterval: 604_800,
      serverKeepAlive: 1_800,
    },
  );
});

test("every kind of message goes to ingest with its kind, its format and its device", async () => {
  const { connect, ingest } = testBench();
  const { client } = await connect(5, { username: "gateway" });
  const sent: [string, Buffer, object, [string, string, string]][] = [
    ["devices/gateway/readings", Buffer.from("{}"), {}, ["gateway", "readings", "json"]],
    ["devices/d1/waveform", Buffer.of(0xa1), {}, ["d1", "waveform", "cbor"]],
    ["devices/d1/event", Buffer.of(0xa1), { properties: { contentType: "application/json" } }, ["d1", "event", "json"]],
    [
      "devices/d1/status",
      Buffer.from(" {"),
      { properties: { contentType: "text/plain", userProperties: { a: "b" } } },
      ["d1", "status", "json"],
    ],
    ["devices/d1/raw/gatt/2a35", Buffer.of(1, 2), {}, ["d1", "raw", "gatt/2a35"]],
  ];
  for (const [topic, payload, more] of sent) client.publish(topic, payload as unknown as string, 1, 1, more);
  await quiet();
  assert.deepEqual(
    ingest.messages.map(({ deviceId, kind, format }) => [deviceId, kind, format]),
    sent.map(([, , , expected]) => expected),
  );
});

test("outside its subtree a device gets 0x87, beside the topics 0x90; 3.1.1 and QoS 0 get the end of the connection", async () => {
  const { connect, ingest } = testBench();
  const { client } = await connect(5);
  const wrong: [string, number][] = [
    ["devices/d2/readings", 0x87], ["$SYS/broker/clients", 0x87], ["readings", 0x87], ["devices/d1/readings/more", 0x90], ["devices/d1/commands/7", 0x90],
    ["devices/d1/raw/../x y", 0x90], ["devices/d1/+", 0x90], ["devices/d1/", 0x90], [`devices/d1/raw/${"x".repeat(300)}`, 0x90], ["devices/d1/raw/a/b/c/d/e/f", 0x90],
  ]; // biome-ignore format: a table
  for (const [i, [topic, reasonCode]] of wrong.entries()) {
    client.publish(topic, "{}", 1, i + 1);
    const ack = await client.next("puback");
    assert.deepEqual([ack.messageId, ack.reasonCode], [i + 1, reasonCode], topic);
    assert.match(String(ack.properties?.reasonString), /^TOPIC_/);
  }
  client.publish("devices/d2/readings", "{}", 0);
  assert.equal((await client.next("disconnect")).reasonCode, 0x87);
  const old = await connect(4);
  old.client.publish("devices/d2/readings", "{}", 1, 1);
  await old.client.closed();
  assert.deepEqual(old.client.seen, []);
  assert.deepEqual(ingest.messages, []);
});

test("a gateway speaks for the devices in its charge, and no longer than they are", async () => {
  const { connect, access, ingest } = testBench();
  const { client } = await connect(5, { username: "gateway" });
  client.publish(TOPIC, "1", 1, 1);
  assert.equal((await client.next("puback")).reasonCode, 0);
  access.tokens.delete("d1");
  client.publish(TOPIC, "2", 1, 2);
  assert.equal((await client.next("puback")).reasonCode, 0x87);
  access.tokens.set("d1", "secret");
  access.inCharge.get("gateway")?.clear();
  client.publish(TOPIC, "3", 1, 3);
  assert.equal((await client.next("puback")).reasonCode, 0x87);
  assert.equal(ingest.messages.length, 1);
});

test("a QoS 2 packet sent again before its release is one message, over a reconnect too", async () => {
  for (const version of [4, 5] as const) {
    const { connect, ingest } = testBench();
    ingest.isAutomatic = false;
    const keep = { clean: false, ...(version === 5 ? { properties: { sessionExpiryInterval: 60 } } : {}) };
    const first = await connect(version, keep);
    first.client.publish(TOPIC, "once", 2, 5);
    await quiet();
    first.client.publish(TOPIC, "once", 2, 5, { dup: true });
    await quiet();
    first.client.stream.end();
    await quiet();
    const second = await connect(version, keep);
    assert.equal(second.connack.sessionPresent, true);
    second.client.publish(TOPIC, "once", 2, 5, { dup: true });
    await quiet();
    assert.deepEqual(second.client.seen, [], "not before the commit");
    ingest.waiting[0]?.resolve(STORED);
    assert.equal((await second.client.next("pubrec")).messageId, 5);
    second.client.publish(TOPIC, "once", 2, 5, { dup: true });
    await second.client.next("pubrec");
    assert.equal(ingest.messages.length, 1);
    second.client.send({ cmd: "pubrel", messageId: 5 });
    await second.client.next("pubcomp");
    second.client.publish(TOPIC, "another", 2, 5);
    await quiet();
    assert.equal(ingest.messages.length, 2);
  }
});

test("delivery keys are those of client id, packet id and body, and DUP tells a re-delivery from a new message", async () => {
  const { connect, ingest, runtime } = testBench();
  runtime.advance(121_000);
  const keep = { clean: false };
  for (let i = 0; i < 2; i++) {
    const { client } = await connect(4, keep);
    client.publish(TOPIC, "body", 1, 7, { dup: i > 0 });
    await client.next("puback");
    client.stream.end();
    await quiet();
  }
  const { client } = await connect(4, { clean: true });
  client.publish(TOPIC, "body", 1, 7);
  client.publish(TOPIC, "other", 1, 7);
  const { client: another } = await connect(4, { clientId: "another" });
  another.publish(TOPIC, "body", 1, 7);
  await quiet();
  const keys = ingest.messages.map(({ deliveryKey }) => deliveryKey);
  assert.match(String(keys[0]), /^[0-9a-z]+:7:[0-9a-z]+$/);
  // Also over a clean start, and so over a restart of the server: the client says by DUP what it sends again.
  assert.equal(keys[0], keys[1]);
  assert.equal(keys[1], keys[2]);
  assert.notEqual(keys[2], keys[3]);
  assert.notEqual(keys[2], keys[4]);
  assert.deepEqual(
    ingest.messages.map(({ isRedelivery }) => isRedelivery),
    [false, true, true, false, false],
  );
});

test("QoS 2: another body under an id that was not released is a message of its own", async () => {
  const { connect, ingest } = testBench();
  const first = await connect(4, { clean: false });
  first.client.publish(TOPIC, "one", 2, 5);
  await first.client.next("pubrec");
  first.client.stream.destroy();
  await quiet();
  // The device has lost its memory, but not its session: it counts from the same id again.
  const second = await connect(4, { clean: false });
  second.client.publish(TOPIC, "two", 2, 5);
  await second.client.next("pubrec");
  second.client.publish(TOPIC, "two", 2, 5, { dup: true });
  await second.client.next("pubrec");
  assert.deepEqual(
    ingest.messages.map(({ text }) => text),
    ["one", "two"],
  );
});

test("a client that connects again takes over; the same client id of another device is somebody else", async () => {
  const { connect, ingest } = testBench();
  const first = await connect(5);
  const other = await connect(5, { username: "d2" });
  const second = await connect(5);
  assert.equal((await first.client.next("disconnect")).reasonCode, 0x8e);
  await first.client.closed();
  assert.equal(other.client.isClosed, false);
  second.client.send({ cmd: "pingreq" });
  await second.client.next("pingresp");
  assert.deepEqual(
    ingest.connections,
    [
      ["d1", true],
      ["d2", true],
    ],
    "the device never went",
  );
  second.client.stream.end();
  await quiet();
  assert.deepEqual(ingest.connections.at(-1), ["d1", false]);
});

test("filters: a device listens to its own commands, a gateway to those in its charge, and nothing else is granted", async () => {
  const { connect } = testBench({ subscriptionsPerSession: 6 });
  const { client } = await connect(5, { username: "gateway" });
  const filters: [string, number][] = [
    ["devices/gateway/commands", 1], ["devices/gateway/commands/#", 1], ["devices/gateway/#", 1], ["devices/d1/commands/+", 1], ["devices/d1/+/x", 1],
    ["devices/d2/commands", 0x87], ["devices/+/commands", 0x87], ["#", 0x87], ["+/d1/commands", 0x87], ["$SYS/#", 0x87], ["devices/d1/readings", 0x87], ["devices/#", 0x87],
    ["", 0x8f], ["devices/d1/#/x", 0x8f], ["devices/d1/commands/a+", 0x8f], ["/".repeat(9), 0x8f], ["x".repeat(300), 0x8f], ["$share/g/devices/d1/commands", 0x9e],
    ["devices/gateway/commands/1", 1], ["devices/gateway/commands/2", 0x97],
  ]; // biome-ignore format: a table
  assert.deepEqual(
    await subscribe(
      client,
      filters.map(([filter]) => filter),
    ),
    filters.map(([, code]) => code),
  );
  const old = await connect(4, { clientId: "old" });
  assert.deepEqual(await subscribe(old.client, ["devices/d2/commands", "devices/d1/commands"], 4), [0x80, 1]);
});

test("commands reach those who listen, once each, and wait for a session that is away", async () => {
  const { connect, endpoint, runtime, access } = testBench({ queuedPerSession: 2 });
  const down = (qos: 0 | 1 = 1, options = {}) =>
    endpoint.publish("d1", "devices/d1/commands/7", Buffer.from("go"), qos, options);
  assert.deepEqual(down(), { sent: 0, queued: 0, refused: 0 });
  const keep = { clean: false, properties: { sessionExpiryInterval: 60 } };
  const { client } = await connect(5, keep);
  const gateway = await connect(5, { username: "gateway", clientId: "g" });
  await subscribe(client, ["devices/d1/#", "devices/d1/commands/+"]);
  await subscribe(gateway.client, ["devices/d1/commands/#"]);
  assert.deepEqual(down(), { sent: 2, queued: 0, refused: 0 });
  const got = await client.next("publish");
  assert.deepEqual([got.topic, got.payload?.toString(), got.qos, got.dup], ["devices/d1/commands/7", "go", 1, false]);
  await gateway.client.next("publish");
  access.inCharge.get("gateway")?.clear();
  assert.equal(down(0).sent, 1, "not to a gateway whose charge has ended");
  await client.next("publish");

  client.stream.end();
  await quiet();
  assert.deepEqual(
    [down(), down(1, { expiresAt: runtime.clock.now() + 1_000 }), down(), down(0)].map(
      ({ queued, refused }) => queued - refused,
    ),
    [1, 1, -1, -1],
  );
  runtime.advance(2_000);
  const back = await connect(5, keep);
  await quiet();
  const publishes = back.client.seen.filter(({ cmd }) => cmd === "publish");
  assert.deepEqual(
    publishes.map(({ dup, messageId }) => [dup, messageId]),
    [
      [true, got.messageId],
      [false, 2],
    ],
    "the unacknowledged again, then the queue without what expired",
  );
  for (const { messageId = 0 } of publishes) back.client.send({ cmd: "puback", messageId });
  await quiet();
  back.client.send({
    cmd: "unsubscribe",
    messageId: 3,
    unsubscriptions: ["devices/d1/#", "devices/d1/commands/+", "nothing"],
  });
  assert.deepEqual((await back.client.next("unsuback")).granted, [0, 0, 0x11]);
  assert.deepEqual(down(), { sent: 0, queued: 0, refused: 0 });
  assert.throws(() => endpoint.publish("d1", "devices/d2/commands", Buffer.of(), 1));
});

test("the client's receive maximum and packet size are kept on the way down", async () => {
  const { connect, endpoint } = testBench();
  const { client } = await connect(5, { properties: { receiveMaximum: 2, maximumPacketSize: 60 } });
  await subscribe(client, ["devices/d1/commands"]);
  const send = (text: string) => endpoint.publish("d1", "devices/d1/commands", Buffer.from(text), 1);
  assert.deepEqual(
    [send("1"), send("2"), send("3")].map(({ sent, queued }) => [sent, queued]),
    [
      [1, 0],
      [1, 0],
      [0, 1],
    ],
  );
  await quiet();
  assert.equal(client.seen.length, 2);
  client.send({ cmd: "puback", messageId: client.seen[0]?.messageId ?? 0 });
  await quiet();
  assert.equal(client.seen.length, 3);
  for (const { messageId = 0 } of client.seen) client.send({ cmd: "puback", messageId });
  await quiet();
  assert.equal(send("x".repeat(100)).refused, 1);
});

test("sessions end by their expiry, and with too many the one that left first", async () => {
  const { connect, endpoint, runtime } = testBench({ offlineSessions: 2 });
  const keep = (clientId: string) => connect(5, { clientId, clean: false, properties: { sessionExpiryInterval: 30 } });
  for (const clientId of ["a", "b", "c"]) {
    (await keep(clientId)).client.stream.end();
    await quiet();
  }
  assert.equal(endpoint.stats().sessions, 2);
  assert.equal((await keep("a")).connack.sessionPresent, false);
  assert.equal((await keep("c")).connack.sessionPresent, true);
  runtime.advance(31_000);
  assert.equal((await keep("b")).connack.sessionPresent, false);
});

test("silence for one and a half times the keep-alive ends the connection, and speaks the will", async () => {
  const { connect, runtime, ingest } = testBench();
  const { client } = await connect(5, { keepalive: 10, will: will() });
  const quiet4 = await connect(4, { clientId: "quiet", keepalive: 0 });
  runtime.advance(9_000);
  client.send({ cmd: "pingreq" });
  await client.next("pingresp");
  runtime.advance(15_000);
  assert.equal(client.isClosed, false);
  runtime.advance(2_000);
  assert.equal((await client.next("disconnect")).reasonCode, 0x8d);
  assert.deepEqual(
    ingest.messages.map(({ kind, text }) => [kind, text]),
    [["status", '{"state":"offline"}']],
  );
  runtime.advance(100_000);
  await quiet();
  assert.equal(quiet4.client.isClosed, false, "a keep-alive of 0 asks for none");
});

test("a client that waits for slow commits is not taken for silent", async () => {
  const { connect, runtime, ingest } = testBench({ receiveMaximum: 5 });
  ingest.isAutomatic = false;
  const { client } = await connect(4, { keepalive: 10 });
  for (let packetId = 1; packetId <= 8; packetId++) client.publish(TOPIC, "{}", 1, packetId);
  await quiet();
  runtime.advance(60_000);
  await quiet();
  assert.equal(client.isClosed, false);
});

test("a will is spoken when the line breaks, not after DISCONNECT, later where it may wait, and again where the commit failed", async () => {
  const { connect, runtime, ingest, warnings } = testBench();
  const spoken = () => ingest.messages.length;
  (await connect(4, { will: will() })).client.stream.end();
  await quiet();
  assert.equal(spoken(), 1);
  assert.equal(ingest.messages[0]?.isWill, true, "what it is goes with it: no sign of life");

  const polite = await connect(4, { will: will() });
  polite.client.send({ cmd: "disconnect" });
  await polite.client.closed();
  assert.equal(spoken(), 1);
  const asked = await connect(5, { will: will() });
  asked.client.send({ cmd: "disconnect", reasonCode: 4 });
  await asked.client.closed();
  await quiet();
  assert.equal(spoken(), 2);

  const patient = {
    clean: false,
    properties: { sessionExpiryInterval: 100 },
    will: will({ properties: { willDelayInterval: 20 } }),
  };
  (await connect(5, patient)).client.stream.end();
  await quiet();
  runtime.advance(15_000);
  const back = await connect(5, patient);
  runtime.advance(30_000);
  assert.equal(spoken(), 2, "back in time");
  await connect(5, patient);
  await back.client.closed();
  assert.equal(spoken(), 2, "taken over, and the session goes on");
  const last = await connect(5, patient);
  last.client.stream.end();
  await quiet();
  let fails = 1;
  ingest.receipt = () => (fails-- > 0 ? new Error("disk") : STORED);
  runtime.advance(21_000);
  await quiet();
  assert.equal(spoken(), 3);
  runtime.advance(6_000);
  assert.equal(spoken(), 4, "once more after the failure");
  assert.deepEqual(warnings, []);
});

test("a will outside the subtree, or that cannot be, refuses the connection", async () => {
  const { open } = testBench();
  const wrong: [object, number, number][] = [
    [will({ topic: "devices/d2/status" }), 0x87, 5],
    [will({ topic: "$SYS/x" }), 0x87, 5],
    [will({ topic: "devices/d1/nothing" }), 0x87, 5],
    [will({ topic: "devices/d1/status", payload: Buffer.alloc(9_000) }), 0x95, 5],
  ];
  for (const [bad, reasonCode, returnCode] of wrong) {
    for (const version of [4, 5] as const) {
      const client = open(version);
      client.send(connectPacket(version, { will: bad as never }));
      const connack = await client.next("connack");
      assert.equal(version === 5 ? connack.reasonCode : connack.returnCode, version === 5 ? reasonCode : returnCode);
      await client.closed();
    }
  }
  const client = open(5);
  client.send(connectPacket(5, { will: will({ retain: true }) as never }));
  assert.equal((await client.next("connack")).reasonCode, 0x9a);
});

test("revoked means gone at once: connection, session, queue and will", async () => {
  const { connect, access, endpoint, ingest, open } = testBench();
  const keep = {
    clean: false,
    properties: { sessionExpiryInterval: 100 },
    will: will({ properties: { willDelayInterval: 5 } }),
  };
  (await connect(5, { ...keep, clientId: "away" })).client.stream.end();
  const { client } = await connect(5, { ...keep, clientId: "here", will: will() });
  await subscribe(client, ["devices/d1/commands"]);
  access.revoke("d1");
  assert.equal((await client.next("disconnect")).reasonCode, 0x98);
  await client.closed();
  assert.equal(endpoint.stats().sessions, 0);
  assert.deepEqual(endpoint.publish("d1", "devices/d1/commands", Buffer.of(1), 1), { sent: 0, queued: 0, refused: 0 });
  await quiet();
  assert.deepEqual(ingest.messages, []);
  const again = open(5);
  again.send(connectPacket(5, keep));
  assert.equal((await again.next("connack")).reasonCode, 0x86);
});

test("topic aliases are kept within their number", async () => {
  const { connect, ingest } = testBench();
  const { client } = await connect(5);
  client.publish(TOPIC, "1", 1, 1, { properties: { topicAlias: 16 } });
  client.publish("", "2", 1, 2, { properties: { topicAlias: 16 } });
  await quiet();
  assert.deepEqual(
    ingest.messages.map(({ text }) => text),
    ["1", "2"],
  );
  client.publish("", "3", 1, 3, { properties: { topicAlias: 3 } });
  assert.equal((await client.next("disconnect")).reasonCode, 0x82);
  const over = await connect(5);
  over.client.publish(TOPIC, "1", 1, 1, { properties: { topicAlias: 17 } });
  assert.equal((await over.client.next("disconnect")).reasonCode, 0x94);
});

test("one device has a bounded number of connections: the oldest gives way", async () => {
  const { connect } = testBench({ connectionsPerDevice: 2 });
  const clients: TestClient[] = [];
  for (const clientId of ["a", "b", "c"]) clients.push((await connect(5, { clientId })).client);
  assert.equal((await clients[0]?.next("disconnect"))?.reasonCode, 0x97);
  assert.deepEqual(
    clients.map(({ isClosed }) => isClosed),
    [true, false, false],
  );
});

test("at stop the commits that run are acknowledged, then everybody is told and closed, and nobody's will is spoken", async () => {
  const { connect, endpoint, ingest, runtime } = testBench();
  ingest.isAutomatic = false;
  const idle = await connect(5, { clientId: "idle", will: will() });
  const busy = await connect(5, { clientId: "busy" });
  busy.client.publish(TOPIC, "{}", 1, 1);
  await quiet();
  const stopped = endpoint.stop();
  assert.equal((await idle.client.next("disconnect")).reasonCode, 0x8b);
  assert.equal(busy.client.isClosed, false);
  ingest.waiting[0]?.resolve(STORED);
  assert.equal((await busy.client.next("puback")).reasonCode, 0);
  assert.equal((await busy.client.next("disconnect")).reasonCode, 0x8b);
  runtime.advance(20);
  await stopped;
  assert.equal(ingest.messages.length, 1);
});
