import assert from "node:assert/strict";
import { test } from "node:test";
import type { TileState } from "../live/tiles.ts";
import { slotsOf, tileSlots } from "./slots.ts";

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);

type Measured = [
  signal: string,
  value: number | null,
  agoMs?: number,
  device?: string,
  unit?: string,
  every?: number | null,
];

function tileWith(...measured: Measured[]): TileState {
  const rows = measured.map(([signal, value, ago = 0, deviceId = "m1", unit = "/min", every = 1_000]) => {
    const id = `${signal} ${deviceId}`;
    return { stream: { id, signal, kind: "numeric" as const, unit, deviceId, expectedIntervalMs: every }, value, ago };
  });
  return {
    patient: {
      id: "p",
      name: "Hansen, Kari",
      birthDate: "1948-03-21",
      sex: "female",
      mrn: "1",
      isUnknown: false,
      timeZone: "UTC",
      ageGroup: "adult",
      ageGroupSource: "birth-date",
      limitsProfile: "adult",
      mergedInto: null,
      stay: null,
    },
    streams: rows.map((r) => r.stream),
    latest: new Map(
      rows.flatMap(({ stream, value, ago }) =>
        value === null
          ? []
          : [
              [
                stream.id,
                {
                  streamId: stream.id,
                  signal: stream.signal,
                  deviceId: stream.deviceId,
                  value,
                  unit: stream.unit,
                  at: NOW - ago,
                  receivedAt: NOW - ago,
                  quality: 0,
                },
              ],
            ],
      ),
    ),
    alarms: [],
    standby: [],
  };
}

test("vital signs come in the order in which people read them", () => {
  const slots = slotsOf(
    tileWith(["body-temperature", 36.84, 0, "t", "Cel"], ["spo2", 97, 0, "o", "%"], ["heart-rate", 72]),
    NOW,
  );
  assert.deepEqual(
    slots.map((s) => `${s.label} ${s.text} ${s.unit}`),
    ["HR 72 /min", "SpO2 97 %", "Temp 36.8 °C"],
  );
});

test("a silent ECG rate gives way to the pulse, which says that it is the pulse", () => {
  const slots = slotsOf(tileWith(["heart-rate", 72, 60_000], ["pulse-rate-spo2", 80, 0, "ox"]), NOW);
  assert.deepEqual([slots[0]?.label, slots[0]?.text, slots.length], ["PR", "80", 1]);
});

test("systolic and diastolic of two readings are not put together", () => {
  const together = tileWith(
    ["nibp-systolic", 128, 60_000, "b", "mm[Hg]", null],
    ["nibp-diastolic", 76, 60_000, "b", "mm[Hg]", null],
  );
  assert.equal(slotsOf(together, NOW)[0]?.text, "128/76");
  const apart = tileWith(
    ["nibp-systolic", 128, 0, "b", "mm[Hg]", null],
    ["nibp-diastolic", 76, 600_000, "b", "mm[Hg]", null],
  );
  assert.equal(slotsOf(apart, NOW)[0]?.text, "128/–");
});

test("pressures of two devices are not put together", () => {
  const tile = tileWith(["nibp-systolic", 128, 0, "a", "mm[Hg]", null], ["nibp-diastolic", 76, 0, "b", "mm[Hg]", null]);
  assert.equal(slotsOf(tile, NOW)[0]?.text, "128/–");
});

test("a temperature in Fahrenheit is shown in the signal's unit, and what was received is told", () => {
  const slot = slotsOf(tileWith(["body-temperature", 98.6, 0, "t", "[degF]"]), NOW)[0];
  assert.deepEqual([slot?.text, slot?.unit, slot?.received], ["37.0", "°C", "98.6 °F"]);
});

test("what of its quality changes how far a value may be trusted is told in words", () => {
  const remarkOf = (quality: number) => {
    const tile = tileWith(["spo2", 97, 0, "o", "%"]);
    const latest = new Map([...tile.latest].map(([id, reading]) => [id, { ...reading, quality }]));
    return slotsOf({ ...tile, latest }, NOW)[0]?.remark;
  };
  assert.deepEqual([0, 1, 32].map(remarkOf), ["", "", ""]);
  assert.deepEqual([64, 64 + 8, 8 + 16].map(remarkOf), ["time zone assumed", "questionable", "corrected"]);
});

test("a stream that has not spoken yet shows a dash", () => {
  const slot = slotsOf(tileWith(["spo2", null, 0, "o", "%"]), NOW)[0];
  assert.deepEqual([slot?.text, slot?.freshness.state], ["–", "absent"]);
});

test("a tile shows vital signs, and others only where there is room", () => {
  const labels = (...m: Measured[]) => tileSlots(tileWith(...m), NOW).map((s) => s.label);
  const vitals: Measured[] = [
    ["heart-rate", 72],
    ["spo2", 97, 0, "o", "%"],
    ["respiratory-rate", 15],
    ["body-temperature", 36.8, 0, "t", "Cel"],
  ];
  assert.deepEqual(labels(...vitals, ["perfusion-index", 3, 0, "o", "%"]), ["HR", "SpO2", "Resp", "Temp"]);
  assert.deepEqual(labels(["perfusion-index", 3, 0, "o", "%"], ["spo2", 97, 0, "o", "%"]), ["SpO2", "PI"]);
});
