import assert from "node:assert/strict";
import { test } from "node:test";
import type { LimitsBody } from "@openward/api";
import { insist, noEdits, rowsOf, toSend, withAdded, withEdit, withoutEdit } from "./limit-edits.ts";

const limits = (signal: string, high: number, by: string | null = null): LimitsBody => ({
  signal,
  criticalLow: null,
  low: 50,
  high,
  criticalHigh: null,
  priority: "medium",
  delayMs: 6_000,
  hysteresis: 2,
  latching: true,
  enabled: true,
  setBy: by ?? "profile adult",
  setAt: 0,
  isDefault: by === null,
  revision: by ?? "profile adult",
});
const rowOf = (rows: ReturnType<typeof rowsOf>, signal: string) => {
  const row = rows.find((r) => r.draft.signal === signal);
  assert.ok(row);
  return row;
};

const before = [limits("heart-rate", 120), limits("spo2", 100)];
const after = [limits("heart-rate", 99, "Nina 1"), limits("spo2", 100)];

test("a row that nobody touched shows what somebody else has set meanwhile, and is not sent", () => {
  const edits = withEdit(noEdits, rowOf(rowsOf(before, noEdits), "spo2"), { low: 91 });
  const rows = rowsOf(after, edits);
  assert.equal(rowOf(rows, "heart-rate").draft.high, 99);
  assert.deepEqual(
    toSend(rows).map(({ signal, low, seen, hysteresis, latching }) => ({ signal, low, seen, hysteresis, latching })),
    [{ signal: "spo2", low: 91, seen: "profile adult", hysteresis: 2, latching: true }],
  );
});

test("a row that is being typed when somebody else sets it says so, and is sent only when a person insists", () => {
  const typing = withEdit(noEdits, rowOf(rowsOf(before, noEdits), "heart-rate"), { high: 110 });
  const overtaken = rowOf(rowsOf(after, typing), "heart-rate");
  assert.deepEqual([overtaken.isOvertaken, overtaken.seen, overtaken.draft.high], [true, "profile adult", 110]);
  const more = rowOf(rowsOf(after, withEdit(typing, overtaken, { high: 111 })), "heart-rate");
  assert.equal(more.isOvertaken, true, "typing on is not insisting");
  assert.equal(toSend(rowsOf(after, insist(typing, overtaken)))[0]?.seen, "Nina 1");
  assert.equal(rowOf(rowsOf(after, withoutEdit(typing, "heart-rate")), "heart-rate").draft.high, 99);
});

test("what is typed back to what is in force is no change", () => {
  const typing = withEdit(noEdits, rowOf(rowsOf(before, noEdits), "heart-rate"), { high: 110 });
  const back = withEdit(typing, rowOf(rowsOf(before, typing), "heart-rate"), { high: 120 });
  assert.deepEqual(toSend(rowsOf(before, back)), []);
});

test("a row that was added is sent as new, and told apart from one that came meanwhile", () => {
  const { draft } = rowOf(rowsOf(before, noEdits), "spo2");
  const edits = withAdded(noEdits, { ...draft, signal: "etco2" });
  assert.equal(toSend(rowsOf(before, edits))[0]?.seen, null);
  assert.equal(rowOf(rowsOf([...before, limits("etco2", 60, "Nina 2")], edits), "etco2").isOvertaken, true);
});
