import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ABSENT_SAMPLE, decodeReadings, decodeWaveform } from "@openward/codecs";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import { systemRuntime as runtime } from "@openward/runtime/system";
import { type ReplayReport, replay } from "./replay.ts";
import { noBroker, type Received, startBroker, type TestBroker } from "./testing/broker.ts";
import { folderWith, pack16, sharedEcg } from "./testing/recordings.ts";
import { openWfdbRecord } from "./wfdb/record.ts";

const shared = sharedEcg();
const skip = noBroker || (shared === null && "the recordings of ../shared/data are not here");
const devices = { "replay-1": "a-token", "replay-2": "b-token" };
const formatOf = (m: Received) => (m.contentType === "application/cbor" ? "cbor" : "json");

const waveforms = (broker: TestBroker) =>
  broker.received
    .filter((m) => m.kind === "waveform")
    .flatMap((m) => {
      const { waveforms: found, refused } = decodeWaveform(m.body, formatOf(m));
      assert.deepEqual(refused, []);
      return found;
    });

/** Everything that was acknowledged must reach a listener; wait for the last of it. */
async function arrived(broker: TestBroker, report: ReplayReport): Promise<void> {
  assert.equal(report.isComplete, true);
  assert.equal(report.acknowledged, report.messages);
  if (broker.received.length < report.messages) {
    await broker.until(() => broker.received.length >= report.messages);
  }
  assert.equal(broker.received.length, report.messages);
}

for (const encoding of ["cbor", "json"] as const) {
  test(`a MIT-BIH record replayed in ${encoding} arrives sample by sample as it stands in the file`, {
    skip,
  }, async (t) => {
    const broker = await startBroker(t, devices);
    const before = Date.now();
    const report = await replay({
      source: `${shared}mitdb/100.hea`,
      url: broker.url,
      deviceId: "replay-1",
      token: "a-token",
      runtime,
      speed: "max",
      encoding,
    });
    await arrived(broker, report);
    assert.deepEqual(
      report.channels.map((c) => [c.name, c.signal, c.unit]),
      [
        ["MLII", "ecg-lead-ii", "mV"],
        ["V5", "ecg-lead-v5", "mV"],
      ],
    );
    assert.equal(report.samples, 1_300_000);
    assert.ok(report.endAt <= Date.now() && report.endAt > before - 2000);
    const wanted = new Map<string, number[]>();
    for await (const block of (await openWfdbRecord(`${shared}mitdb/100`)).blocks({ blockFrames: 5000 })) {
      for (const { signal, samples } of block.channels) {
        const list = wanted.get(signal.description) ?? [];
        for (const sample of samples) list.push(sample);
        wanted.set(signal.description, list);
      }
    }
    for (const [name, signal] of [
      ["MLII", "ecg-lead-ii"],
      ["V5", "ecg-lead-v5"],
    ] as const) {
      const pieces = waveforms(broker).filter((w) => w.signal === signal);
      const got: number[] = [];
      for (const piece of pieces) {
        assert.equal(piece.start, report.startAt + (got.length * 1000) / 360);
        assert.deepEqual([piece.rateHz, piece.unit, piece.scale, piece.origin], [360, "mV", 1 / 200, -1024 / 200]);
        for (const sample of piece.samples) got.push(sample);
      }
      assert.deepEqual(got, wanted.get(name));
    }
  });
}

test("the BIDMC numerics arrive as they stand in the CSV", { skip }, async (t) => {
  const broker = await startBroker(t, devices);
  const source = `${shared}bidmc/bidmc_01_Numerics.csv`;
  const report = await replay({
    source,
    url: broker.url,
    deviceId: "replay-1",
    token: "a-token",
    runtime,
    speed: "max",
  });
  await arrived(broker, report);
  const got: Record<string, [number, number][]> = {};
  for (const message of broker.received) {
    const { columns, refused } = decodeReadings(message.body, formatOf(message));
    assert.deepEqual(refused, []);
    for (const { signal, times, values } of columns) {
      got[signal] ??= [];
      for (const [i, value] of values.entries()) got[signal].push([(times[i]! - report.startAt) / 1000, value]);
    }
  }
  const rows = readFileSync(source, "utf8")
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(","));
  for (const [column, signal] of ["heart-rate", "pulse-rate-spo2", "respiratory-rate", "spo2"].entries()) {
    const wanted = rows.flatMap((row) => {
      const cell = row[column + 1]!.trim();
      return cell === "" || cell === "NaN" ? [] : [[Number(row[0]), Number(cell)] as [number, number]];
    });
    assert.deepEqual(got[signal], wanted, signal);
  }
});

