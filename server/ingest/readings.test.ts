import assert from "node:assert/strict";
import { test } from "node:test";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import { QUALITY } from "@openward/model";
import { ALICE, association, BOB, harness, START } from "./testing/harness.ts";

const at = (seconds: number) => START + seconds * 1000;

test("a message is placed on the patient who wears the device, in the unit in which it came", async () => {
  const h = harness();
  const receipt = await h.send("readings", {
    at: at(0),
    values: { "heart-rate": 72, "glucose-interstitial": { value: 5.6, unit: "mmol/L" } },
  });
  assert.deepEqual(receipt, { accepted: 2, quarantined: [] });
  assert.deepEqual(h.placed(ALICE), ["heart-rate=72@0", "glucose-interstitial=5.6@0"]);
  assert.deepEqual(
    h.of("stream").map(({ stream }) => [stream.signal, stream.unit, stream.patientId]),
    [
      ["heart-rate", "/min", ALICE],
      ["glucose-interstitial", "mmol/L", ALICE],
    ],
  );
});

test("a stream stands in the journal before its first reading, once, and has the same name after a restart", async () => {
  const first = harness();
  await first.send("readings", { at: at(0), values: { spo2: 97 } });
  await first.send("readings", { at: at(1), values: { spo2: 97 } });
  assert.deepEqual(
    first.journal.filter(({ kind }) => kind !== "clock").map(({ kind }) => kind),
    ["stream", "readings", "readings"],
  );
  const second = harness();
  await second.send("readings", { at: at(2), values: { spo2: 97 } });
  assert.equal(first.of("stream")[0]?.stream.id, second.of("stream")[0]?.stream.id);
});

test("a stream whose first commit failed is sent to the journal again", async () => {
  const h = harness();
  h.journalDown = true;
  await assert.rejects(h.send("readings", { at: at(0), values: { spo2: 97 } }), OutsideTrouble);
  h.journalDown = false;
  await h.send("readings", { at: at(0), values: { spo2: 97 } });
  assert.deepEqual(
    h.journal.filter(({ kind }) => kind !== "clock").map(({ kind }) => kind),
    ["stream", "readings"],
  );
});

test("the watch and the screens hear of a reading before the commit, and also when it fails", async () => {
  const h = harness();
  h.journalDown = true;
  h.onAppend = () => assert.deepEqual([h.watched.length, h.live.length], [1, 1]);
  await assert.rejects(h.send("readings", { at: at(0), values: { "heart-rate": 20 } }), { code: "STORE_UNAVAILABLE" });
  assert.equal(h.watched.length, 1);
});

const faults: [string, unknown, string, string][] = [
  ["an unknown signal", { at: at(0), values: { "hart-rate": 1 } }, "SIGNAL_UNKNOWN", "values.hart-rate"],
  ["a waveform among readings", { at: at(0), values: { "ecg-lead-ii": 1 } }, "SIGNAL_KIND", "values.ecg-lead-ii"],
  [
    "a unit that is none",
    { at: at(0), values: { spo2: { value: 97, unit: "bpm" } } },
    "UNIT_UNKNOWN",
    "values.spo2.unit",
  ],
  [
    "a unit of something else",
    { at: at(0), values: { spo2: { value: 97, unit: "kg" } } },
    "UNIT_MISMATCH",
    "values.spo2.unit",
  ],
  ["an absurd value", { at: at(0), values: { "heart-rate": 8388607 } }, "VALUE_IMPLAUSIBLE", "values.heart-rate"],
  [
    "an absurd value in another unit",
    { at: at(0), values: { "body-temperature": { value: 37, unit: "K" } } },
    "VALUE_IMPLAUSIBLE",
    "values.body-temperature",
  ],
  ["a time in 2090", { at: Date.UTC(2090, 0, 1), values: { spo2: 97 } }, "TIME_IN_FUTURE", "at"],
  ["a time in 1970", { at: 1000, values: { spo2: 97 } }, "TIME_IMPOSSIBLE", "at"],
  ["a time before the association", { at: at(-7200), values: { spo2: 97 } }, "NO_ASSOCIATION", "at"],
  ["a time that is none", { at: "yesterday", values: { spo2: 97 } }, "TIME_MALFORMED", "at"],
  ["text in place of a value", { at: at(0), values: { spo2: "97" } }, "VALUE_NOT_A_NUMBER", "values.spo2"],
];
for (const [name, body, code, field] of faults) {
  test(`${name} is quarantined whole, with ${code} at ${field}`, async () => {
    const h = harness();
    const receipt = await h.send("readings", body);
    assert.equal(receipt.accepted, 0);
    assert.deepEqual(
      h.problems().map((p) => [p.index, p.code, p.field, p.readings]),
      [[0, code, field, 1]],
    );
    assert.deepEqual(receipt.quarantined, h.problems());
    assert.equal(new TextDecoder().decode(h.quarantined()[0]?.raw), JSON.stringify(body));
    assert.deepEqual(h.placed(), []);
    assert.deepEqual(h.watched, []);
  });
}

