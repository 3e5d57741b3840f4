import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceEvent } from "@openward/model";
import { QUALITY } from "@openward/model";
import { ALICE, association, BOB, type Harness, harness, START } from "./testing/harness.ts";

const at = (seconds: number) => START + seconds * 1000;
const ecg = { signal: "ecg-lead-ii", start: at(0), rate: 250, unit: "mV", scale: 0.005, samples: [0, 1, null, -3] };

test("a piece of waveform keeps its samples, its scale and its gaps", async () => {
  const h = harness();
  const receipt = await h.send("waveform", ecg);
  assert.equal(receipt.accepted, 1);
  const [{ waveform } = assert.fail()] = h.of("waveform");
  assert.deepEqual([...waveform.samples], [0, 1, -2147483648, -3]);
  assert.deepEqual([waveform.rateHz, waveform.scale, waveform.start], [250, 0.005, at(0)]);
  assert.equal(waveform.stream.kind, "waveform");
  assert.equal(h.live.length, 1);
});

test("a piece of waveform that spans a change of patient goes to neither", async () => {
  const h = harness();
  h.associations.length = 0;
  h.associations.push(association("a1", ALICE, at(-100), at(0) + 8), association("b1", BOB, at(0) + 8, null));
  await h.send("waveform", ecg);
  assert.deepEqual(h.of("waveform"), []);
  assert.deepEqual(
    h.problems().map((p) => [p.code, p.field]),
    [["ASSOCIATION_SPLIT", "start"]],
  );
});

const wrong: [string, object, string][] = [
  ["a numeric signal", { signal: "heart-rate" }, "SIGNAL_KIND"],
  ["an unknown signal", { signal: "ecg-lead-xx" }, "SIGNAL_UNKNOWN"],
  ["a wrong unit", { unit: "kg" }, "UNIT_MISMATCH"],
  ["a scale that no heart reaches", { scale: 1000, samples: [30, -20] }, "VALUE_IMPLAUSIBLE"],
  ["a start in the future", { start: at(3600) }, "TIME_IN_FUTURE"],
  ["a rate of nothing", { rate: 0 }, "RATE_IMPOSSIBLE"],
];
for (const [name, change, code] of wrong) {
  test(`a waveform of ${name} is quarantined with ${code}`, async () => {
    const h = harness();
    await h.send("waveform", { ...ecg, ...change });
    assert.deepEqual(
      h.problems().map((p) => p.code),
      [code],
    );
    assert.deepEqual(h.of("waveform"), []);
  });
}

test("a single sample off the scale is artefact, and stays part of the waveform", async () => {
  const h = harness();
  await h.send("waveform", { ...ecg, samples: [0, 1_000_000, 2] });
  assert.deepEqual([...(h.of("waveform")[0]?.waveform.samples ?? [])], [0, 1_000_000, 2]);
});

test("an event has the device's id, or one that is the same when it is sent again", async () => {
  const h = harness();
  await h.send("event", { event: "sos-button", at: at(0), id: "press-1" });
  await h.send("event", { event: "sensor-off", at: at(1), lead: "V1" });
  await h.send("event", { event: "sensor-off", at: at(1), lead: "V1" });
  await h.send("event", { event: "sensor-off", at: at(1), lead: "V2" });
  const ids = h.of("event").map(({ event }) => event.id);
  assert.equal(ids[0], "press-1");
  assert.equal(ids[1], ids[2]);
  assert.notEqual(ids[2], ids[3]);
  assert.deepEqual(h.of("event")[1]?.event.detail, { lead: "V1" });
  assert.equal(h.of("event")[1]?.event.patientId, ALICE);
});

test("an event whose name is none is quarantined; a device's own event on no patient is kept", async () => {
  const h = harness();
  await h.send("event", { event: "Sensor Off!", at: at(0) });
  await h.send("event", { event: "heart-rate", at: at(0) });
  assert.deepEqual(
    h.problems().map((p) => p.code),
    ["EVENT_UNKNOWN", "EVENT_UNKNOWN"],
  );
  h.associations.length = 0;
  await h.send("event", { event: "charging", at: at(0) });
  assert.equal(h.of("event")[0]?.event.patientId, null);
});

for (const [name, time] of [
  ["in 1970", 1000],
  ["in 2090", Date.UTC(2090, 0, 1)],
  ["from before anybody wore it", at(-864_000)],
] as const) {
  test(`a call for help dated ${name} is placed now, on who wears the device, and says so`, async () => {
    const h = harness();
    const receipt = await h.send("event", { event: "sos-button", at: time, id: "p" });
    assert.equal(receipt.accepted, 1);
    const event = h.watched[0] as DeviceEvent;
    assert.deepEqual([event.patientId, event.at, event.timeFromServer], [ALICE, START, true]);
    assert.deepEqual(event.detail, { deviceTime: time });
  });
}

