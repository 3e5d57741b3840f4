import assert from "node:assert/strict";
import { test } from "node:test";
import { QUALITY } from "@openward/model";
import { sentOf } from "./index.ts";
import { ALICE, association, BOB, harness, START } from "./testing/harness.ts";

const HEART = new Uint8Array([0, 72]);
const at = (seconds: number) => START + seconds * 1000;

test("what a characteristic says becomes readings, at the time of arrival where it says none", async () => {
  const h = harness();
  const receipt = await h.send("raw", HEART, { format: "gatt/2a37" });
  assert.deepEqual(receipt, { accepted: 1, quarantined: [] });
  assert.deepEqual(h.placed(ALICE), ["heart-rate=72@0"]);
  const [{ readings } = assert.fail()] = h.of("readings");
  assert.deepEqual([...readings.quality], [QUALITY.timeFromServer]);
  assert.equal(readings.stream.unit, "/min");
  assert.equal(h.watched.length, 1, "the alarms hear of it");
});

test("raw bytes that are delivered again are one reading, at the time of the first delivery", async () => {
  const h = harness();
  const again = { format: "gatt/2a37", deliveryKey: "k", isRedelivery: true };
  await h.send("raw", HEART, { ...again, isRedelivery: false });
  h.runtime.advance(2_000);
  await h.send("raw", HEART, again);
  assert.deepEqual(h.placed(), ["heart-rate=72@0", "heart-rate=72@0"]);
});

test("what was left of the bytes is told", async () => {
  const h = harness();
  const receipt = await h.send("raw", new Uint8Array([0x80, 72, 9]), { format: "gatt/2a37" });
  assert.equal(receipt.accepted, 1);
  assert.deepEqual(receipt.ignored, [
    { index: 0, offset: 0, what: "flags that are reserved" },
    { index: 0, offset: 2, what: "1 bytes behind the last field" },
  ]);
});

test("bytes that are not of their format are quarantined with the field and the byte", async () => {
  const h = harness();
  const receipt = await h.send("raw", new Uint8Array([1, 72]), { format: "gatt/2a37", rejectMalformed: true });
  assert.equal(receipt.accepted, 0);
  const [entry = assert.fail()] = h.quarantined();
  assert.deepEqual(entry.problems, [
    {
      index: 0,
      code: "MALFORMED_BYTES",
      field: "heartRate",
      expected: "2 bytes, 1 are there (gatt/2a37, byte 1)",
      readings: 0,
    },
  ]);
  assert.deepEqual([[...entry.raw], entry.contentType], [[1, 72], "application/octet-stream; codec=gatt/2a37"]);
});

test("a battery is the device's status, whoever wears it", async () => {
  const h = harness();
  h.associations.length = 0;
  const receipt = await h.send("raw", new Uint8Array([51]), { format: "gatt/2a19" });
  assert.deepEqual([receipt.accepted, h.quarantined().length], [1, 0]);
  assert.deepEqual(
    h.of("status").map(({ status }) => [status.state, status.battery]),
    [["online", 51]],
  );
});

const capture = (...values: [number, string][]) =>
  values.map(([seconds, hex]) => ({ codec: "gatt/2a37", at: at(seconds), hex }));

test("values of a capture have the gateway's times, say so, and are placed each where it belongs", async () => {
  const h = harness();
  h.associations.length = 0;
  h.associations.push(association("a1", ALICE, at(-100), at(-10)), association("b1", BOB, at(-10), null));
  const receipt = await h.send("raw", capture([-12, "0046"], [-9, "0047"], [-200, "0048"], [-8, "00"]), {
    format: "capture",
  });
  assert.equal(receipt.accepted, 2);
  assert.deepEqual(h.placed(ALICE), ["heart-rate=70@-12"]);
  assert.deepEqual(h.placed(BOB), ["heart-rate=71@-9"]);
  assert.deepEqual(
    h.problems().map(({ index, code, field }) => [index, code, field]),
    [
      [3, "MALFORMED_BYTES", "heartRate"],
      [2, "NO_ASSOCIATION", "at"],
    ],
  );
  for (const { readings } of h.of("readings")) assert.equal(readings.quality[0], QUALITY.timeFromGateway);
});

