import assert from "node:assert/strict";
import { test } from "node:test";
import { routes } from "@openward/api";
import deeds from "./deeds.json" with { type: "json" };
import { type AuditEntry, agentId, agentsOf, deedText, entryText, reasonText, throughText } from "./entry-words.ts";

const NINA = "00000000-0000-7000-8000-000000000001";
const nina = { kind: "person", id: NINA, display: "Nina Berg", role: "nurse" };
const entry = (more: Partial<AuditEntry> = {}): AuditEntry => ({
  id: "00000000-0000-7000-8000-0000000000e1",
  at: 0,
  who: nina,
  onBehalfOf: null,
  through: null,
  action: "R",
  code: "api.trend",
  patients: [],
  entity: "Observation",
  entityId: null,
  via: "GET /api/patients/:id/trend",
  purpose: null,
  basis: null,
  outcome: "allowed",
  refusal: null,
  address: null,
  ...more,
});
const nobody = () => undefined;

test("a line says who did what, and of a change who is known by that id now", () => {
  assert.equal(entryText(entry(), nobody), "Nina Berg (nurse) looked at measurements");
  const change = entry({
    who: { ...nina, display: "", role: null },
    action: "U",
    code: "patient.admit",
    entity: "Patient",
  });
  assert.equal(
    entryText(change, (id) => (id === NINA ? "Nina Berg" : undefined)),
    "Nina Berg admitted the patient",
  );
  assert.equal(entryText(change, nobody), "A person whose name is not known admitted the patient");
  const stranger = entry({
    who: { kind: "unknown", id: null, display: "", role: null },
    code: "api.signIn",
    outcome: "refused",
  });
  assert.equal(entryText(stranger, nobody), "Somebody who was not signed in tried in vain to sign in");
});

test("what has no words of its own is told by the kind of thing, or by the kind's name", () => {
  assert.equal(
    deedText(entry({ action: "D", entity: "Consent", code: "x.y" })),
    "removed something of what patients share",
  );
  assert.equal(deedText(entry({ action: "E", code: "fhir.search", entity: "Encounter" })), "looked for Encounter");
  assert.equal(deedText(entry({ outcome: "failed" })), "tried in vain to look at measurements");
});

test("why is the purpose with every basis; what was refused says with which code, and that nothing was shown", () => {
  assert.equal(
    reasonText(entry({ purpose: "TREAT", basis: "care-team ward-assignment" })),
    "Care: belongs to the care team; is assigned to the ward",
  );
  assert.equal(reasonText(entry({ basis: "self" })), "it is about themselves");
  assert.equal(reasonText(entry()), undefined);
  assert.equal(
    reasonText(entry({ outcome: "refused", refusal: "NOT_FOUND", purpose: "TREAT" })),
    "Refused (NOT_FOUND): nothing was shown or done",
  );
});

test("through which screen or application is told, and for whom an application acts", () => {
  assert.equal(throughText(entry(), nobody), "the portal");
  const app = { kind: "application", id: "app", display: "Heart rates", role: null };
  assert.equal(
    throughText(entry({ who: app, via: "GET /fhir/*", onBehalfOf: nina }), nobody),
    "FHIR, for Nina Berg (nurse)",
  );
  assert.equal(throughText(entry({ who: { ...app, kind: "token" } }), nobody), "the API");
  const screen = { kind: "kiosk", id: "k", display: "Corridor", role: null };
  assert.equal(throughText(entry({ through: screen }), nobody), "the portal, at the screen Corridor");
  const ward = { kind: "patient", id: "p", display: "", role: null };
  assert.equal(throughText(entry({ onBehalfOf: ward }), nobody), "the portal, for the patient");
});

test("two of one name are told apart, and an id that nobody lists is asked for as it is", () => {
  const people = [
    { id: "a", display: "Nina Berg", role: "nurse" },
    { id: "b", display: "Nina Berg", role: "nurse" },
  ];
  const agents = agentsOf(people, [entry({ who: { kind: "device", id: "box-1", display: "box-1", role: null } })]);
  assert.deepEqual(
    agents.map(({ label }) => label),
    ["box-1", "Nina Berg, nurse (a)", "Nina Berg, nurse (b)"],
  );
  assert.equal(agentId("Nina Berg, nurse (b)", agents), "b");
  assert.equal(agentId(" box-9 ", agents), "box-9");
  assert.equal(agentId("  ", agents), undefined);
});

test("words stand for requests that there are", () => {
  for (const code of Object.keys(deeds)) {
    const name = /^api\.(.+)$/.exec(code)?.[1];
    if (name !== undefined) assert.ok(name in routes, `${code}: no such route`);
  }
});
