import assert from "node:assert/strict";
import { test } from "node:test";
import { OutsideTrouble } from "@openward/errors";
import { quietLog } from "../database/testing/database.ts";
import { readingsOf, testStream } from "./testing/entries.ts";
import { createWaiting, tailBytesIn } from "./waiting.ts";

function roomOf(bytes: number) {
  const listeners: (() => void)[] = [];
  return {
    bytes,
    bytesFree() {
      return this.bytes;
    },
    onFreed: (listener: () => void) => void listeners.push(listener),
    free(more: number) {
      this.bytes += more;
      for (const listener of listeners) listener();
    },
  };
}

const isUnavailable = (error: unknown) => error instanceof OutsideTrouble && error.code === "STORE_UNAVAILABLE";

test("what has no room waits in order, and is let in as tails give memory back", async () => {
  const room = roomOf(100);
  const waiting = createWaiting(room, 1_000, quietLog);
  assert.equal(waiting.forRoom(60), undefined);
  const order: string[] = [];
  const second = waiting.forRoom(60)?.then(() => order.push("second"));
  const third = waiting.forRoom(10)?.then(() => order.push("third"));
  assert.ok(second && third, "the third would fit, but does not overtake");
  assert.equal(waiting.bytes, 70);
  assert.equal(waiting.forRoom(0), undefined, "what takes no tail never waits");
  // The first is in the tails now: it takes of the room what was expected of it.
  room.bytes = 40;
  waiting.settled(60);
  await second;
  assert.deepEqual(order, ["second"], "alone under way it goes through although it is larger than the room");
  room.free(60);
  await third;
  assert.deepEqual(order, ["second", "third"]);
  assert.equal(waiting.bytes, 0);
});

test("more than may wait is refused, and so is everybody when the journal closes", async () => {
  const waiting = createWaiting(roomOf(0), 100, quietLog);
  const patient = waiting.forRoom(80);
  await assert.rejects(async () => waiting.forRoom(30), isUnavailable);
  const closed = assert.rejects(async () => patient, isUnavailable);
  waiting.close();
  await closed;
});

test("without a budget nobody waits; alarms and the like take no tail", () => {
  assert.equal(createWaiting(undefined, 0, quietLog).forRoom(1e12), undefined);
  assert.equal(tailBytesIn([{ kind: "stream", stream: testStream(1) }]), 0);
  assert.equal(tailBytesIn([readingsOf(testStream(1), [1, 2], [3, 4])]), 64);
});
