import assert from "node:assert/strict";
import { test } from "node:test";
import type { AmendmentBody } from "@openward/api";
import { amendmentText, newestSeen, touches } from "./amendment-text.ts";

const AT = Date.UTC(2026, 10, 22, 13, 5, 9);
const base: AmendmentBody = {
  id: "00000000-0000-4000-8000-000000000001",
  kind: "corrected",
  deviceId: "ox-1",
  streamId: "00000000-0000-4000-8000-000000000002",
  signal: "spo2",
  from: AT,
  to: AT + 1,
  isReading: true,
  received: 55,
  corrected: 95,
  unit: "%",
  direction: null,
  otherPatientId: null,
  by: "Nora",
  reason: "typing error",
  at: AT,
  withdrawn: null,
};

test("a sentence says what, when and what became of it", () => {
  assert.match(amendmentText(base, "UTC"), /SpO2|Oxygen|saturation/i);
  assert.match(amendmentText(base, "UTC"), /55 % of 22 Nov 2026, 13:05:09: corrected to 95 %$/);
  const moved = { ...base, kind: "re-attributed", streamId: null, signal: null, isReading: false } as const;
  const away = { ...moved, to: AT + 60_000, received: null, corrected: null, direction: "away" } as const;
  assert.equal(
    amendmentText(away, "UTC", "Berg, Ola"),
    "everything from ox-1 from 22 Nov 2026, 13:05:09 to 22 Nov 2026, 13:06:09: was not this patient, is Berg, Ola's",
  );
  assert.match(amendmentText({ ...away, direction: "here" }, "UTC"), /stood in the record of another patient$/);
});

test("whoever amends has seen the newest that holds, and no other stream's", () => {
  const older = { ...base, id: "00000000-0000-4000-8000-000000000009" };
  assert.equal(newestSeen([base, older], { streamId: base.streamId ?? "", deviceId: "ox-1" }, AT, AT + 1), base.id);
  assert.equal(newestSeen([base], { streamId: "other", deviceId: "ox-1" }, AT, AT + 1), null);
  const withdrawn = { ...base, withdrawn: { by: "Nora", reason: "was right", at: AT } };
  assert.equal(
    newestSeen([withdrawn, older], { streamId: base.streamId ?? "", deviceId: "ox-1" }, AT, AT + 1),
    older.id,
  );
  assert.equal(touches(base, AT + 1, AT + 2), false);
});
