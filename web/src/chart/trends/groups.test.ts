import assert from "node:assert/strict";
import { test } from "node:test";
import type { TrendBody } from "@openward/api";
import { groupTrends, limitLines, summaryOf } from "./groups.ts";

const trend = (signal: string, unit: string, values: (number | null)[], deviceId = "d"): TrendBody => ({
  streamId: `${signal} ${deviceId}`,
  signal,
  unit,
  deviceId,
  starts: values.map((_, i) => i * 1000),
  min: values.map((v) => (v === null ? null : v - 1)),
  max: values.map((v) => (v === null ? null : v + 1)),
  mean: values,
  last: values,
  count: values.map((v) => (v === null ? 0 : 1)),
});

test("systolic, mean and diastolic are read in one chart", () => {
  const groups = groupTrends([
    trend("nibp-diastolic", "mm[Hg]", [76]),
    trend("nibp-systolic", "mm[Hg]", [128]),
    trend("heart-rate", "/min", [70]),
  ]);
  assert.deepEqual(
    groups.map((g) => g.trends.map((t) => t.signal)),
    [["heart-rate"], ["nibp-systolic", "nibp-diastolic"]],
  );
});

test("two units never share an axis", () => {
  assert.equal(
    groupTrends([trend("glucose-interstitial", "mg/dL", [100]), trend("glucose-blood", "mmol/L", [5.6])]).length,
    2,
  );
});

test("a signal of no group has its own chart, and an empty one has none", () => {
  const groups = groupTrends([trend("etco2", "mm[Hg]", [35]), trend("spo2", "%", [null, null])]);
  assert.deepEqual(
    groups.map((g) => g.key),
    ["etco2 mm[Hg]"],
  );
});

test("the summary is of extremes, not of means", () => {
  assert.deepEqual(summaryOf(trend("spo2", "%", [97, null, 88])), { low: 87, high: 98, last: 88 });
  assert.equal(summaryOf(trend("spo2", "%", [null])), null);
});

test("a limit that all signals of a chart share is one line without a name", () => {
  const limit = (signal: string, low: number, high: number) => ({
    signal,
    low,
    high,
    criticalLow: null,
    criticalHigh: null,
    priority: "medium" as const,
    delayMs: 0,
    hysteresis: 0,
    latching: false,
    enabled: true,
    setBy: "profile adult",
    setAt: 0,
    isDefault: true,
    revision: "profile adult",
  });
  assert.deepEqual(
    limitLines([limit("heart-rate", 50, 120), limit("pulse-rate-spo2", 50, 130)]).map((l) => `${l.name}${l.value}`),
    ["50", "HR 120", "PR 130"],
  );
});
