import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { generate, type Packet } from "mqtt-packet";
import { connectPacket, quiet, testBench } from "../testing/client.ts";

const TOPIC = "devices/d1/readings";
const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

/** Bytes that have ended other servers, and their like, each as the first thing a stranger says. */
const before: [string, Buffer][] = [
  ["the bytes of aedes issue 612", hex("101000044d5154540502003c0321001400006202d301e0020020")],
  ["a CONNECT that declares 256 MB", hex("10 ff ff ff 7f")],
  ["a length of five bytes", hex("10 80 80 80 80 01")],
  ["a PUBLISH before CONNECT", hex("30 05 0001 61 00 00")],
  ["a PUBLISH of 256 MB before CONNECT", hex("30 ff ff ff 7f")],
  ["a reserved packet type", hex("00 00")],
  ["CONNECT with flags", hex("11 00")],
  ["an empty CONNECT", hex("10 00")],
  ["a protocol of another name", hex("10 0c 0004 4d515458 04 02 003c 0000")],
  ["MQTT 3.1", hex("10 0e 0006 4d5149736470 03 02 003c 0000")],
  ["version 6", hex("10 0c 0004 4d515454 06 02 003c 0000")],
  ["a will of QoS 3", hex("10 13 0004 4d515454 04 1e 003c 0001 61 0001 62 0001 63")],
  ["the reserved flag", hex("10 0c 0004 4d515454 04 03 003c 0000")],
  ["HTTP", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  ["TLS", hex("16 03 01 02 00 01 00 01 fc 03 03")],
  ["properties longer than the packet", hex("10 0f 0004 4d515454 05 02 003c ff7f 0000 00")],
];
for (const [name, bytes] of before) {
  test(`before sign-in: ${name}`, async () => {
    const { open, endpoint, access, connect } = testBench();
    const client = open(4);
    client.raw(bytes);
    await client.closed();
    assert.equal(access.signIns, 0);
    assert.equal(endpoint.stats().beforeSignIn, 0);
    assert.equal((await connect(5)).connack.reasonCode, 0, "the others go on");
  });
}

/** As a device that is signed in: what MQTT 5 is told; 3.1.1 is closed without a word. */
const after: [string, Buffer, number][] = [
  ["256 MB declared", hex("32 ff ff ff 7f"), 0x95],
  ["a byte more than the limit", hex("32 81 80 40"), 0x95],
  ["a zero-length topic", hex("32 05 0000 0001 00"), 0x90],
  ["a topic longer than its packet", hex("32 05 00ff 0001 00"), 0x81],
  ["QoS 3", hex("36 05 0001 61 0001"), 0x81],
  ["packet id 0", hex("32 06 0001 61 0000 00"), 0x82],
  ["a second CONNECT", generate(connectPacket(5)), 0x82],
  ["CONNACK from a client", hex("20 02 00 00"), 0x81],
  ["SUBSCRIBE without filters", hex("82 03 0001 00"), 0x81],
  ["SUBSCRIBE with the flags of nothing", hex("80 02 0001"), 0x81],
  ["PUBREC of what was never sent", hex("50 02 0001"), 0x82],
  ["AUTH", hex("f0 00"), 0x82],
  ["an unknown property", hex("32 08 0001 61 0001 02 7e01"), 0x81],
  ["properties longer than the packet", hex("32 07 0001 61 0001 7f 01"), 0x81],
  ["a retained message", hex("33 06 0001 61 0001 00"), 0x9a],
];
for (const [name, bytes, reasonCode] of after) {
  test(`after sign-in: ${name}`, async () => {
    const { connect, ingest } = testBench();
    const { client } = await connect(5);
    client.raw(bytes);
    const last = await client.next(name === "a zero-length topic" ? "puback" : "disconnect");
    assert.equal(last.reasonCode, reasonCode);
    if (last.cmd === "disconnect") await client.closed();
    assert.deepEqual(ingest.messages, []);
  });
}

test("a topic of 32,000 levels, and a storm of wildcards, are answered at once", async () => {
  const { connect } = testBench();
  const { client } = await connect(5);
  client.publish("a/".repeat(32_000), "{}", 1, 1);
  assert.equal((await client.next("puback")).reasonCode, 0x90);
  client.publish(`devices/d1${"/a".repeat(100)}`, "{}", 1, 2);
  assert.equal((await client.next("puback")).reasonCode, 0x90);
  const storm = Array.from({ length: 64 }, (_, i) => ({
    topic: `devices/d1/${"+/".repeat(i % 9)}#`,
    qos: 1 as const,
    nl: false,
    rap: false,
    rh: 0 as const,
  }));
  client.send({ cmd: "subscribe", messageId: 1, subscriptions: storm } as Packet);
  const { granted = [] } = await client.next("suback");
  assert.equal(granted.length, 64);
  assert.ok(granted.includes(0x8f));
  client.send({ cmd: "subscribe", messageId: 2, subscriptions: [...storm, ...storm] } as Packet);
  assert.equal((await client.next("disconnect")).reasonCode, 0x97);
});

test("who does not sign in within five seconds is closed, however the bytes drip", async () => {
  const { open, runtime, endpoint } = testBench();
  const client = open(4);
  const bytes = generate(connectPacket(4));
  for (let i = 0; i < 6; i++) {
    client.raw(bytes.subarray(i, i + 1));
    await quiet(3);
    runtime.advance(1_000);
  }
  await client.closed();
  assert.equal(endpoint.stats().beforeSignIn, 0);
});

test("strangers are bounded: the one that waited longest gives way, and a device still gets in", async () => {
  const { open, connect, endpoint } = testBench({ unauthenticated: 50 });
  for (let i = 0; i < 500; i++) open(4);
  await quiet();
  assert.ok(endpoint.stats().beforeSignIn <= 50);
  assert.equal((await connect(4)).connack.returnCode, 0);
});

test("packets in single bytes and packets all at once come out the same", async () => {
  const { connect, open, ingest } = testBench();
  const packets = [
    generate(connectPacket(4, { clientId: "slow" })),
    ...Array.from({ length: 30 }, (_, i) =>
      generate({
        cmd: "publish",
        topic: TOPIC,
        payload: "x".repeat(i * 17),
        qos: 1,
        dup: false,
        retain: false,
        messageId: i + 1,
      }),
    ),
  ];
  const slow = open(4);
  for (const byte of Buffer.concat(packets)) slow.raw(Buffer.of(byte));
  await quiet(200);
  const fast = await connect(4);
  fast.client.raw(Buffer.concat(packets.slice(1)));
  await quiet();
  const texts = ingest.messages.map(({ text }) => text);
  assert.equal(texts.length, 60);
  assert.deepEqual(texts.slice(0, 30), texts.slice(30));
});

test("what has arrived in part is bounded over all connections", async () => {
  const { connect } = testBench({ partialBytes: 50_000, packetBytes: 100_000 });
  const clients = [];
  for (let i = 0; i < 4; i++) clients.push((await connect(5, { clientId: `c${i}` })).client);
  for (const client of clients) client.raw(Buffer.concat([hex("32 90 bf 05"), Buffer.alloc(20_000)]));
  await quiet();
  assert.deepEqual(
    clients.map(({ isClosed }) => isClosed),
    [false, false, true, true],
    "who goes over the limit is closed, the others stay",
  );
});

test("random and mutated bytes never bring the endpoint down", async () => {
  const seed = 612;
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random.float() * n);
  const { open, connect, endpoint } = testBench();
  const corpus: Buffer[] = [
    ...before.map(([, bytes]) => bytes),
    ...after.map(([, bytes]) => bytes),
    ...([4, 4, 4, 5, 5, 5] as const).flatMap((version) => [
      generate(
        {
          cmd: "publish",
          topic: TOPIC,
          payload: "{}",
          qos: 1,
          dup: false,
          retain: false,
          messageId: 3,
          properties: { topicAlias: 2, contentType: "application/json", userProperties: { a: ["b", "c"] } },
        },
        { protocolVersion: version },
      ),
      generate(
        {
          cmd: "subscribe",
          messageId: 5,
          subscriptions: [{ topic: "devices/d1/commands/#", qos: 1, nl: false, rap: false, rh: 0 }],
        },
        { protocolVersion: version },
      ),
      generate(
        { cmd: "unsubscribe", messageId: 6, unsubscriptions: ["devices/d1/commands/#"] },
        { protocolVersion: version },
      ),
      generate({ cmd: "pubrel", messageId: 3 }, { protocolVersion: version }),
      generate(
        {
          cmd: "disconnect",
          ...(version === 5 ? { reasonCode: 4, properties: { sessionExpiryInterval: 5 } } : {}),
        } as Packet,
        { protocolVersion: version },
      ),
    ]),
  ];
  for (let i = 0; i < 3_000; i++) {
    const version = below(2) === 0 ? 4 : 5;
    const client = open(version);
    if (below(4) > 0)
      client.raw(generate(connectPacket(version, { clientId: `f${below(500)}`, clean: below(2) === 0 })));
    for (let n = below(5); n >= 0; n--) {
      const bytes = Buffer.from(corpus[below(corpus.length)] as Buffer);
      for (let change = below(3); change > 0; change--) bytes[below(bytes.length)] = below(256);
      client.raw(below(10) === 0 ? Buffer.from(random.bytes(below(60))) : bytes);
    }
    if (i % 20 === 0) await quiet(2);
    if (below(3) > 0) client.stream.end();
  }
  await quiet();
  const { connack } = await connect(5, { clientId: "still here" });
  assert.equal(connack.reasonCode, 0, `seed ${seed}`);
  assert.ok(endpoint.stats().messages > 50, `some of it was good: ${JSON.stringify(endpoint.stats())}`);
});
