import assert from "node:assert/strict";
import { test } from "node:test";
import { PATIENT, START, world } from "./testing/world.ts";

test("a device whose identity two use is a technical alarm of whoever wears it, until only one does", async () => {
  const w = await world();
  w.read("heart-rate", 72);
  w.watch.twin("mon", true, START + 1_000);
  const [alarm = assert.fail("no alarm")] = w.open("device-twin");
  assert.deepEqual(
    [alarm.priority, alarm.patientId, alarm.deviceId, alarm.onsetAt, alarm.state],
    ["medium", PATIENT, "mon", START + 1_000, "raised"],
  );
  w.watch.twin("mon", false, START + 2_000);
  assert.deepEqual(w.open("device-twin"), []);
  w.watch.twin("mon", true, START + 3_000);
  assert.equal(w.open("device-twin").length, 1, "and again, when it is so again");
});

test("it follows the device: gone with it, and of nobody while nobody wears it", async () => {
  const w = await world();
  w.watch.twin("mon", true, START);
  assert.equal(w.open("device-twin").length, 1);
  w.take("mon");
  assert.deepEqual(w.open("device-twin"), []);
  w.watch.twin("spare", true, START);
  assert.deepEqual(w.open("device-twin"), []);
});

test("after a restart nobody is connected: the alarm ends, and comes with the twins", async () => {
  const w = await world();
  w.watch.twin("mon", true, START);
  await w.settle();
  await w.restart();
  assert.deepEqual(w.open("device-twin"), []);
  w.watch.twin("mon", true, START + 9_000);
  assert.equal(w.open("device-twin").length, 1);
});
