import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { Association, DeviceEvidence, FleetEvidence, PatientView, Stream } from "@openward/model";
import { SLOT_MS } from "@openward/timeseries";
import { createCompleteness } from "./completeness.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Noon in Berlin. */
const NOW = Date.UTC(2026, 10, 27, 11);
const ORGANISATION = "00000000-0000-7000-8000-00000000000a";

const nothing: DeviceEvidence = {
  connected: [],
  battery: [],
  heard: [],
  quarantined: [],
  clock: [],
  wear: [],
  service: [],
  gateways: [],
};

/** Devices on patients with what they measured, in memory. */
function world(seen: readonly string[] = ["anna", "bert"]) {
  const worn: Association[] = [];
  const streams = new Map<
    string,
    { stream: Stream; readings: { time: number; value: number; receivedAt: number }[] }
  >();
  const known: FleetEvidence & { devices: Map<string, DeviceEvidence> } = { runs: [], devices: new Map(), standby: [] };
  const asked: string[] = [];
  const confirmed = new Map<string, number | null>();
  const view = {
    principal: { id: "p", organisationId: ORGANISATION },
    has: (id: string) => seen.includes(id),
    hiddenOf: () => undefined,
    patientIds: () => seen,
    recordsOf: (id: string) => [id],
  } as unknown as PatientView;
  const completeness = createCompleteness({
    clock: { now: () => NOW },
    tables: {
      worn: async (_, of, { from, to }) =>
        worn.filter(
          (each) =>
            ("patientIds" in of ? of.patientIds.includes(each.patientId) : of.deviceIds.includes(each.deviceId)) &&
            each.from < to &&
            (each.to ?? NOW) > from,
        ),
      confirmed: async () => confirmed,
      zones: async (_, ids) => ids.map((patientId) => ({ patientId, from: 0, timeZone: "Europe/Berlin" })),
      evidence: async (_, deviceIds) => {
        asked.push(...deviceIds);
        return { ...known, devices: new Map(deviceIds.map((id) => [id, known.devices.get(id) ?? nothing])) };
      },
    },
    measured: {
      streams: async (one, patientId) =>
        one.has(patientId) ? [...streams.values()].filter(({ stream }) => stream.patientId === patientId) : [],
      trends: async (_, ids, { from, buckets }) =>
        ids.map((id) => {
          const { stream, readings } = streams.get(id)!;
          const trend = {
            stream,
            count: new Uint32Array(buckets),
            min: new Float64Array(buckets),
            last: new Float64Array(buckets),
          };
          for (const { time, value } of readings) {
            const i = Math.floor((time - from) / SLOT_MS);
            if (i < 0 || i >= buckets) continue;
            trend.count[i]!++;
            trend.last[i] = value;
          }
          return trend;
        }),
      async *columns(_, id, { from, to }) {
        const found = streams.get(id)!.readings.filter(({ time }) => time >= from && time < to);
        yield {
          times: Float64Array.from(found, ({ time }) => time),
          values: Float64Array.from(found, ({ value }) => value),
          receivedAt: Float64Array.from(found, ({ receivedAt }) => receivedAt),
        };
      },
      overview: async () => ({ starts: new Float64Array(), min: new Float64Array() }),
    },
    rhythms: {
      of: (_, signal) => ({ "heart-rate": MINUTE, "glucose-interstitial": 5 * MINUTE, spo2: null })[signal],
      ofDevice: () => [
        { signal: "heart-rate", intervalMs: MINUTE },
        { signal: "battery-level", intervalMs: HOUR },
        { signal: "respiratory-rate", intervalMs: MINUTE },
        { signal: "spo2", intervalMs: null },
      ],
    },
  });
  const wear = (deviceId: string, patientId: string, from: number, to: number | null = null) =>
    worn.push({ id: `${deviceId} ${from}`, organisationId: ORGANISATION, deviceId, patientId, from, to });
  const measure = (
    deviceId: string,
    patientId: string,
    signal: string,
    everyMs: number,
    from: number,
    to: number,
    value = 1,
    lateMs = 0,
  ) => {
    const id = `${deviceId} ${patientId} ${signal}`;
    const stream: Stream = {
      id,
      organisationId: ORGANISATION,
      patientId,
      deviceId,
      signal,
      kind: "numeric",
      unit: "1",
    };
    const { readings } = streams.get(id) ?? streams.set(id, { stream, readings: [] }).get(id)!;
    for (let time = from; time < to; time += everyMs) readings.push({ time, value, receivedAt: time + lateMs });
  };
  return { completeness, view, known, wear, measure, asked, confirmed };
}

/** Midnight in Berlin. */
const TODAY = Date.UTC(2026, 10, 26, 23);

test("everything came: each day is whole, today up to now, and nobody is asked why", async () => {
  const { completeness, view, wear, measure, asked } = world();
  wear("mon", "anna", TODAY - DAY);
  measure("mon", "anna", "heart-rate", MINUTE, TODAY - DAY, NOW);
  const [row] = await completeness.table(view, "patient", ["anna"], 30);
  assert.deepEqual(row, {
    id: "anna",
    days: [
      { day: "2026-11-26", expected: 1440, received: 1440, missing: {} },
      { day: "2026-11-27", expected: 720, received: 720, missing: {} },
    ],
  });
  assert.deepEqual(asked, []);
});

