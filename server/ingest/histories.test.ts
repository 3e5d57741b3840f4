import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { testSeed } from "../../packages/timeseries/testing/random.ts";
import { ALICE, association, BOB, harness, START } from "./testing/harness.ts";

const seed = testSeed();

test(`whatever the history, each reading is with who wore the device, or quarantined (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  const int = (n: number) => Math.floor(random.float() * n);
  for (let round = 0; round < 300; round++) {
    const h = harness();
    h.associations.length = 0;
    let from = START - 1_000_000 + int(1_000) * 1_000;
    for (let i = 0; i < 4; i++) {
      const to = from + (1 + int(200)) * 1_000;
      h.associations.push(association(`x${i}`, int(2) === 0 ? ALICE : BOB, from, to));
      from = to + int(3) * 20_000;
    }
    const items = Array.from({ length: 1 + int(60) }, () => {
      const fault = int(20);
      const time = fault === 0 ? 5_000 : fault === 1 ? START + 1e10 : START - int(1_000) * 1_000;
      const value = fault === 2 ? 5_000 : 60 + int(60);
      return { at: time, values: { "heart-rate": value, ...(fault === 3 && { unheard: 1 }) } };
    });
    const receipt = await h.send("readings", items);
    const told = receipt.quarantined.reduce((sum, p) => sum + p.readings, 0);
    const sent = items.reduce((sum, item) => sum + Object.keys(item.values).length, 0);
    assert.equal(receipt.accepted + told, sent, `round ${round}: every value is placed or told`);
    assert.equal(receipt.accepted, h.placed().length);
    for (const { readings } of h.of("readings")) {
      readings.times.forEach((time, i) => {
        const wearer = h.associations.find((a) => time >= a.from && time < (a.to ?? Number.POSITIVE_INFINITY));
        assert.equal(readings.stream.patientId, wearer?.patientId, `round ${round}: patient at ${time}`);
        assert.equal(readings.associationId, wearer?.id);
        assert.ok(items.some((item) => item.at === time && item.values["heart-rate"] === readings.values[i]));
      });
    }
    assert.equal(h.quarantined().length, told > 0 ? 1 : 0);
  }
});

test(`with a clock that is known to be wrong, a reading is placed where both clocks agree (seed ${seed})`, async () => {
  const random = seededRandom(seed + 1);
  const int = (n: number) => Math.floor(random.float() * n);
  let ambiguous = 0;
  for (let round = 0; round < 200; round++) {
    const h = harness();
    h.associations.length = 0;
    for (let i = 0, from = START - 600_000; i < 4; i++, from += 150_000) {
      h.associations.push(association(`x${i}`, int(2) === 0 ? ALICE : BOB, from, from + 150_000));
    }
    const offset = (int(2) === 0 ? 1 : -1) * (2_000 + int(200_000));
    await h.send("status", { state: "online", clock: START + offset });
    const items = Array.from({ length: 1 + int(30) }, () => ({
      at: START - int(600) * 1_000,
      values: { "heart-rate": 60 + int(60) },
    }));
    const receipt = await h.send("readings", items);
    const told = receipt.quarantined.reduce((sum, p) => sum + p.readings, 0);
    assert.equal(receipt.accepted + told, items.length, `round ${round}: every value is placed or told`);
    ambiguous += receipt.quarantined.filter((p) => p.code === "ASSOCIATION_AMBIGUOUS").length;
    const wearerAt = (time: number) => h.associations.find((a) => time >= a.from && time < (a.to ?? 0))?.patientId;
    for (const { readings } of h.of("readings")) {
      for (const time of readings.times) {
        assert.equal(readings.stream.patientId, wearerAt(time), `round ${round}: by what the device says`);
        assert.equal(readings.stream.patientId, wearerAt(time - offset), `round ${round}: by the corrected clock`);
      }
    }
  }
  assert.ok(ambiguous > 100, "the fault happened");
});