test("a call for help from a device that nobody wears is quarantined, and when claimed it reaches the watch", async () => {
  const h = harness();
  h.associations.length = 0;
  await h.send("event", { event: "sos-button", at: at(0), id: "p" });
  assert.deepEqual(
    h.problems().map((p) => p.code),
    ["NO_ASSOCIATION"],
  );
  assert.equal(h.watched.length, 0);
  const [entry = assert.fail()] = h.quarantined();
  await h.ingest.reprocess(entry, { patientId: BOB, associationId: "claim-1", useReceivedTime: false });
  assert.equal((h.watched.at(-1) as DeviceEvent).patientId, BOB);
  assert.equal(h.of("event")[0]?.event.patientId, BOB);
});

test("a status is kept; a battery of 300 % is quarantined and the state is not lost with it", async () => {
  const h = harness();
  const receipt = await h.send("status", { state: "online", battery: 300, clock: at(-3600) });
  assert.equal(receipt.accepted, 1);
  assert.deepEqual(h.of("status")[0]?.status.battery, null);
  assert.deepEqual(
    h.problems().map((p) => [p.code, p.field]),
    [["FIELD_INVALID", "battery"]],
  );
  assert.equal(h.of("clock")[0]?.sighting.deviceTime, at(-3600));
});

test("a claim places what was quarantined on the patient, and nothing of what others have", async () => {
  const h = harness();
  h.associations.length = 0;
  h.associations.push(association("a1", ALICE, at(-100), at(2)));
  await h.send("readings", [
    { at: at(0), values: { spo2: 91 } },
    { at: at(1), values: { spo2: 92, nonsense: 1 } },
    { at: at(2), values: { spo2: 93 } },
    { at: at(3), values: { spo2: 94, "heart-rate": 7000 } },
  ]);
  assert.deepEqual(h.placed(), ["spo2=91@0", "spo2=92@1"]);
  const [entry = assert.fail()] = h.quarantined();
  const claimed = await h.ingest.reprocess(entry, { patientId: BOB, useReceivedTime: false });
  assert.equal(claimed.accepted, 2);
  assert.deepEqual(h.placed(BOB), ["spo2=93@2", "spo2=94@3"]);
  assert.deepEqual(h.placed(ALICE), ["spo2=91@0", "spo2=92@1"]);
  assert.deepEqual(claimed.quarantined.map((p) => p.code).sort(), ["SIGNAL_UNKNOWN", "VALUE_IMPLAUSIBLE"]);
  assert.deepEqual([...(h.of("readings").at(-1)?.readings.quality ?? [])], [QUALITY.claimed, QUALITY.claimed]);
});

test("where not every problem was listed, a claim gives nobody what lies with somebody else", async () => {
  const h = harness();
  h.associations.length = 0;
  for (let i = 0; i < 1000; i += 2) h.associations.push(association(`a${i}`, ALICE, at(-i - 1), at(-i)));
  await h.send(
    "readings",
    Array.from({ length: 1000 }, (_, i) => ({ at: at(-i), values: { spo2: 90 } })),
  );
  assert.equal(h.placed(ALICE).length, 500);
  const [entry = assert.fail()] = h.quarantined();
  const claimed = await h.ingest.reprocess(entry, { patientId: BOB, useReceivedTime: false });
  assert.equal(claimed.accepted, 500);
  const alices = new Set(h.placed(ALICE));
  assert.ok(h.placed(BOB).every((placed) => !alices.has(placed)));
});

test("a claim with the time of arrival keeps the distances and says where the time is from", async () => {
  const h = harness();
  await h.send("readings", [
    { at: 1000, values: { spo2: 95, "heart-rate": 70 } },
    { at: 3000, values: { spo2: 94 } },
  ]);
  const [entry = assert.fail()] = h.quarantined();
  h.runtime.advance(3_600_000);
  const refused = await h.ingest.reprocess(entry, { patientId: BOB, useReceivedTime: false });
  assert.equal(refused.accepted, 0);
  const claimed = await h.ingest.reprocess(entry, { patientId: BOB, useReceivedTime: true });
  assert.equal(claimed.accepted, 3);
  assert.deepEqual(h.placed(BOB).sort(), ["heart-rate=70@-2", "spo2=94@0", "spo2=95@-2"]);
  const expected = QUALITY.claimed | QUALITY.timeFromServer;
  assert.ok(h.of("readings").every(({ readings }) => readings.quality.every((bits) => bits === expected)));
});

test("a last will is kept, and is neither the patient's news nor a sighting of the device's clock", async () => {
  const h = harness();
  await h.send("status", { state: "gone", clock: at(-3600) }, { isWill: true });
  await h.send("readings", { values: { "heart-rate": 30 } }, { isWill: true });
  assert.equal(h.of("status").length, 1);
  assert.equal(h.of("readings").length, 1);
  assert.deepEqual(h.of("clock"), []);
  assert.deepEqual(h.wills, [true]);
  assert.equal(h.watched.length, 1, "the status alone");
});

const swapped = () => {
  const h = harness();
  h.associations.length = 0;
  h.associations.push(association("a1", ALICE, at(-3600), at(-300)), association("a2", BOB, at(-300), null));
  return h;
};
const placed = (h: ReturnType<typeof harness>) =>
  h.of("event").map(({ event }) => [event.patientId === ALICE ? "ALICE" : "BOB", event.at, event.timeFromServer]);

