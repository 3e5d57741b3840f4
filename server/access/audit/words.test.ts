import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditRecord } from "./record.ts";
import { inWords } from "./words.ts";

const record = (more: Partial<AuditRecord> = {}): AuditRecord => ({
  id: "00000000-0000-7000-8000-0000000000c1",
  at: 0,
  organisationId: null,
  who: { kind: "person", id: "n", display: "Nina Berg", role: "nurse" },
  action: "R",
  code: "api.trend",
  patients: [],
  entity: "Observation",
  via: "GET /api/patients/:id/trend",
  outcome: "allowed",
  ...more,
});

test("a screen that is kept open is told in the same words at its beginning and its end", () => {
  const screen = { entity: "Ward", via: "GET /live" };
  const words = ["live.open", "live.close"].map((code) => inWords(record({ ...screen, code })));
  assert.deepEqual(new Set(words), new Set(["Nina Berg (nurse) had you on a screen that is kept open"]));
});

test("an application is told with its person, a guardian as theirs, and why where the record knows it", () => {
  const nina = record().who;
  const app = { kind: "application", id: "a", display: "Growth chart", role: null } as const;
  assert.equal(
    inWords(record({ who: app, onBehalfOf: nina, purpose: "TREAT", basis: "ward-assignment" })),
    "Growth chart, for Nina Berg (nurse), looked at your measurements, for your care",
  );
  const guardian = { kind: "person", id: "g", display: "Ola Abara", role: "family" } as const;
  const patient = { kind: "patient", id: "p", display: "", role: null } as const;
  assert.equal(
    inWords(record({ who: guardian, onBehalfOf: patient, purpose: "PATRQT", basis: "guardian" })),
    "Ola Abara (family), on your behalf, looked at your measurements",
  );
  assert.equal(inWords(record({ purpose: "PATRQT", basis: "self" })), "Nina Berg (nurse) looked at your measurements");
});

test("what was done is told as done, and what was refused as tried", () => {
  assert.equal(inWords(record()), "Nina Berg (nurse) looked at your measurements");
  assert.equal(
    inWords(record({ outcome: "refused", entity: "Grant", action: "U" })),
    "Nina Berg (nurse) tried in vain to change who may see you",
  );
  assert.equal(
    inWords(record({ who: { kind: "unknown", id: null, display: "", role: null }, outcome: "refused" })),
    "Somebody who was not signed in tried in vain to look at your measurements",
  );
});
