import assert from "node:assert/strict";
import { test } from "node:test";
import type { Limits } from "@openward/model";
import { createLimitHistory } from "./limit-history.ts";

const limits = (setAt: number, high: number | null, more: Partial<Limits> = {}): Limits => ({
  signal: "heart-rate",
  low: 50,
  high,
  criticalLow: null,
  criticalHigh: null,
  priority: "medium",
  delayMs: 0,
  hysteresis: 0,
  latching: false,
  enabled: true,
  setBy: "nurse",
  setAt,
  ...more,
});

test("what held at a time is what was set last before it", () => {
  const history = createLimitHistory();
  history.add("p", limits(100, 120));
  history.add("p", limits(200, 130));
  const high = (time: number, patient = "p", signal = "heart-rate") => history.at(patient, signal, time)?.high;
  assert.deepEqual(
    [99, 100, 199, 200, 1e9].map((time) => high(time)),
    [undefined, 120, 120, 130, 130],
  );
  assert.equal(high(300, "other"), undefined);
  assert.equal(high(300, "p", "spo2"), undefined);
  history.forget("p");
  assert.equal(high(300), undefined);
});

test("limits of an age, and limits that are off, are no judgement of this patient", () => {
  const history = createLimitHistory();
  history.add("p", limits(100, 120));
  history.add("p", limits(200, 110, { setBy: "profile adult" }));
  history.add("p", limits(300, 115));
  history.add("p", limits(400, 115, { enabled: false }));
  assert.deepEqual(
    [150, 250, 350, 450].map((time) => history.at("p", "heart-rate", time)?.high),
    [120, undefined, 115, undefined],
  );
});