test("a multi-segment record keeps its gap, its changing gains and its pressures", { skip }, async (t) => {
  const broker = await startBroker(t, devices);
  const report = await replay({
    source: `${shared}wfdb-samples/multi-segment/s25047/s25047-2704-05-04-10-44.hea`,
    url: broker.url,
    deviceId: "replay-1",
    token: "a-token",
    runtime,
    speed: "max",
    map: { V: "ecg-unspecified" },
  });
  await arrived(broker, report);
  const all = waveforms(broker);
  assert.deepEqual(new Set(all.map((w) => w.signal)), new Set(["ecg-lead-ii", "ecg-unspecified", "art-waveform"]));
  assert.equal(Math.min(...all.map((w) => w.start)) - report.startAt, (25_740 * 1000) / 125);
  assert.ok(all.every((w) => Number.isInteger(w.start)));
  assert.ok(all.every((w) => w.unit === (w.signal === "art-waveform" ? "mm[Hg]" : "mV")));
  const absent = all.reduce((sum, w) => sum + w.samples.filter((s) => s === ABSENT_SAMPLE).length, 0);
  assert.equal(absent, report.absentSamples);
});

test("one sample a minute is replayed as readings", { skip }, async (t) => {
  const broker = await startBroker(t, devices);
  const source = `${shared}wfdb-samples/multi-segment/s25047/s25047-2704-05-04-10-44n.hea`;
  const report = await replay({
    source,
    url: broker.url,
    deviceId: "replay-1",
    token: "a-token",
    runtime,
    speed: "max",
  });
  await arrived(broker, report);
  const first = decodeReadings(broker.received[0]!.body, "cbor").columns;
  const heart = first.find((c) => c.signal === "heart-rate")!;
  assert.deepEqual([heart.values[0], heart.unit, heart.times[0]], [101.3, "/min", report.startAt]);
  assert.equal(
    first.some((c) => c.signal === "nibp-systolic"),
    false,
  );
});

test("at eight times the speed nothing is sent before its time, and it takes an eighth of the time", {
  skip: noBroker,
}, async (t) => {
  const broker = await startBroker(t, devices);
  const values = Array.from({ length: 1600 }, (_, i) => i % 100);
  const folder = folderWith(t, { "r.hea": "r 1 100 1600\nr.dat 16 200/mV 16 0 0\n", "r.dat": pack16(values) });
  const early: number[] = [];
  const watch = setInterval(() => {
    for (const w of waveforms(broker)) {
      const ahead = w.start + (w.samples.length * 1000) / w.rateHz - Date.now();
      if (ahead > 0) early.push(ahead);
    }
  }, 50);
  t.after(() => clearInterval(watch));
  const progress: number[] = [];
  const begun = performance.now();
  const report = await replay({
    source: `${folder}/r`,
    url: broker.url,
    deviceId: "replay-1",
    token: "a-token",
    runtime,
    speed: 8,
    map: { "signal 0": "ecg-unspecified" },
    onProgress: ({ sentMs }) => progress.push(sentMs),
  });
  clearInterval(watch);
  const elapsed = performance.now() - begun;
  assert.ok(elapsed > 1900 && elapsed < 16_000, `${elapsed} ms`);
  assert.deepEqual(early, []);
  assert.equal(report.messages, 16);
  assert.equal(progress.at(-1), 16_000);
});

test("a server that goes away for a second loses nothing of a replay", { skip: noBroker }, async (t) => {
  const broker = await startBroker(t, devices);
  const folder = folderWith(t, {
    "n.csv": `Time [s], HR\n${Array.from({ length: 600 }, (_, i) => `${i},${60 + (i % 40)}`).join("\n")}\n`,
  });
  const running = replay({
    source: `${folder}/n.csv`,
    url: broker.url,
    deviceId: "replay-1",
    token: "a-token",
    runtime,
    speed: 200,
  });
  await broker.until(() => broker.received.length > 100);
  await broker.stop();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await broker.start();
  const report = await running;
  assert.deepEqual([report.messages, report.acknowledged, report.isComplete], [600, 600, true]);
});

