import assert from "node:assert/strict";
import { test } from "node:test";
import type { Readings, Stream } from "@openward/model";
import { createNumerics, UNCHANGED } from "./numerics.ts";

const stream: Stream = {
  id: "s1",
  organisationId: "o",
  patientId: "p",
  deviceId: "d",
  signal: "spo2",
  kind: "numeric",
  unit: "%",
};
const readings = (receivedAt: number, ...points: [number, number][]): Readings => ({
  stream,
  associationId: "a",
  times: Float64Array.from(points, ([time]) => time),
  values: Float64Array.from(points, ([, value]) => value),
  quality: new Uint8Array(points.length),
  utcOffsetMinutes: null,
  receivedAt,
});
const values = (text: string) => (JSON.parse(`[${text}]`) as { value: number }[]).map((item) => item.value);

test("the newest reading of a message wins, wherever it stands in it", () => {
  const numerics = createNumerics("p");
  assert.ok(numerics.take(readings(4_000, [1_000, 90], [3_000, 93], [2_000, 92]), 0));
  assert.deepEqual(values(numerics.changedSince(UNCHANGED)), [93]);
});

test("a late reading, and one that is sent again, never replace a newer one", () => {
  const numerics = createNumerics("p");
  numerics.take(readings(3_000, [3_000, 93]), 0);
  assert.equal(numerics.take(readings(4_000, [2_000, 80]), 1), false);
  assert.equal(numerics.take(readings(4_000, [3_000, 80]), 1), false);
  assert.equal(numerics.changedSince(0), "");
  assert.deepEqual(values(numerics.changedSince(UNCHANGED)), [93]);
});

test("a clock that ran ahead hides nothing once it has been set right", () => {
  const numerics = createNumerics("p");
  numerics.take(readings(10_000, [200_000, 70]), 0);
  numerics.take(readings(11_000, [201_000, 71]), 1);
  assert.deepEqual(values(numerics.changedSince(0)), [71], "it is shown while it runs ahead");
  numerics.take(readings(12_000, [11_900, 72]), 2);
  assert.deepEqual(values(numerics.changedSince(1)), [72]);
  assert.equal(numerics.take(readings(13_000, [5_000, 60]), 3), false, "a late one is late all the same");
});

test("whoever missed frames gets what changed since, each stream once", () => {
  const numerics = createNumerics("p");
  const other = { ...readings(1_000, [1_000, 60]), stream: { ...stream, id: "s2", signal: "heart-rate" } };
  numerics.take(other, 0);
  numerics.take(readings(1_000, [1_000, 90]), 1);
  numerics.take(readings(2_000, [2_000, 91]), 2);
  assert.deepEqual(values(numerics.changedSince(1)), [91]);
  assert.deepEqual(values(numerics.changedSince(0)), [91]);
  assert.deepEqual(values(numerics.changedSince(UNCHANGED)), [60, 91]);
  assert.equal(numerics.changedSince(2), "");
});

test("what a tile said is not said again, and nothing older follows it", () => {
  const numerics = createNumerics("p");
  const latest = {
    streamId: "s1",
    signal: "spo2",
    deviceId: "d",
    unit: "%",
    value: 95,
    at: 5_000,
    receivedAt: 5_000,
    quality: 0,
  };
  numerics.seed([latest], 7);
  assert.equal(numerics.changedSince(UNCHANGED), "");
  assert.equal(numerics.take(readings(6_000, [4_000, 80]), 7), false);
  assert.ok(numerics.take(readings(6_000, [6_000, 96]), 7));
  assert.deepEqual(values(numerics.changedSince(6)), [96]);
});