test("a gateway's time is no sighting of the device's clock, and does not disprove what it told of it", async () => {
  const h = harness();
  await h.send("status", { state: "online", clock: at(-7200) });
  const seen = h.of("clock").length;
  h.runtime.advance(120_000);
  await h.send("raw", capture([119, "0046"]), { format: "capture" });
  assert.equal(h.of("clock").length, seen);
  h.associations.length = 0;
  h.associations.push(association("b1", BOB, at(-3600), at(60)), association("a1", ALICE, at(60), null));
  // By the device's own clock this was the other patient's; the gateway's needs no correction.
  await h.send("raw", capture([118, "0047"]), { format: "capture" });
  assert.deepEqual(h.placed(ALICE).slice(-1), ["heart-rate=71@118"]);
  // Its own time still does.
  await h.send("readings", { at: at(-7200 + 70), values: { "heart-rate": 60 } });
  assert.deepEqual(
    h.problems().map(({ code }) => code),
    ["NO_ASSOCIATION"],
  );
});

test("what a gateway kept for hours was said hours ago; what comes without a gateway is said now, and a will by nobody", async () => {
  const h = harness();
  h.runtime.advance(7_200_000);
  await h.send("raw", capture([30, "0046"], [60, "0047"]), { format: "capture" });
  await h.send("raw", capture([99_999, "0046"]), { format: "capture" });
  await h.send("readings", { at: at(7_100), values: { "heart-rate": 60 } });
  await h.send("status", { state: "offline" }, { isWill: true });
  assert.deepEqual(h.heard, [at(60), at(7_200), at(7_200)]);
});

test("what a gateway kept for hours does not say that its device is there or gone; a call for help in it is told", async () => {
  const h = harness();
  h.runtime.advance(7_200_000);
  const said = (seconds: number, kind: string, body: object) => ({
    codec: `openward/${kind}`,
    at: at(seconds),
    hex: Buffer.from(JSON.stringify(body)).toString("hex"),
  });
  const asKept = [said(30, "status", { state: "offline" }), said(40, "event", { event: "sos-button" })];
  await h.send("raw", asKept, { format: "capture" });
  assert.deepEqual(
    h.watched.map((one) => ("event" in one ? one.event : "state" in one ? one.state : "measured")),
    ["sos-button"],
  );
  assert.deepEqual(h.wills, [true], "no sign of life");
  await h.send("raw", [said(7_199, "status", { state: "online" })], { format: "capture" });
  assert.deepEqual(h.wills, [true, false]);
});

test("an event with the gateway's time is no sighting of the device's clock either", async () => {
  const h = harness();
  await h.send("status", { state: "online", clock: at(-7200) });
  const seen = h.of("clock").length;
  h.runtime.advance(120_000);
  h.associations.length = 0;
  h.associations.push(association("b1", BOB, at(-10_000), at(60)), association("a1", ALICE, at(60), null));
  // Pressure with a loose cuff and no time of its own: its remark is an event.
  const body = [{ codec: "gatt/2a35", at: at(119), hex: "10780050005d000200" }];
  await h.send("raw", body, { format: "capture" });
  assert.deepEqual(h.placed(ALICE).length, 3);
  assert.deepEqual(
    h.of("event").map(({ event }) => [event.event, event.at, event.patientId]),
    [["measurement-remarks", at(119), ALICE]],
  );
  assert.equal(h.of("clock").length, seen);
});

test("a person gives what lay in quarantine to a patient, and it is only that", async () => {
  const h = harness();
  h.associations.length = 0;
  h.associations.push(association("a1", ALICE, at(-10), null));
  const body = [
    ...capture([-5, "0046"], [-60, "0047"]),
    { codec: "gatt/2a19", hex: "33" },
    { codec: "gatt/2a37", at: 1000, hex: "0048" },
  ];
  await h.send("raw", body, { format: "capture" });
  const [entry = assert.fail()] = h.quarantined();
  h.journal.length = 0;
  const claim = { patientId: BOB, associationId: "claim-1" };
  await h.ingest.reprocess(entry, { ...claim, useReceivedTime: false });
  assert.deepEqual(h.placed(BOB), ["heart-rate=71@-60"]);
  h.journal.length = 0;
  await h.ingest.reprocess(entry, { ...claim, useReceivedTime: true });
  assert.deepEqual(h.placed(BOB).sort(), ["heart-rate=71@-60", "heart-rate=72@0"]);
  assert.deepEqual(h.of("status"), [], "the battery is not told a second time");
});

