import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { decodeEvent, decodeReadings, decodeStatus, decodeWaveform } from "@openward/codecs";
import { RefusedInput } from "@openward/errors";
import { systemRuntime as runtime } from "@openward/runtime/system";
import { findSignal } from "@openward/signals";
import { encodeBody } from "./bodies.ts";
import { createConnection } from "./connection.ts";
import { demoWard, runDemo } from "./demo.ts";
import { createDevice } from "./device.ts";
import { createPatient } from "./physiology/patient.ts";
import { profileOf } from "./physiology/vitals.ts";
import { findScenario } from "./scenarios/index.ts";
import { momentOf } from "./scenarios/timeline.ts";
import { noBroker, type Received, startBroker } from "./testing/broker.ts";

const format = (m: Received) => (m.contentType === "application/json" ? "json" : "cbor");
const readingAt = (m: Received) => decodeReadings(m.body, "json").columns[0]!.times[0]!;
const reading = (at: number) => encodeBody("readings", { at, values: { "heart-rate": 70 } }, "json");

for (const protocolVersion of [4, 5] as const) {
  test(`a monitor on MQTT version ${protocolVersion} sends status, readings, waveforms and events that the codecs read`, {
    skip: noBroker,
  }, async (t) => {
    const broker = await startBroker(t, { "monitor-1": "secret" });
    const device = createDevice({
      url: broker.url,
      deviceId: "monitor-1",
      token: "secret",
      deviceType: "bedside-monitor",
      runtime,
      protocolVersion,
    });
    await broker.until((m) => m.kind === "status");
    const patient = createPatient({ seed: 1, artefacts: 0 });
    const scenario = findScenario("sensor-off");
    const baseline = profileOf("adult").baseline;
    const start = Date.now() - 10_000;
    for (let s = 0; s < 10; s++) {
      // The last two seconds are those in which the finger sensor comes off.
      const moment = momentOf(scenario, s < 8 ? s : 235 + s, baseline);
      device.measure(patient.step({ at: start + s * 1000, set: moment.set }), moment);
    }
    await device.stop();
    const goodbye = await broker.until((m) => m.kind === "status" && decodeStatus(m.body, "json").state === "offline");
    assert.equal(decodeStatus(goodbye.body, "json").refused.length, 0);
    const { sent, acknowledged } = device.counts;
    assert.equal(sent, acknowledged);
    assert.equal(broker.received.length, sent);

    const pieces = broker.received
      .filter((m) => m.kind === "waveform")
      .flatMap((m) => decodeWaveform(m.body, protocolVersion === 5 ? format(m) : "cbor").waveforms);
    const of = (signal: string) => pieces.filter((p) => p.signal === signal);
    assert.deepEqual([of("ecg-lead-ii").length, of("resp-waveform").length, of("pleth").length], [10, 10, 8]);
    assert.deepEqual(
      of("ecg-lead-ii").map((p) => [p.start, p.samples.length]),
      Array.from({ length: 10 }, (_, s) => [start + s * 1000, 250]),
    );
    const columns = broker.received
      .filter((m) => m.kind === "readings")
      .flatMap((m) => decodeReadings(m.body, "cbor").columns);
    for (const { signal } of columns) assert.ok(findSignal(signal), signal);
    assert.equal(columns.filter((c) => c.signal === "spo2").length, 8);
    for (const once of ["nibp-systolic", "nibp-diastolic", "nibp-mean", "body-temperature"]) {
      assert.equal(columns.filter((c) => c.signal === once).length, 1, once);
    }
    const events = broker.received.filter((m) => m.kind === "event").flatMap((m) => decodeEvent(m.body, "cbor").events);
    assert.deepEqual(
      events.map((e) => [e.event, e.at]),
      [["sensor-off", start + 9000]],
    );
    assert.match(events[0]!.id ?? "", /^[0-9a-f-]{36}$/);
  });
}

test("a device that breaks off leaves its last will, comes back, and sends what it kept, in order", {
  skip: noBroker,
}, async (t) => {
  const broker = await startBroker(t, { "patch-1": "secret" });
  let onOffline = () => {};
  const isOffline = new Promise<void>((resolve) => {
    onOffline = resolve;
  });
  const line = createConnection({
    url: broker.url,
    deviceId: "patch-1",
    token: "secret",
    runtime,
    onState: ({ state }) => state === "offline" && onOffline(),
  });
  t.after(() => line.close());
  // Acknowledged, or it would come again.
  assert.equal((await line.publish(reading(1))).state, "acknowledged");
  line.breakFor(600);
  await isOffline;
  const outcomes = [2, 3, 4, 5].map((at) => line.publish(reading(at)));
  assert.equal(line.isOnline, false);
  const will = await broker.until((m) => m.kind === "status");
  assert.equal(will.body.toString(), '{"state":"offline"}');
  assert.deepEqual(new Set((await Promise.all(outcomes)).map((o) => o.state)), new Set(["acknowledged"]));
  await broker.until((m) => m.kind === "readings" && readingAt(m) === 5);
  const times = broker.received.filter((m) => m.kind === "readings").map(readingAt);
  assert.deepEqual(times, [1, 2, 3, 4, 5]);
});

