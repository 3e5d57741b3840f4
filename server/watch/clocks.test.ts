import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClockState } from "@openward/model";
import { ORGANISATION, PATIENT, START, world } from "./testing/world.ts";

const HOUR = 3_600_000;
const state = (leadsTo: ClockState["leadsTo"], more: Partial<ClockState> = {}): ClockState => ({
  organisationId: ORGANISATION,
  deviceId: "mon",
  sequence: 1,
  decidedAt: START + 60_000,
  kind: leadsTo === "quarantined" ? "reset-1970" : leadsTo === "corrected" ? "local-as-utc" : null,
  leadsTo,
  isCertain: true,
  from: START + 1_000,
  after: START,
  appliesFrom: null,
  at: START,
  aheadMs: 0,
  drift: 0,
  driftBound: 0.001,
  belowMs: 0,
  aboveMs: 2_000,
  sightings: 3,
  ...more,
});

test("a clock that shows no time is a technical alarm of whoever wears the device, until it is set", async () => {
  const w = await world();
  w.watch.clock(state("quarantined"));
  const [alarm = assert.fail("no alarm")] = w.open("device-clock");
  assert.deepEqual(
    [alarm.priority, alarm.patientId, alarm.deviceId, alarm.onsetAt, alarm.state],
    ["medium", PATIENT, "mon", START + 1_000, "raised"],
  );
  w.watch.clock(state("kept"));
  assert.deepEqual(w.open("device-clock"), []);
  for (const leadsTo of ["corrected", "flagged"] as const) w.watch.clock(state(leadsTo));
  assert.deepEqual(w.open("device-clock"), [], "what can be placed is no alarm");
});

test("it follows the device, and after a restart what is known of the clock decides", async () => {
  const w = await world();
  w.watch.clock(state("quarantined"));
  const [before] = w.open("device-clock");
  await w.settle();
  await w.restart();
  w.watch.clock(state("quarantined"));
  assert.deepEqual(
    w.open("device-clock").map(({ id }) => id),
    [before?.id],
    "the same alarm",
  );
  w.watch.clock(state("kept"));
  assert.deepEqual(w.open("device-clock"), []);
  w.watch.clock(state("quarantined"));
  w.take("mon");
  assert.deepEqual(w.open("device-clock"), []);
});

test("of a clock that is corrected, data as late as it was behind is not taken for live", async () => {
  for (const isCorrected of [false, true]) {
    const w = await world();
    await w.set({ signal: "heart-rate", high: 120, enabled: true });
    const said = { organisationId: ORGANISATION, deviceId: "mon", state: "online", battery: null };
    w.watch.status({ ...said, clock: START - HOUR, receivedAt: START });
    if (isCorrected) w.watch.clock(state("corrected", { aheadMs: -HOUR }));
    w.read("heart-rate", 180, { time: START - HOUR });
    w.runtime.advance(60_000);
    w.read("heart-rate", 180, { time: START - HOUR + 60_000 });
    assert.equal(w.open("limit-high").length, isCorrected ? 0 : 1);
  }
});