test("a call for help that is dated before a swap rings for the wearer of then and for the wearer of now", async () => {
  const h = swapped();
  await h.send("event", { event: "sos-button", id: "p1", at: at(-600) });
  assert.deepEqual(placed(h), [
    ["ALICE", at(-600), false],
    ["BOB", START, true],
  ]);
  assert.equal(h.watched.length, 2);
  assert.deepEqual(h.of("event")[1]?.event.detail, { deviceTime: at(-600), wearer: "uncertain" });
  h.runtime.advance(60_000);
  await h.send("event", { event: "sos-button", id: "p1", at: at(-600) });
  assert.deepEqual(placed(h)[3], placed(h)[1], "sent again, both are the same events");
  assert.equal(h.of("event")[3]?.event.id, h.of("event")[1]?.event.id);
});

test("a call for help of a clock that told that it is slow is the present wearer's alone", async () => {
  const h = swapped();
  await h.send("status", { state: "online", clock: at(-600) });
  await h.send("event", { event: "sos-button", id: "p1", at: at(-600) });
  assert.deepEqual(placed(h), [["BOB", START, true]]);
  assert.deepEqual(h.of("event")[0]?.event.detail, { deviceTime: at(-600) });
});

test("readings and samples near a swap, of a clock that told that it is slow, are nobody's until a person says", async () => {
  const h = swapped();
  await h.send("status", { state: "online", clock: at(-600) });
  await h.send("readings", { at: at(-600), values: { "heart-rate": 45 } });
  await h.send("waveform", { ...ecg, start: at(-600) });
  await h.send("readings", { at: at(-1200), values: { "heart-rate": 46 } });
  assert.deepEqual(
    h.problems().map((p) => [p.code, p.field, p.readings]),
    [
      ["ASSOCIATION_AMBIGUOUS", "at", 1],
      ["ASSOCIATION_AMBIGUOUS", "start", 1],
    ],
  );
  assert.deepEqual(h.placed(), ["heart-rate=46@-1200"], "far from the swap nothing is in doubt");
  await h.send("readings", { at: at(-1), values: { "heart-rate": 70 } });
  await h.send("readings", { at: at(-400), values: { "heart-rate": 50 } });
  assert.deepEqual(h.placed(ALICE), ["heart-rate=46@-1200", "heart-rate=50@-400"], "the clock was set since");
});

test("an event without a time, said again within minutes, has the time of the first; later it is another", async () => {
  const h = harness();
  await h.send("event", { event: "sos-button", id: "1" });
  h.runtime.advance(60_000);
  await h.send("event", { event: "sos-button", id: "1" });
  h.runtime.advance(3_600_000);
  await h.send("event", { event: "sos-button", id: "1" });
  assert.deepEqual(
    h.of("event").map(({ event }) => event.at),
    [START, START, START + 3_660_000],
  );
});

test("what its sender has a name for is quarantined once, however late it is sent again, and another body is another message", async () => {
  const body = { at: START, values: { "not-a-signal": 1 } };
  const named = { messageId: "m-1", deliveryKey: "id:m-1:x", isRedelivery: true };
  const before = harness();
  await before.send("readings", body, named);
  const after = harness();
  after.runtime.advance(3 * 86_400_000);
  await after.send("readings", body, named);
  await after.send("readings", { ...body, at: START + 1 }, { ...named, deliveryKey: "id:m-1:y" });
  const [first, other] = after.quarantined().map(({ id }) => id);
  assert.equal(first, before.quarantined()[0]?.id);
  assert.notEqual(other, first);
});

test("a call for help whose time cannot be is, in a message with a name, the same however late it comes again", async () => {
  const named = { messageId: "m-2", deliveryKey: "id:m-2:x", isRedelivery: true };
  const call = { event: "sos-button", at: 1000, id: "p" };
  const before = harness();
  await before.send("event", call, named);
  const after = harness();
  after.runtime.advance(3_600_000);
  await after.send("event", call, named);
  await after.send("event", call);
  await after.send("event", { ...call, at: after.runtime.clock.now() }, named);
  const told = (h: Harness) => h.of("event").map(({ event }) => [event.id, event.messageId, event.at === START]);
  assert.deepEqual(told(before), [["p", "m-2", true]]);
  // By its name the store knows the first again; without one nobody can; with a time of its own it needs none.
  assert.deepEqual(told(after), [
    ["p", "m-2", false],
    ["p", undefined, false],
    ["p", undefined, false],
  ]);
});

test("what was quarantined and is delivered again after a crash is quarantined once", async () => {
  const before = harness();
  const body = { at: START, values: { "not-a-signal": 1 } };
  await before.send("readings", body, { deliveryKey: "session 7" });
  const after = harness();
  after.runtime.advance(20_000);
  for (const { delivery } of before.of("delivery")) after.oldDeliveries.set(`mon ${delivery.key}`, delivery);
  await after.send("readings", body, { deliveryKey: "session 7", isRedelivery: true });
  const idsOf = (h: Harness) => h.quarantined().map(({ id }) => id);
  assert.equal(idsOf(before).length, 1);
  assert.deepEqual(idsOf(after), idsOf(before));
});