test("a full buffer gives up the oldest waveforms first, counts them, and keeps numbers and events", {
  skip: noBroker,
}, async (t) => {
  const broker = await startBroker(t, { "patch-1": "secret" });
  await broker.stop();
  const line = createConnection({
    url: broker.url,
    deviceId: "patch-1",
    token: "secret",
    runtime,
    bufferBytesMax: 5000,
  });
  t.after(() => line.close());
  const wave = (n: number) =>
    ({ kind: "waveform", body: Buffer.alloc(1000, n), contentType: "application/cbor" }) as const;
  const outcomes: Promise<string>[] = [];
  for (let n = 0; n < 10; n++) {
    outcomes.push(line.publish(wave(n)).then((o) => `waveform ${n} ${o.state}`));
    outcomes.push(line.publish(reading(n)).then((o) => `reading ${n} ${o.state}`));
  }
  await broker.start();
  const all = await Promise.all(outcomes);
  assert.equal(all.filter((o) => /^reading \d acknowledged$/.test(o)).length, 10);
  assert.equal(line.dropped, 6);
  for (const n of [0, 1, 2, 3, 4, 5]) assert.ok(all.includes(`waveform ${n} dropped`), `waveform ${n}`);
});

test("a wrong token is told as refused, and the device goes on trying", { skip: noBroker }, async (t) => {
  const broker = await startBroker(t, { "patch-1": "secret" });
  let refusals = 0;
  await new Promise<void>((resolve) => {
    const line = createConnection({
      url: broker.url,
      deviceId: "patch-1",
      token: "wrong",
      runtime,
      onState: (state) => {
        if (state.state === "offline" && state.isRefused && ++refusals === 2) resolve();
      },
    });
    t.after(() => line.close());
  });
  assert.equal(refusals, 2);
});

test("the demo ward speaks for every device and signs off when it ends", { skip: noBroker }, async (t) => {
  const ward = demoWard(Date.now()).patients.flatMap((p) => p.devices);
  const devices = ward.map((d) => ({ deviceId: d.id, token: `token-of-${d.id}`, ...d.simulation }));
  const broker = await startBroker(t, Object.fromEntries(devices.map((d) => [d.deviceId, d.token])));
  const ending = new AbortController();
  const running = runDemo({ url: broker.url, devices, runtime, signal: ending.signal });
  for (const { deviceId, deviceType } of devices) {
    const kind = deviceType === "sos-pendant" ? "status" : "readings";
    await broker.until((m) => m.device === deviceId && m.kind === kind);
  }
  ending.abort();
  const report = await running;
  assert.equal(report.acknowledged, report.sent);
  const future = broker.received
    .filter((m) => m.kind === "readings")
    .flatMap((m) => [...decodeReadings(m.body, "cbor").columns[0]!.times]);
  assert.ok(Math.max(...future) <= Date.now());
  for (const { deviceId } of devices) {
    await broker.until((m) => m.device === deviceId && m.kind === "status" && m.body.includes("offline"));
  }
});

test("a demo with an unknown scenario or device type is refused and connects nothing", async () => {
  const device = { deviceId: "d", token: "t", scenario: "stable", seed: 1, deviceType: "cgm" };
  const run = (change: object) =>
    runDemo({
      url: "mqtt://127.0.0.1:9",
      devices: [device, { ...device, deviceId: "e", ...change }],
      runtime,
      signal: new AbortController().signal,
    });
  const at = (where: string) => (error: unknown) => error instanceof RefusedInput && error.facts.at === where;
  await assert.rejects(run({ scenario: "nap" }), at("devices[1].scenario"));
  await assert.rejects(run({ deviceType: "toaster" }), at("devices[1].deviceType"));
  await assert.rejects(run({ deviceId: "a/b" }), at("deviceId"));
});

function program(input: string, keepOpen = false) {
  const child = spawn(process.execPath, [fileURLToPath(new URL("main.ts", import.meta.url))], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  child.stdin.write(input);
  if (!keepOpen) child.stdin.end();
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, out, err })),
  );
  return { child, ended };
}

test("the program runs until it is told to end, or until its input ends where it was asked to", {
  skip: noBroker,
}, async (t) => {
  const broker = await startBroker(t, { "cgm-1": "secret" });
  const device = { deviceId: "cgm-1", token: "secret", scenario: "stable", seed: 1, deviceType: "cgm" };
  for (const untilInputEnds of [false, true]) {
    const seen = broker.received.length;
    const { child, ended } = program(
      `${JSON.stringify({ url: broker.url, devices: [device], untilInputEnds })}\n`,
      untilInputEnds,
    );
    t.after(() => child.kill());
    await broker.until(() => broker.received.slice(seen).some((m) => m.kind === "readings"));
    if (untilInputEnds) child.stdin.end();
    else child.kill("SIGTERM");
    const { code, out, err } = await ended;
    assert.deepEqual([code, err], [0, ""]);
    const last = JSON.parse(out.trim().split("\n").at(-1)!);
    assert.equal(last.state, "ended");
    assert.equal(last.acknowledged, last.sent);
  }
});

test("the program refuses a wrong configuration with the field, and never repeats a token", async () => {
  const device = { deviceId: "cgm-1", token: "top-secret", scenario: "stable", seed: "one", deviceType: "cgm" };
  for (const [input, expected] of [
    ['{"url": "top-secret', /^MALFORMED_JSON: .*standard input/],
    [JSON.stringify({ url: "mqtt://127.0.0.1:9", devices: [] }), /^FIELD_INVALID: .*At devices\./],
    [
      JSON.stringify({ url: "mqtt://127.0.0.1:9", devices: [device] }),
      /At devices\[0\]\.seed\. Expected a whole number/,
    ],
    [JSON.stringify({ url: "http://x", devices: [{ ...device, seed: 1 }] }), /At url\./],
  ] as const) {
    const { code, err } = await program(input).ended;
    assert.equal(code, 2);
    assert.match(err, expected);
    assert.doesNotMatch(err, /top-secret/);
  }
});