test("a gap has its cause, in the day in which it lies, in the table as in the day itself", async () => {
  const { completeness, view, known, wear, measure } = world();
  wear("mon", "anna", TODAY - DAY);
  measure("mon", "anna", "heart-rate", MINUTE, TODAY - DAY, TODAY - 2 * HOUR);
  measure("mon", "anna", "heart-rate", MINUTE, TODAY + 2 * HOUR, NOW, 1, 10 * MINUTE);
  known.devices.set("mon", {
    ...nothing,
    battery: [
      { at: TODAY - 3 * HOUR, percent: 6 },
      { at: TODAY + 2 * HOUR, percent: 97 },
    ],
  });
  const [row] = await completeness.table(view, "device", ["mon"], 30);
  assert.deepEqual(row?.days, [
    { day: "2026-11-26", expected: 1440, received: 1320, missing: { battery: 120 } },
    { day: "2026-11-27", expected: 720, received: 600, missing: { battery: 120 } },
  ]);
  const { streams, span } = await completeness.day(view, { patientId: "anna" }, "2026-11-27");
  assert.deepEqual(span, { from: TODAY, to: TODAY + DAY });
  const [stream] = streams;
  assert.deepEqual([stream?.expected, stream?.received, stream?.late], [720, 600, 600]);
  assert.deepEqual(
    stream?.gaps.map(({ from, to, cause, proofs }) => [from - TODAY, to - TODAY, cause, proofs]),
    [[0, 2 * HOUR, "battery", [{ by: "battery", at: TODAY - 3 * HOUR, percent: 6, after: 97 }]]],
  );
});

test("a device that was put on somebody and never said anything is missing by the first that its type names", async () => {
  const { completeness, view, wear } = world();
  wear("mon", "anna", TODAY + 6 * HOUR);
  const [row] = await completeness.table(view, "patient", ["anna"], 7);
  assert.deepEqual(row?.days, [{ day: "2026-11-27", expected: 360, received: 0, missing: { unknown: 360 } }]);
  const { streams } = await completeness.day(view, { deviceId: "mon" }, "2026-11-27");
  assert.deepEqual(
    streams.map(({ signal, gaps }) => [signal, gaps.map(({ cause }) => cause)]),
    [["heart-rate", ["unknown"]]],
  );
});

test("a device that says that it is on nobody, and one whose other signal came", async () => {
  const { completeness, view, wear, measure } = world();
  wear("strap", "anna", TODAY);
  measure("strap", "anna", "heart-rate", MINUTE, TODAY, TODAY + 4 * HOUR);
  measure("strap", "anna", "wear-state", MINUTE, TODAY, TODAY + 4 * HOUR, 1);
  measure("strap", "anna", "wear-state", MINUTE, TODAY + 4 * HOUR, NOW, 0);
  wear("cgm", "bert", TODAY);
  measure("cgm", "bert", "heart-rate", MINUTE, TODAY, NOW);
  measure("cgm", "bert", "glucose-interstitial", 5 * MINUTE, TODAY, TODAY + 6 * HOUR);
  const [anna, bert] = await completeness.table(view, "patient", ["anna", "bert"], 1);
  assert.deepEqual(anna?.days[0]?.missing, { "not-worn": 480 });
  assert.deepEqual(bert?.days[0]?.missing, { sensor: 72 });
});

test("while the server did not run its devices are not to blame; each wearer has their own share", async () => {
  const { completeness, view, known, wear, measure } = world();
  wear("mon", "anna", TODAY, TODAY + 6 * HOUR);
  wear("mon", "bert", TODAY + 6 * HOUR);
  measure("mon", "anna", "heart-rate", MINUTE, TODAY, TODAY + 4 * HOUR);
  measure("mon", "bert", "heart-rate", MINUTE, TODAY + 8 * HOUR, NOW);
  Object.assign(known, {
    runs: [
      { from: TODAY - DAY, to: TODAY + 4 * HOUR },
      { from: TODAY + 8 * HOUR, to: NOW },
    ],
  });
  const [row] = await completeness.table(view, "device", ["mon"], 1);
  assert.deepEqual(row?.days, [{ day: "2026-11-27", expected: 720, received: 480, missing: { "link-down": 240 } }]);
  const [anna, bert] = await completeness.table(view, "patient", ["anna", "bert"], 1);
  assert.deepEqual(
    [anna, bert].map((each) => each?.days[0]?.expected),
    [360, 360],
  );
});

test("of who is not seen there is nothing", async () => {
  const { completeness, view, wear, measure, asked } = world(["anna"]);
  wear("mon", "bert", TODAY);
  measure("mon", "bert", "heart-rate", MINUTE, TODAY, TODAY + HOUR);
  assert.deepEqual(await completeness.table(view, "patient", ["bert"], 7), [{ id: "bert", days: [] }]);
  assert.deepEqual(await completeness.table(view, "device", ["mon"], 7), [{ id: "mon", days: [] }]);
  assert.deepEqual((await completeness.day(view, { deviceId: "mon" }, "2026-11-27")).streams, []);
  assert.deepEqual(asked, []);
  await assert.rejects(
    completeness.day(view, { deviceId: "mon" }, "2031-01-01"),
    (error: unknown) => error instanceof RefusedInput && error.code === "NOT_FOUND",
  );
});

test("what a person confirmed goes before the type, and what is on demand is missed by nobody", async () => {
  const { completeness, view, wear, measure, confirmed } = world();
  wear("mon", "anna", TODAY);
  measure("mon", "anna", "heart-rate", 10 * MINUTE, TODAY, NOW);
  measure("mon", "anna", "spo2", HOUR, TODAY, TODAY + 2 * HOUR);
  confirmed.set("mon anna heart-rate", 10 * MINUTE);
  const [row] = await completeness.table(view, "patient", ["anna"], 1);
  assert.deepEqual(row?.days, [{ day: "2026-11-27", expected: 72, received: 72, missing: {} }]);
  confirmed.set("mon anna heart-rate", null);
  assert.deepEqual((await completeness.table(view, "patient", ["anna"], 1))[0]?.days, []);
});
