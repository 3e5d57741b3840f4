import assert from "node:assert/strict";
import { test } from "node:test";
import { ABSENT_SAMPLE, type Waveform } from "@openward/model";
import { OTHER, PATIENT, START, viewOf, type World, world } from "./testing/world.ts";

const HR_HIGH = { signal: "heart-rate", high: 120 };

async function raised(w: World) {
  await w.set(HR_HIGH);
  w.read("heart-rate", 130);
  const [alarm = assert.fail("no alarm")] = w.open("limit-high");
  return alarm;
}

test("an alarm says what, whose, since when, and what value broke which limit", async () => {
  const w = await world();
  const alarm = await raised(w);
  assert.deepEqual(
    [alarm.state, alarm.priority, alarm.patientId, alarm.deviceId, alarm.signal, alarm.revision, alarm.latched],
    ["raised", "medium", PATIENT, "mon", "heart-rate", 1, false],
  );
  assert.deepEqual([alarm.value, alarm.limit, alarm.unit, alarm.onsetAt], [130, 120, "/min", START]);
  assert.match(alarm.id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("limits are in the signal's own unit, whatever the device sends", async () => {
  const w = await world();
  await w.set({ signal: "glucose-interstitial", low: 70 });
  w.read("glucose-interstitial", 3.0, { unit: "mmol/L" });
  const [alarm = assert.fail()] = w.open("limit-low");
  assert.equal(alarm.unit, "mg/dL");
  assert.ok(Math.abs((alarm.value ?? 0) - 54.05) < 0.1, `${alarm.value} mg/dL`);
});

test("an acknowledgement names who and when, and is for the revision that the person saw", async () => {
  const w = await world();
  const alarm = await raised(w);
  w.runtime.advance(5_000);
  const answered = w.watch.acknowledge(viewOf("Kari"), alarm.id, 1);
  assert.deepEqual(
    [answered.state, answered.acknowledgedBy, answered.acknowledgedAt, answered.revision],
    ["acknowledged", "Kari", START + 5_000, 2],
  );
  assert.throws(() => w.watch.acknowledge(w.view, alarm.id, 1), { code: "CONFLICT" });
  assert.deepEqual(w.watch.acknowledge(w.view, alarm.id, 2), answered, "twice is harmless");
});

test("an acknowledgement of a latched alarm does not silence the same alarm reopened since", async () => {
  const w = await world();
  await w.set({ ...HR_HIGH, latching: true });
  w.read("heart-rate", 130);
  w.runtime.advance(1_000);
  w.read("heart-rate", 110);
  const [latched = assert.fail()] = w.open();
  assert.equal(latched.latched, true);
  w.runtime.advance(1_000);
  w.read("heart-rate", 131);
  assert.throws(() => w.watch.acknowledge(w.view, latched.id, latched.revision), { code: "CONFLICT" });
  assert.deepEqual(
    w.open().map((a) => [a.state, a.latched]),
    [["raised", false]],
  );
});

test("limits are judged anew by what counts in place of a reading that was taken back", async () => {
  const w = await world();
  await raised(w);
  const { id } = w.stream("heart-rate");
  // The one before breaks the limit too: the alarm goes on as the same.
  w.watch.amended(id, 125);
  assert.deepEqual(
    w.open("limit-high").map((alarm) => [alarm.state, alarm.conditionEndedAt]),
    [["raised", null]],
  );
  w.watch.amended(id, 80);
  assert.deepEqual(w.open("limit-high"), []);
  w.runtime.advance(1_000);
  w.read("heart-rate", 131);
  assert.equal(w.open("limit-high").length, 1, "what comes next is judged as ever");
});

test("where nothing counts any more a condition ends, and latches as it would; silence goes on to be watched", async () => {
  const w = await world();
  await w.set({ ...HR_HIGH, latching: true });
  w.read("heart-rate", 130);
  const { id } = w.stream("heart-rate");
  w.watch.amended(id, null);
  assert.deepEqual(
    w.open("limit-high").map((alarm) => [alarm.state, alarm.latched]),
    [["raised", true]],
  );
  w.watch.amended(id, null);
  w.watch.amended("no such stream", 5);
  w.runtime.advance(60_000);
  assert.equal(w.open("missing-data").length, 1);
});

test("whoever may not see the patient sees no alarm and answers none", async () => {
  const w = await world();
  const alarm = await raised(w);
  const stranger = viewOf("stranger", [OTHER]);
  assert.deepEqual(w.watch.active(stranger), []);
  assert.deepEqual(w.watch.alarmsOf(stranger, PATIENT), []);
  assert.throws(() => w.watch.acknowledge(stranger, alarm.id, 1), { code: "NOT_FOUND" });
  assert.throws(() => w.watch.limitsOf(stranger, PATIENT), { code: "NOT_FOUND" });
  assert.throws(() => w.watch.startStandby(stranger, PATIENT, { streamId: null, reason: "x", minutes: 1 }), {
    code: "NOT_FOUND",
  });
  assert.deepEqual(w.watch.standbyOf(stranger, PATIENT), []);
  await assert.rejects(
    w.set(HR_HIGH).then(() => w.watch.setLimits(stranger, PATIENT, [])),
    { code: "NOT_FOUND" },
  );
  await assert.rejects(w.watch.confirmExpectation(stranger, w.stream("heart-rate").id, null), { code: "NOT_FOUND" });
});

test("the most urgent alarm comes first, and unanswered before answered", async () => {
  const w = await world();
  await w.set({ signal: "spo2", low: 90, criticalLow: 80 });
  await w.set(HR_HIGH);
  w.read("heart-rate", 130);
  w.runtime.advance(1_000);
  w.read("spo2", 70);
  assert.deepEqual(
    w.open().map((a) => a.rule),
    ["critical-low", "limit-low", "limit-high"],
  );
  const low = w.open("limit-low")[0] ?? assert.fail();
  w.watch.acknowledge(w.view, low.id, low.revision);
  assert.deepEqual(
    w.open().map((a) => a.rule),
    ["critical-low", "limit-high", "limit-low"],
  );
});

test("readings of a patient who wore the device before raise nothing", async () => {
  const w = await world();
  await w.set(HR_HIGH);
  const before = w.stream("heart-rate");
  const association = w.associations.get("mon")?.id ?? "";
  w.put("mon", OTHER);
  w.watch.readings({
    stream: before,
    associationId: association,
    times: Float64Array.of(START),
    values: Float64Array.of(200),
    quality: new Uint8Array(1),
    utcOffsetMinutes: null,
    receivedAt: START,
  });
  assert.deepEqual(w.open(), []);
});

test("an alarm that was raised ends when the device goes to another patient", async () => {
  const w = await world();
  await raised(w);
  w.put("mon", OTHER);
  assert.deepEqual(w.open(), []);
  assert.equal(w.shown.at(-1)?.state, "resolved");
  assert.equal(w.shown.at(-1)?.patientId, PATIENT);
});

test("an open alarm of a device that was taken off while the server was down ends at the start", async () => {
  const w = await world();
  await raised(w);
  await w.settle();
  w.associations.delete("mon");
  await w.restart();
  assert.deepEqual(w.open(), []);
});

test("discharge ends everything but a call for help that nobody has answered", async () => {
  const w = await world();
  await raised(w);
  w.watch.event({
    id: "p",
    organisationId: "o",
    deviceId: "mon",
    patientId: PATIENT,
    associationId: null,
    event: "sos-button",
    at: START,
    timeFromServer: false,
    receivedAt: START,
    detail: {},
  });
  assert.equal(w.open().length, 2);
  w.patients.set(PATIENT, { isAdmitted: false, ageGroup: "adult" });
  w.watch.patientChanged(PATIENT);
  const left = () => w.open().map((alarm) => alarm.rule);
  assert.deepEqual(left(), ["event"]);
  w.read("heart-rate", 200, { time: START + 1 });
  assert.deepEqual(left(), ["event"]);
});

test("of a patient who was erased nothing stays, nothing rings and nothing is written", async () => {
  const w = await world();
  w.put("mon-1", PATIENT);
  await w.set({ signal: "spo2", low: 90, delayMs: 0 });
  w.read("spo2", 80);
  w.watch.startStandby(w.view, PATIENT, { streamId: null, reason: "scan", minutes: 30 });
  await w.settle();
  assert.equal(w.open().length, 1);
  const { journal, shown } = w;
  const [written, seen] = [journal.length, shown.length];
  w.patients.delete(PATIENT);
  w.watch.forget(PATIENT);
  w.runtime.advance(3_600_000);
  await w.settle();
  assert.deepEqual([w.open(), w.watch.standbyOf(w.view, PATIENT)], [[], []]);
  assert.deepEqual([journal.length, shown.length], [written, seen]);
});

test("limits of a patient who was erased are not saved any more, also where that was being tried again", async () => {
  const w = await world();
  await w.watch.chooseProfile(w.view, PATIENT, "adult");
  w.databaseDown = true;
  w.patients.set(PATIENT, { isAdmitted: true, ageGroup: "pediatric" });
  w.watch.patientChanged(PATIENT);
  await w.settle();
  assert.equal(w.reports.length, 1, "the profile that follows the age could not be saved");
  w.patients.delete(PATIENT);
  w.watch.forget(PATIENT);
  w.runtime.advance(3_600_000);
  await w.settle();
  assert.equal(w.reports.length, 1);
});

test("a batch is judged sample by sample, also when it is out of order", async () => {
  const w = await world();
  await w.set({ ...HR_HIGH, delayMs: 5_000 });
  w.runtime.advance(59_000);
  const at = (s: number) => START + s * 1_000;
  w.readBatch("heart-rate", [at(56), at(50), at(53), at(59)], [130, 130, 130, 80]);
  assert.deepEqual(
    w.shown.map((a) => [a.state, a.onsetAt]),
    [
      ["raised", at(50)],
      ["resolved", at(50)],
    ],
  );
});

test("batches feed the deadline by their arrival, and are judged by device time", async () => {
  const w = await world();
  w.runtime.advance(10_000);
  w.readBatch("spo2", [START, START + 1_000], [97, 97]);
  w.runtime.advance(9_999);
  assert.deepEqual(w.open(), []);
  w.runtime.advance(1);
  assert.equal(w.open("missing-data")[0]?.onsetAt, START + 10_000, "since it was last heard, server time");
});

test("a thousand streams that stop are a thousand alarms, with one timer", async () => {
  const w = await world();
  const timers = w.runtime.pending();
  for (let i = 0; i < 1_000; i++) {
    w.put(`d${i}`, PATIENT);
    w.read("spo2", 97, { deviceId: `d${i}` });
  }
  assert.ok(w.runtime.pending() <= timers + 1);
  await w.restart();
  w.runtime.advance(10_000);
  assert.equal(w.open("missing-data").length, 1_000);
  await w.restart();
  w.runtime.advance(10_000);
  assert.equal(w.open("missing-data").length, 1_000);
  assert.equal(new Set(w.shown.filter((a) => a.rule === "missing-data").map((a) => a.id)).size, 1_000);
});

function ecg(w: World, samples: number[]): Waveform {
  return {
    stream: w.stream("ecg-lead-ii"),
    associationId: w.associations.get("mon")?.id ?? "",
    start: w.runtime.clock.now() - 1_000,
    rateHz: 250,
    scale: 0.005,
    origin: 0,
    samples: Int32Array.from(samples),
    quality: 0,
    utcOffsetMinutes: null,
    receivedAt: w.runtime.clock.now(),
  };
}

test("a waveform of nothing but gaps is a missing one: the electrode is off", async () => {
  const w = await world();
  w.watch.waveform(ecg(w, [1, 2, 3]));
  for (let i = 0; i < 12; i++) {
    w.runtime.advance(1_000);
    w.watch.waveform(ecg(w, [ABSENT_SAMPLE, ABSENT_SAMPLE]));
  }
  assert.deepEqual(
    w.open().map((a) => [a.rule, a.signal]),
    [["missing-data", "ecg-lead-ii"]],
  );
  w.watch.waveform(ecg(w, [ABSENT_SAMPLE, 4]));
  assert.deepEqual(w.open(), []);
});

test("what is learned is suggested, and is not watched before a person confirms it", async () => {
  const w = await world("adult", "generic");
  const { id } = w.stream("heart-rate");
  for (let i = 0; i <= 20; i++) {
    w.read("heart-rate", 70);
    w.runtime.advance(5_000);
  }
  assert.deepEqual(w.watch.expectationOf(id), { streamId: id, intervalMs: 5_000, source: "learned" });
  w.runtime.advance(3_600_000);
  assert.deepEqual(w.open(), []);
  await w.watch.confirmExpectation(w.view, id, 5_000);
  await w.restart();
  assert.deepEqual(w.watch.expectationOf(id), { streamId: id, intervalMs: 5_000, source: "confirmed" });
  w.runtime.advance(5_000);
  assert.equal(w.open("missing-data").length, 1);
  await w.watch.confirmExpectation(w.view, id, null);
  assert.deepEqual(w.open(), [], "on demand: not missed any more");
  await assert.rejects(w.watch.confirmExpectation(w.view, id, 5), { code: "FIELD_INVALID" });
});

test("a rhythm that was learned in an earlier run is not taken for a confirmed one", async () => {
  const w = await world("adult", "generic");
  const { id, organisationId, patientId } = w.stream("heart-rate");
  const expectation = { streamId: id, intervalMs: 1_000, source: "learned" } as const;
  w.journal.push({ kind: "expectation", organisationId, patientId, expectation });
  await w.restart();
  w.read("heart-rate", 70);
  w.runtime.advance(3_600_000);
  assert.deepEqual(w.open(), []);
});

test("an expectation that could not be made durable is not in force", async () => {
  const w = await world("adult", "generic");
  w.read("heart-rate", 70);
  w.journalDown = true;
  await assert.rejects(w.watch.confirmExpectation(w.view, w.stream("heart-rate").id, 5_000));
  assert.equal(w.watch.expectationOf(w.stream("heart-rate").id).intervalMs, null);
});

test("the default profile follows the age; an unknown age has none until a person chooses", async () => {
  const w = await world(null);
  assert.deepEqual(w.watch.limitsOf(w.view, PATIENT), { profile: null, limits: [] });
  const chosen = await w.watch.chooseProfile(w.view, PATIENT, "adult");
  assert.equal(chosen.profile, "adult");
  assert.equal(chosen.limits.find((l) => l.signal === "heart-rate")?.setBy, "profile adult");
  await w.restart();
  assert.equal(w.watch.limitsOf(w.view, PATIENT).profile, "adult");
});

test("an adult profile that was chosen for somebody of unknown age ends when they turn out to be a child", async () => {
  const w = await world(null);
  await w.watch.chooseProfile(w.view, PATIENT, "adult");
  w.patients.set(PATIENT, { isAdmitted: true, ageGroup: "pediatric" });
  w.watch.patientChanged(PATIENT);
  assert.equal(w.watch.limitsOf(w.view, PATIENT).profile, "pediatric");
  await w.settle();
  await w.restart();
  assert.equal(w.watch.limitsOf(w.view, PATIENT).profile, "pediatric");
});

test("a choice made for somebody of unknown age ends also when the age became known while the server was down", async () => {
  const w = await world(null);
  await w.watch.chooseProfile(w.view, PATIENT, "adult");
  w.patients.set(PATIENT, { isAdmitted: true, ageGroup: "pediatric" });
  await w.restart();
  assert.equal(w.watch.limitsOf(w.view, PATIENT).profile, "pediatric");
});

test("a choice that was made although the age was known stays over a restart", async () => {
  const w = await world("pediatric");
  await w.watch.chooseProfile(w.view, PATIENT, "adult");
  await w.restart();
  assert.equal(w.watch.limitsOf(w.view, PATIENT).profile, "adult");
});

test("a profile that ended while the database was down is saved when it is back", async () => {
  const w = await world(null);
  await w.watch.chooseProfile(w.view, PATIENT, "adult");
  w.databaseDown = true;
  w.patients.set(PATIENT, { isAdmitted: true, ageGroup: "pediatric" });
  w.watch.patientChanged(PATIENT);
  await w.settle();
  w.databaseDown = false;
  w.runtime.advance(10_000);
  await w.settle();
  w.patients.set(PATIENT, { isAdmitted: true, ageGroup: null });
  await w.restart();
  assert.equal(w.watch.limitsOf(w.view, PATIENT).profile, null, "the choice is over in the database as well");
});

test("with a birthday the limits that are watched change, as those that are shown do", async () => {
  const w = await world("neonate");
  const heart = (value: number) => {
    for (let i = 0; i < 10; i++, w.runtime.advance(1_000)) w.read("heart-rate", value);
  };
  heart(140);
  assert.deepEqual(w.open(), []);
  w.patients.set(PATIENT, { isAdmitted: true, ageGroup: "adult" });
  heart(140);
  assert.deepEqual(
    w.open().map((alarm) => alarm.rule),
    ["limit-high"],
  );
});

test("an age that is corrected counts with the next reading, before anybody says that the patient changed", async () => {
  const w = await world("pediatric");
  for (let i = 0; i < 8; i++) {
    w.read("heart-rate", 130);
    w.runtime.advance(1_000);
  }
  assert.deepEqual(w.open("limit-high"), []);
  w.patients.set(PATIENT, { isAdmitted: true, ageGroup: "adult" });
  w.watch.patientChanged(PATIENT);
  for (let i = 0; i < 8; i++) {
    w.read("heart-rate", 130);
    w.runtime.advance(1_000);
  }
  assert.equal(w.open("limit-high").length, 1);
});

test("limits that a person sets stay over a restart, with who set them, and a chosen profile replaces them", async () => {
  const w = await world();
  await w.set({ signal: "spo2", low: 85, priority: "high" });
  await w.set({ signal: "hrv-sdnn", low: 10 });
  await w.restart();
  const spo2 = () => w.watch.limitsOf(w.view, PATIENT).limits.find((l) => l.signal === "spo2");
  assert.deepEqual([spo2()?.low, spo2()?.priority, spo2()?.setBy], [85, "high", "nurse-1"]);
  await w.watch.chooseProfile(w.view, PATIENT, "adult");
  await w.restart();
  assert.deepEqual([spo2()?.low, spo2()?.setBy], [90, "profile adult"]);
  assert.equal(
    w.watch.limitsOf(w.view, PATIENT).limits.find((l) => l.signal === "hrv-sdnn"),
    undefined,
  );
});

test("limits that could not be saved are not in force", async () => {
  const w = await world();
  w.databaseDown = true;
  await assert.rejects(w.set(HR_HIGH), { code: "DATABASE_UNREACHABLE" });
  w.databaseDown = false;
  assert.equal(w.watch.limitsOf(w.view, PATIENT).limits.find((l) => l.signal === "heart-rate")?.setBy, "profile adult");
});

const impossible: [string, object, string][] = [
  ["low above high", { low: 130, high: 120 }, "high"],
  ["critical low above low", { low: 50, criticalLow: 60 }, "criticalLow"],
  ["critical high below high", { high: 120, criticalHigh: 110 }, "criticalHigh"],
  ["what no heart does", { high: 1_000 }, "high"],
  ["not a number", { low: Number.NaN }, "low"],
  ["a delay of an hour", { high: 120, delayMs: 3_600_000 }, "delayMs"],
  ["a hysteresis that never lets go", { low: 50, high: 60, hysteresis: 10 }, "hysteresis"],
  ["a negative hysteresis", { low: 50, hysteresis: -1 }, "hysteresis"],
];
for (const [name, limits, field] of impossible) {
  test(`limits of ${name} are refused, and name ${field}`, async () => {
    const w = await world();
    await assert.rejects(
      w.set({ signal: "heart-rate", ...limits }),
      (error: { code: string; facts: { at: string } }) => {
        assert.equal(error.code, "FIELD_INVALID");
        assert.equal(error.facts.at, `limits[0].${field}`);
        return true;
      },
    );
  });
}

test("standby is shown, in the journal, names who and why, and cannot be for ever", async () => {
  const w = await world();
  w.read("spo2", 97);
  const standby = w.watch.startStandby(w.view, PATIENT, { streamId: null, reason: " scan ", minutes: 30 });
  assert.deepEqual([standby.reason, standby.startedBy, standby.until - standby.from], ["scan", "nurse-1", 1_800_000]);
  assert.deepEqual(w.watch.standbyOf(w.view, PATIENT), [standby]);
  w.runtime.advance(1_800_000);
  await w.settle();
  assert.deepEqual(w.watch.standbyOf(w.view, PATIENT), []);
  assert.deepEqual(
    w.standbys.map((s) => s.endedAt),
    [null, START + 1_800_000],
  );
  assert.equal(w.journal.filter((e) => e.kind === "standby").length, 2);
  for (const [bad, at] of [
    [{ streamId: null, reason: "x", minutes: 721 }, "minutes"],
    [{ streamId: null, reason: "x", minutes: 0.5 }, "minutes"],
    [{ streamId: null, reason: " ", minutes: 5 }, "reason"],
    [{ streamId: "another", reason: "x", minutes: 5 }, "streamId"],
  ] as const) {
    assert.throws(
      () => w.watch.startStandby(w.view, PATIENT, bad),
      (error: { facts: { at: string } }) => error.facts.at === at,
    );
  }
  assert.throws(() => w.watch.endStandby(w.view, PATIENT, standby.id), { code: "NOT_FOUND" });
});

test("while the journal is down alarms wait in order, and each revision is written once", async () => {
  const w = await world();
  await w.set(HR_HIGH);
  w.journalDown = true;
  for (let i = 0; i < 700; i++) {
    w.read("heart-rate", i % 2 === 0 ? 130 : 80);
    w.runtime.advance(1_000);
    await w.settle();
  }
  assert.equal(w.open("limit-high").length, 0);
  assert.equal(w.watch.unsaved(), 700);
  assert.ok(w.reports.length > 0 && w.reports.length < 200, "it is told, and not with every reading");
  w.journalDown = false;
  w.runtime.advance(10_000);
  await w.settle();
  await w.settle();
  const written = w.journal.flatMap((e) => (e.kind === "alarm" ? [`${e.alarm.id} ${e.alarm.revision}`] : []));
  assert.deepEqual(written, w.shown.map((a) => `${a.id} ${a.revision}`).slice(0, written.length));
  assert.ok(written.length >= 700);
  assert.equal(w.watch.unsaved(), 0);
});

test("stopping writes what waits, and nothing fires afterwards", async () => {
  const w = await world();
  await raised(w);
  await w.watch.stop();
  assert.equal(w.journal.filter((e) => e.kind === "alarm").length, 1);
  w.runtime.advance(3_600_000);
  assert.equal(w.shown.length, 1);
});