test("what is good in a message is kept beside what is not, in one append", async () => {
  const h = harness();
  let appends = 0;
  h.onAppend = () => appends++;
  const receipt = await h.send("readings", [
    { at: at(0), values: { spo2: 97, nonsense: 1 } },
    { at: at(1), values: { spo2: 970 } },
    { at: at(2), values: { spo2: 96 } },
  ]);
  assert.equal(receipt.accepted, 2);
  assert.equal(appends, 1);
  assert.deepEqual(h.placed(), ["spo2=97@0", "spo2=96@2"]);
  assert.equal(h.quarantined().length, 1);
  assert.deepEqual(
    h
      .problems()
      .map((p) => [p.index, p.code])
      .sort(),
    [
      [0, "SIGNAL_UNKNOWN"],
      [1, "VALUE_IMPLAUSIBLE"],
    ],
  );
});

test("values at the very bounds of plausibility pass, also after conversion", async () => {
  const h = harness();
  await h.send("readings", [
    { at: at(0), values: { spo2: 100 } },
    { at: at(1), values: { spo2: { value: 1, unit: "1" } } },
    { at: at(2), values: { "heart-rate": 0 } },
  ]);
  assert.deepEqual(h.problems(), []);
  assert.equal(h.placed().length, 3);
});

test("a message that spans a change of patient is split, and nothing goes to the wrong one", async () => {
  const h = harness();
  h.associations.length = 0;
  h.associations.push(association("a1", ALICE, at(-100), at(10)), association("b1", BOB, at(20), null));
  h.runtime.advance(60_000);
  const items = Array.from({ length: 40 }, (_, i) => ({ at: at(i), values: { spo2: 90 + (i % 5) } }));
  const receipt = await h.send("readings", items);
  assert.equal(receipt.accepted, 30);
  assert.equal(h.placed(ALICE).length, 10);
  assert.equal(h.placed(BOB).length, 20);
  assert.deepEqual(
    h.problems().map((p) => [p.code, p.index, p.through, p.readings]),
    [["NO_ASSOCIATION", 10, 19, 10]],
  );
  const [a, b] = h.of("readings").map(({ readings }) => readings);
  assert.notEqual(a?.stream.id, b?.stream.id);
  assert.deepEqual([a?.associationId, b?.associationId], ["a1", "b1"]);
});

test("no more problems are listed than a person can read, and the rest are counted", async () => {
  const h = harness();
  const items = Array.from({ length: 5_000 }, (_, i) => ({ at: at(-i), values: { spo2: i % 2 === 0 ? 97 : 970 } }));
  const receipt = await h.send("readings", items);
  assert.equal(receipt.accepted, 1_801);
  assert.ok(receipt.quarantined.length <= 110, `${receipt.quarantined.length} problems`);
  const told = receipt.quarantined.reduce((sum, p) => sum + p.readings, 0);
  assert.equal(told + receipt.accepted, 5_000);
});