test("raw bytes are run again by today's codecs, at the time of their first delivery", async () => {
  const h = harness();
  h.associations.length = 0;
  await h.send("raw", HEART, { format: "gatt/2a37" });
  const [entry = assert.fail()] = h.quarantined();
  h.associations.push(association("a1", ALICE, at(-10), null));
  h.runtime.advance(60_000);
  const { entries, problems } = h.ingest.rerunner()(sentOf(entry, []) ?? assert.fail());
  assert.deepEqual(problems, []);
  const [first = assert.fail()] = entries.flatMap((each) => (each.kind === "readings" ? [each.readings] : []));
  assert.deepEqual([first.values[0], first.times[0], first.stream.patientId], [72, START, ALICE]);
});

const hl7 = (pid: string, ...rows: string[]) =>
  new TextEncoder().encode(
    ["MSH|^~\\&|GW||||20261122060000+0000||ORU^R01|1|P|2.6", `PID|||${pid}^^^A^MR`, "OBR|1||F1|X", ...rows].join("\r"),
  );
const HL7_HEART = "OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|78|/min^^UCUM|||||R";
const HL7_CALL = "OBX|2|ST|8519682^MDC_AI_TYPE_SENSOR_PERS^MDC|1.0.0.1|pressed||||||F";

test("a message that names another patient than the wearer is quarantined, and its call for help is heard", async () => {
  const h = harness();
  h.recordNumbers.set(ALICE, ["T-1", "T-1-merged"]);
  const receipt = await h.send("raw", hl7("T-2", HL7_HEART, HL7_CALL), { format: "hl7v2/pcd01" });
  assert.deepEqual(h.placed(), []);
  assert.deepEqual(
    receipt.quarantined.map(({ index, code, field }) => [index, code, field]),
    [[0, "PATIENT_DIFFERS", "values.heart-rate"]],
  );
  const [{ event } = assert.fail()] = h.of("event");
  assert.deepEqual([event.patientId, event.detail], [ALICE, { value: "pressed", wearer: "uncertain" }]);
  const [entry = assert.fail()] = h.quarantined();
  assert.equal(sentOf(entry, []), undefined, "a person decides");
  h.journal.length = 0;
  await h.ingest.reprocess(entry, { patientId: BOB, associationId: "claim-1", useReceivedTime: false });
  assert.deepEqual(h.placed(BOB), ["heart-rate=78@0"]);
});

test("a message that names the wearer by any of their numbers is taken, and so is one of a wearer without a number", async () => {
  const h = harness();
  await h.send("raw", hl7("T-9", HL7_HEART), { format: "hl7v2/pcd01" });
  h.recordNumbers.set(ALICE, ["T-1", "T-1-merged"]);
  await h.send("raw", hl7("T-1-merged", HL7_HEART), { format: "hl7v2/pcd01" });
  assert.deepEqual([h.placed(ALICE).length, h.quarantined().length], [2, 0]);
});

test("one row of a message that is quarantined is given to a patient, and the others stay where they are", async () => {
  const h = harness();
  const old = HL7_HEART.replace("|78|", "|60|").concat("|||20261122030000+0000");
  await h.send("raw", hl7("T-1", HL7_HEART, old), { format: "hl7v2/pcd01" });
  const [entry = assert.fail()] = h.quarantined();
  assert.deepEqual(
    entry.problems.map(({ index, code }) => [index, code]),
    [[1, "NO_ASSOCIATION"]],
  );
  h.journal.length = 0;
  await h.ingest.reprocess(entry, { patientId: BOB, associationId: "claim-1", useReceivedTime: false });
  assert.deepEqual(h.placed(BOB), ["heart-rate=60@-10800"]);
});

test("a unit that a sender made up is quarantined, and its text is told to nobody", async () => {
  const h = harness();
  const evil = '<img onerror="x">';
  const row = `OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|78|=1+1${evil}|||||R`;
  const receipt = await h.send("raw", hl7("T-1", row), { format: "hl7v2/pcd01" });
  assert.deepEqual(
    receipt.quarantined.map(({ code, field }) => [code, field]),
    [["UNIT_UNKNOWN", "values.heart-rate.unit"]],
  );
  assert.ok(!JSON.stringify([receipt, h.of("stream")]).includes("img"));
});
