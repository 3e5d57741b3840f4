import assert from "node:assert/strict";
import { test } from "node:test";
import { quiet, testBench } from "../testing/client.ts";
import { createRedeliveries } from "./redelivery.ts";

const TOPIC = "devices/d1/readings";
const AFTER_START_MS = 121_000;

/** Which of the messages that ingest got may be second copies, as it asks for the key of each. */
const told = (messages: readonly { isRedelivery: boolean }[]) => messages.map(({ isRedelivery }) => isRedelivery);

test("the same packet id and body on a connection that lives is a new message each time", async () => {
  const { connect, ingest } = testBench();
  const { client } = await connect(4);
  for (let n = 0; n < 4; n++) {
    client.publish(TOPIC, "body", 1, 1);
    await client.next("puback");
  }
  assert.deepEqual(told(ingest.messages), [true, false, false, false], "only the first after a start may be a repeat");
});

for (const isAcknowledged of [false, true]) {
  const what = isAcknowledged ? "whose ack may have been lost with the line" : "without an ack";
  test(`a message ${what} is recognised on the next connection, without DUP, once`, async () => {
    const { connect, ingest, runtime } = testBench();
    runtime.advance(AFTER_START_MS);
    ingest.isAutomatic = isAcknowledged;
    const first = await connect(4);
    first.client.publish(TOPIC, "body", 1, 7);
    await quiet();
    first.client.stream.destroy();
    await quiet();
    ingest.isAutomatic = true;
    const second = await connect(4);
    second.client.publish(TOPIC, "other", 1, 7);
    second.client.publish(TOPIC, "body", 1, 7);
    second.client.publish(TOPIC, "body", 1, 7);
    await quiet();
    assert.deepEqual(told(ingest.messages), [false, false, true, false]);
  });
}

test("after a goodbye with everything acknowledged, the next connection sends new messages", async () => {
  const { connect, ingest, runtime } = testBench();
  runtime.advance(AFTER_START_MS);
  for (let n = 0; n < 3; n++) {
    const { client } = await connect(4);
    client.publish(TOPIC, "body", 1, 1);
    await client.next("puback");
    client.send({ cmd: "disconnect" });
    await quiet();
  }
  assert.deepEqual(told(ingest.messages), [false, false, false]);
});

test("an ack that is ten seconds old has arrived", async () => {
  const { connect, ingest, runtime } = testBench();
  runtime.advance(AFTER_START_MS);
  const first = await connect(4);
  first.client.publish(TOPIC, "body", 1, 7);
  await first.client.next("puback");
  runtime.advance(12_000);
  first.client.stream.destroy();
  await quiet();
  const second = await connect(4);
  second.client.publish(TOPIC, "body", 1, 7);
  await quiet();
  assert.deepEqual(told(ingest.messages), [false, false]);
});

test("what is remembered is bounded in number and in time", () => {
  const redeliveries = createRedeliveries(10);
  for (let n = 0; n < 100; n++) redeliveries.broke(`client ${n}`, new Set(["key"]), n);
  assert.equal(redeliveries.size, 10);
  assert.equal(redeliveries.begin("client 5", 200).takes("key"), false);
  assert.equal(redeliveries.begin("client 95", 200).takes("key"), true);
  redeliveries.sweep(1_000);
  assert.equal(redeliveries.size, 0);
});