test("a reading without a time gets the server's, and says so", async () => {
  const h = harness();
  await h.send("readings", { values: { spo2: 97 } });
  assert.deepEqual(h.placed(), ["spo2=97@0"]);
  assert.deepEqual([...(h.of("readings")[0]?.readings.quality ?? [])], [QUALITY.timeFromServer]);
  assert.deepEqual(h.of("delivery"), []);
  assert.deepEqual(h.of("clock"), []);
});

test("delivered again, a message without a time gets the time of the first delivery", async () => {
  const h = harness();
  await h.send("readings", { values: { spo2: 97 } }, { deliveryKey: "k1" });
  h.runtime.advance(7_000);
  await h.send("readings", { values: { spo2: 97 } }, { deliveryKey: "k1", isRedelivery: true });
  assert.deepEqual(h.placed(), ["spo2=97@0", "spo2=97@0"]);
  h.oldDeliveries.set("mon k0", { receivedAt: START - 30_000, associationId: null });
  await h.send("readings", { values: { spo2: 95 } }, { deliveryKey: "k0", isRedelivery: true });
  assert.deepEqual(h.placed().at(-1), "spo2=95@-30");
  assert.deepEqual(
    h.of("delivery").map(({ delivery }) => [delivery.key, delivery.receivedAt]),
    [
      ["k1", START],
      ["k1", START],
      ["k0", START - 30_000],
    ],
  );
});

test("delivered again after its device was moved in hindsight, it stays with the patient of the first delivery", async () => {
  const h = harness();
  const sent = { values: { spo2: 97 } };
  await h.send("readings", sent, { deliveryKey: "k1" });
  h.associations.splice(
    0,
    h.associations.length,
    association("a1", ALICE, 0, START),
    association("b1", BOB, START, null),
  );
  h.runtime.advance(1_000);
  await h.send("readings", sent, { deliveryKey: "k1", isRedelivery: true });
  assert.deepEqual(h.placed(ALICE), ["spo2=97@0", "spo2=97@0"]);
  assert.deepEqual(h.placed(BOB), []);

  // The same after a start in between: the journal says where it was placed.
  const after = harness();
  after.associations.splice(0, 1, ...h.associations);
  for (const { delivery } of h.of("delivery")) after.oldDeliveries.set(`mon ${delivery.key}`, delivery);
  after.runtime.advance(2_000);
  await after.send("readings", sent, { deliveryKey: "k1", isRedelivery: true });
  assert.deepEqual(after.placed(ALICE), ["spo2=97@0"]);
  await after.send("readings", sent, { deliveryKey: "k2", isRedelivery: true });
  assert.deepEqual(after.placed(BOB), ["spo2=97@2"], "what is new goes to whoever wears it");
});

test("the time of the first attempt holds although its commit failed", async () => {
  const h = harness();
  h.journalDown = true;
  await assert.rejects(h.send("readings", { values: { spo2: 97 } }, { deliveryKey: "k1" }));
  h.journalDown = false;
  h.runtime.advance(3_000);
  await h.send("readings", { values: { spo2: 97 } }, { deliveryKey: "k1", isRedelivery: true });
  assert.deepEqual(h.placed(), ["spo2=97@0"]);
});

test("a new message under a key that is used again is a new reading, and its re-delivery is that one", async () => {
  const h = harness();
  h.oldDeliveries.set("mon k1", { receivedAt: START - 30_000, associationId: null });
  for (let n = 0; n < 3; n++) {
    await h.send("readings", { values: { spo2: 97 } }, { deliveryKey: "k1" });
    h.runtime.advance(2_000);
  }
  await h.send("readings", { values: { spo2: 97 } }, { deliveryKey: "k1", isRedelivery: true });
  assert.deepEqual(h.placed(), ["spo2=97@0", "spo2=97@2", "spo2=97@4", "spo2=97@4"]);
});

