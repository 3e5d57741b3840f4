import assert from "node:assert/strict";
import { test } from "node:test";
import type { SharingBody } from "@openward/api";
import { actorOf, whomToChoose } from "./choices.ts";

const sharing: SharingBody = {
  patientId: "p",
  mayDecide: true,
  categories: [],
  people: [
    { id: "1", display: "Nina Berg", role: "nurse" },
    { id: "2", display: "Rolf Sand", role: "researcher" },
  ],
  sees: [],
  consents: [],
};
const labels = (...asked: [Parameters<typeof whomToChoose>[1], Parameters<typeof whomToChoose>[2]]) =>
  whomToChoose(sharing, ...asked).map(({ label }) => label);

test("who takes care is offered for care, who studies for research, and anybody only to keep something back", () => {
  assert.deepEqual(labels("permit", "care"), ["Nina Berg (Nurse)", "All nurses", "All physicians"]);
  assert.deepEqual(labels("permit", "research"), ["Rolf Sand (Researcher)", "All researchers"]);
  assert.equal(labels("deny", "any")[0], "Anybody here");
  assert.ok(labels("deny", "any").includes("Rolf Sand (Researcher)"));
});

test("what was chosen is who the statement names", () => {
  assert.deepEqual(actorOf("person 1"), { kind: "person", id: "1" });
  assert.deepEqual(actorOf("role nurse"), { kind: "role", role: "nurse" });
  assert.deepEqual(actorOf("everybody"), { kind: "everybody" });
});