test("refusals come before anything is sent, and name file, channel or field", { skip: noBroker }, async (t) => {
  const broker = await startBroker(t, devices);
  const folder = folderWith(t, {
    "short.hea": "short 1 100 100\nshort.dat 16 200/mV 16 0 0\n",
    "short.dat": pack16([1, 2, 3]),
    "two.hea": "two 2 100 2\ntwo.dat 16 200/mV 16 0 1 4 0 vx\ntwo.dat 16 200/mV 16 0 2 6 0 vy\n",
    "two.dat": pack16([1, 2, 3, 4]),
    "bad.csv": "Time [s],HR\n0,70\n1,seventy\n",
    "back.csv": "Time [s],HR\n1,70\n0,71\n",
    "wide.csv": "Time [s],HR\n0,70\n1,70,3\n",
    "odd.csv": "Time [s],colour\n0,1\n",
    "ok.csv": "Time [s],HR,SpO2\n0,70,97\n5,71,96\n",
  });
  const at = async (source: string, more: object = {}) => {
    const error = await replay({
      source: `${folder}/${source}`,
      url: broker.url,
      deviceId: "replay-1",
      token: "a-token",
      runtime,
      speed: "max",
      ...more,
    }).then(
      () => null,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof RefusedInput, String(error));
    return [error.code, error.facts.at];
  };
  assert.deepEqual(await at("none"), ["FILE_UNREADABLE", "none"]);
  assert.deepEqual(await at("short"), ["FILE_TRUNCATED", "short.dat"]);
  assert.deepEqual(await at("two"), ["FIELD_INVALID", "map"]);
  assert.deepEqual(await at("two", { map: { vx: "ecg-lead-9" } }), ["SIGNAL_UNKNOWN", "map.vx"]);
  assert.deepEqual(await at("two", { map: { vx: "heart-rate" } }), ["SIGNAL_KIND", "map.vx"]);
  assert.deepEqual(await at("two", { map: { vx: "ecg-lead-i:mm[Hg]" } }), ["UNIT_MISMATCH", "map.vx"]);
  assert.deepEqual(await at("two", { map: { vz: "-" } }), ["FIELD_INVALID", "map.vz"]);
  assert.deepEqual(await at("bad.csv"), ["FILE_FORMAT", "bad.csv:3, column HR"]);
  assert.deepEqual(await at("back.csv"), ["FILE_FORMAT", "back.csv:3, column Time [s]"]);
  assert.deepEqual(await at("wide.csv"), ["FILE_FORMAT", "wide.csv:3"]);
  assert.deepEqual(await at("odd.csv"), ["FIELD_INVALID", "map"]);
  assert.deepEqual(await at("ok.csv", { startAt: Date.now() - 4000 }), ["TIME_IN_FUTURE", "startAt"]);
  assert.deepEqual(await at("ok.csv", { speed: 0 }), ["FIELD_INVALID", "speed"]);
  assert.deepEqual(await at("ok.csv", { url: "http://127.0.0.1" }), ["FIELD_INVALID", "url"]);
  assert.equal(broker.received.length, 0);
  assert.deepEqual(await at("ok.csv", { token: "wrong" }), ["DEVICE_SIGN_IN", "replay-1"]);
  assert.equal(broker.received.length, 0);
});

test("a server that is not there is told as outside trouble, worth trying again", async (t) => {
  const folder = folderWith(t, { "ok.csv": "Time [s],HR\n0,70\n" });
  const trying = replay({
    source: `${folder}/ok.csv`,
    // The discard port: nothing listens there.
    url: "mqtt://127.0.0.1:9",
    deviceId: "replay-1",
    token: "a-token",
    runtime,
    patienceMs: 300,
  });
  await assert.rejects(trying, (e) => e instanceof OutsideTrouble && e.code === "SERVER_UNREACHABLE" && e.retry);
});

test("a replay that is stopped says how far it came", { skip: noBroker }, async (t) => {
  const broker = await startBroker(t, devices);
  const folder = folderWith(t, { "ok.csv": "Time [s],HR\n0,70\n3600,71\n" });
  const stopping = new AbortController();
  const running = replay({
    source: `${folder}/ok.csv`,
    url: broker.url,
    deviceId: "replay-1",
    token: "a-token",
    runtime,
    signal: stopping.signal,
  });
  await broker.until((m) => m.kind === "readings");
  stopping.abort();
  const report = await running;
  assert.deepEqual([report.messages, report.isComplete], [1, false]);
});