test("a body that does not parse is quarantined, or refused where the sender wants to hear of it", async () => {
  const h = harness();
  const receipt = await h.send("readings", '{"at": 12');
  assert.equal(receipt.accepted, 0);
  assert.equal(h.problems()[0]?.code, "MALFORMED_JSON");
  await assert.rejects(h.send("readings", "{", { rejectMalformed: true }), RefusedInput);
  assert.equal(h.quarantined().length, 1);
});

test("a quarantined message that is delivered again is the same entry", async () => {
  const h = harness();
  await h.send("readings", "{", { deliveryKey: "k1" });
  h.runtime.advance(1_000);
  await h.send("readings", "{", { deliveryKey: "k1", isRedelivery: true });
  await h.send("readings", "{", { deliveryKey: "k2" });
  assert.equal(new Set(h.quarantined().map(({ id }) => id)).size, 2);
  await h.send("readings", "{", { deliveryKey: "k1" });
  assert.equal(new Set(h.quarantined().map(({ id }) => id)).size, 3);
});

test("a format that no codec reads is quarantined with its bytes", async () => {
  const h = harness();
  await h.send("raw", new Uint8Array([0, 110, 1, 0, 255]), { format: "gatt/ffff", rejectMalformed: true });
  assert.equal(h.problems()[0]?.code, "CODEC_UNKNOWN");
  assert.deepEqual([...(h.quarantined()[0]?.raw ?? [])], [0, 110, 1, 0, 255]);
});

test("a unit written in ever new ways does not fill the memory", async () => {
  const h = harness();
  const items = Array.from({ length: 400 }, (_, i) => ({
    at: at(0),
    values: { spo2: { value: 97, unit: `%{a${i}}` } },
  }));
  const receipt = await h.send("readings", items);
  assert.equal(receipt.accepted, 256);
  assert.ok(receipt.quarantined.every((p) => p.code === "STREAM_LIMIT"));
});

test("a watch that throws costs neither the reading nor the ack", async () => {
  const h = harness();
  h.watched.push = () => {
    throw new Error("a bug in the watch");
  };
  const receipt = await h.send("readings", { at: at(0), values: { spo2: 97 } });
  assert.equal(receipt.accepted, 1);
  assert.equal(h.live.length, 1);
  assert.equal(h.reports.length, 1);
});

test("a server clock that is set back an hour makes no reading one from the future", async () => {
  const h = harness();
  await h.send("readings", { at: at(0), values: { spo2: 97 } });
  h.runtime.advance(1_000);
  h.runtime.setNow(START - 1_800_000);
  const receipt = await h.send("readings", { at: at(1), values: { spo2: 97 } });
  assert.deepEqual(receipt, { accepted: 1, quarantined: [] });
});

test("a device's clock is noted once a minute, and when it moves", async () => {
  const h = harness();
  for (let i = 0; i < 130; i++) {
    const skew = i < 100 ? -200 : 30_000;
    await h.send("readings", { at: h.runtime.clock.now() + skew, values: { spo2: 97 } });
    h.runtime.advance(1_000);
  }
  const offsets = h
    .of("clock")
    .map(({ sighting: { deviceTime, serverTime } }) => [(serverTime - START) / 1000, deviceTime - serverTime]);
  assert.deepEqual(offsets, [
    [0, -200],
    [60, -200],
    [100, 30_000],
  ]);
});

test("late data is no other clock: it is seen, and nothing is decided by it", async () => {
  const h = harness();
  await h.send("readings", { at: at(-1800), values: { spo2: 97 } });
  const [seen] = h.of("clock");
  assert.equal(seen?.sighting.deviceTime, at(-1800));
  assert.deepEqual(h.of("clock-state"), []);
});
