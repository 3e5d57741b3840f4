import assert from "node:assert/strict";
import { test } from "node:test";
import type { AlarmBody } from "@openward/api";
import { compareAlarms, compareBeds, highestUnanswered, urgencyOf } from "./priority.ts";
import { alarmFate, alarmText, answerLabel, answerWord } from "./text.ts";

const alarm = (over: Partial<AlarmBody>): AlarmBody => ({
  id: "a",
  revision: 1,
  patientId: "p",
  deviceId: "ox-1",
  streamId: "s",
  signal: "spo2",
  rule: "limit-low",
  priority: "medium",
  state: "raised",
  latched: false,
  onsetAt: Date.UTC(2026, 10, 22, 12),
  raisedAt: Date.UTC(2026, 10, 22, 12),
  conditionEndedAt: null,
  acknowledgedAt: null,
  acknowledgedBy: null,
  resolvedAt: null,
  value: 86,
  limit: 90,
  unit: "%",
  ...over,
});

test("a doubt about the wearer is a question, with what is measured and what was to be expected", () => {
  const weight = { signal: "body-weight", value: 64.2, limit: 80.1, unit: "kg", deviceId: "scale-1" };
  const of = (rule: AlarmBody["rule"]) => alarmText(alarm({ ...weight, rule }), "UTC");
  assert.equal(of("wearer-jump"), "Is this the right patient? Weight 64.2 kg, and 80.1 before");
  assert.equal(
    of("wearer-mixed"),
    "Is this the right patient? scale-1 seems to measure two people: Weight 64.2 kg and 80.1",
  );
  assert.equal(of("wearer-apart"), "Is this the right patient? Weight 64.2 kg by scale-1, 80.1 by another");
});

test("an unanswered low alarm comes before an answered high one", () => {
  const sorted = [
    alarm({ id: "1", priority: "high", state: "acknowledged" }),
    alarm({ id: "2", priority: "low" }),
    alarm({ id: "3", priority: "high" }),
  ].sort(compareAlarms);
  assert.deepEqual(
    sorted.map((a) => a.id),
    ["3", "2", "1"],
  );
});

test("sound follows the highest priority that nobody has answered", () => {
  assert.equal(
    highestUnanswered([alarm({ priority: "low" }), alarm({ priority: "high", state: "acknowledged" })]),
    "low",
  );
  assert.equal(highestUnanswered([alarm({ state: "resolved", priority: "high" })]), null);
});

test("a patient without alarms is the least urgent", () => {
  assert.ok(urgencyOf([]) > urgencyOf([alarm({ priority: "low", state: "acknowledged" })]));
});

test("beds are ordered as people count", () => {
  assert.deepEqual(["A10", "12", "A2", "4"].sort(compareBeds), ["4", "12", "A2", "A10"]);
});

test("an alarm says what, how much and which limit", () => {
  assert.equal(alarmText(alarm({}), "UTC"), "SpO2 86 % below 90");
  assert.equal(alarmText(alarm({ value: 89.7 }), "UTC"), "SpO2 89.7 % below 90");
  assert.equal(
    alarmText(alarm({ rule: "missing-data", value: null, limit: null }), "Europe/Oslo"),
    "No SpO2 since 13:00",
  );
  assert.equal(alarmText(alarm({ rule: "event", signal: "sos-button" }), "UTC"), "Emergency button pressed");
});

test("a latched alarm says that its condition ended", () => {
  const at = Date.UTC(2026, 10, 22, 12, 5);
  assert.equal(alarmFate(alarm({ conditionEndedAt: at, latched: true }), "UTC"), "condition ended 12:05, latched");
  assert.equal(
    alarmFate(alarm({ state: "acknowledged", acknowledgedAt: at, acknowledgedBy: "Nina Berg" }), "UTC"),
    "acknowledged 12:05 by Nina Berg",
  );
});

test("an alarm that asks is answered with a word of its own", () => {
  const asks = alarm({ rule: "wearer-jump", signal: "body-weight", value: 64.2, unit: "kg", limit: 80.1 });
  assert.equal(answerWord(asks, true), "Yes, it is");
  assert.equal(answerLabel(asks, "UTC"), "Yes, it is: Is this the right patient? Weight 64.2 kg, and 80.1 before");
  assert.equal(answerWord(alarm({}), true), "Ack");
  assert.equal(answerLabel(alarm({}), "UTC"), "Acknowledge SpO2 86 % below 90");
});
