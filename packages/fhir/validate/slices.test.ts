import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProfileData, RuleData } from "../definitions/data.ts";
import { codeable, guide, must, not, of, references, sliced } from "../definitions/guides/rules.ts";
import { loadDefinitions } from "../definitions/load.ts";
import { Validator } from "./validator.ts";

const URL = "http://example.org/profile";

type Json = Record<string, unknown>;

const profile = (type: string, elements: RuleData[]): ProfileData => ({ type, rule: of(type, { elements }) });

/** Errors of a resource against a profile that is made up here. */
function held(own: ProfileData, others: Record<string, ProfileData> = {}): (resource: Json) => string[] {
  const sets = { "http://example.org/few": { systems: { "urn:a": ["x", "y"] } } };
  const validator = new Validator([...loadDefinitions(), guide("test", { [URL]: own, ...others }, sets)]);
  return (resource) =>
    validator
      .validate(resource, { profiles: [URL] })
      .filter(({ severity }) => severity === "error")
      .map(({ expression, code }) => `${expression} ${code}`);
}

const patient = (more: Json): Json => ({ resourceType: "Patient", ...more });
const coded = (code: string, system = "urn:a") => ({ coding: [{ system, code }] });
const observation = (more: Json): Json => ({ resourceType: "Observation", status: "final", code: coded("x"), ...more });

test("slices by value: counted, and closed ones let nothing else in", () => {
  const identifiers = (rules: "open" | "closed") =>
    held(
      profile("Patient", [
        sliced(
          "identifier",
          "system",
          0,
          { one: { min: 1, max: 1, elements: [must("system", { fixed: "urn:a" })] } },
          rules,
        ),
      ]),
    );
  const a = { system: "urn:a", value: "1" };
  const b = { system: "urn:b", value: "2" };
  assert.deepEqual(identifiers("open")(patient({ identifier: [a, b] })), []);
  assert.deepEqual(identifiers("open")(patient({ identifier: [b] })), ["Patient.identifier required"]);
  assert.deepEqual(identifiers("open")(patient({})), ["Patient.identifier required"]);
  assert.deepEqual(identifiers("open")(patient({ identifier: [a, a] })), ["Patient.identifier structure"]);
  assert.deepEqual(identifiers("closed")(patient({ identifier: [a, b] })), ["Patient.identifier[1] structure"]);
});

test("ordered slices stand in their order", () => {
  const check = held(
    profile("Patient", [
      {
        ...sliced("identifier", "system", 0, {
          first: { elements: [must("system", { fixed: "urn:a" })] },
          second: { elements: [must("system", { fixed: "urn:b" })] },
        }),
        slicing: { by: [{ type: "value", path: "system" }], rules: "open", ordered: true },
      },
    ]),
  );
  const [a, b] = [
    { system: "urn:a", value: "1" },
    { system: "urn:b", value: "1" },
  ];
  assert.deepEqual(check(patient({ identifier: [a, a, b] })), []);
  assert.deepEqual(check(patient({ identifier: [a, b, a] })), ["Patient.identifier[2] structure"]);
});

test("slices by pattern, by a required value set, and by what exists", () => {
  const byPattern = held(
    profile("Observation", [sliced("category", "$this", 0, { x: { min: 1, ...codeable("urn:a", "x") } })]),
  );
  assert.deepEqual(byPattern(observation({ category: [{ ...coded("x"), text: "more" }] })), []);
  assert.deepEqual(byPattern(observation({ category: [coded("x", "urn:b")] })), ["Observation.category required"]);

  const bySet = held(
    profile("Observation", [
      sliced("category", "$this", 0, { few: { min: 1, binding: { required: "http://example.org/few" } } }),
    ]),
  );
  assert.deepEqual(bySet(observation({ category: [coded("z"), coded("y")] })), []);
  assert.deepEqual(bySet(observation({ category: [coded("z")] })), ["Observation.category required"]);

  const byExistence = held(
    profile("Patient", [
      {
        ...sliced("contact", "name", 0, {
          named: { max: 1, elements: [must("name")] },
          nameless: { elements: [not("name"), must("telecom")] },
        }),
        slicing: { by: [{ type: "exists", path: "name" }], rules: "open" },
      },
    ]),
  );
  const named = { name: { text: "a" } };
  assert.deepEqual(byExistence(patient({ contact: [named] })), []);
  assert.deepEqual(byExistence(patient({ contact: [named, named] })), ["Patient.contact structure"]);
  assert.deepEqual(
    byExistence(patient({ contact: [{ gender: "female", organization: {} }] })).at(-1),
    "Patient.contact[0].telecom required",
  );
});

test("slices by type: a choice of data types, and resources of a Bundle", () => {
  const choice = held(
    profile("Observation", [
      {
        name: "value[x]",
        slices: [{ name: "value[x]", slice: "valueQuantity", elements: [must("unit")] }],
      },
    ]),
  );
  assert.deepEqual(choice(observation({ valueString: "a" })), []);
  assert.deepEqual(choice(observation({ valueQuantity: { value: 1 } })), ["Observation.value.unit required"]);

  const entries = held(
    profile("Bundle", [
      {
        name: "entry",
        slicing: { by: [{ type: "type", path: "resource" }], rules: "open" },
        slices: [
          {
            name: "entry",
            slice: "patient",
            min: 1,
            max: 1,
            elements: [must("resource", { types: [{ code: "Patient" }] })],
          },
        ],
      },
    ]),
  );
  const bundle = (...types: string[]) => ({
    resourceType: "Bundle",
    type: "collection",
    entry: types.map((resourceType, i) => ({ fullUrl: `urn:x:${i}`, resource: { resourceType } })),
  });
  assert.deepEqual(entries(bundle("Patient", "Patient")), ["Bundle.entry structure"]);
  assert.deepEqual(entries(bundle("Patient")), []);
});

test("of several profiles of an element one must hold", () => {
  const kilos = "http://example.org/kilos";
  const check = held(
    profile("Observation", [
      {
        name: "value[x]",
        types: [{ code: "Quantity", profiles: [kilos, "http://hl7.org/fhir/StructureDefinition/MoneyQuantity"] }],
      },
    ]),
    { [kilos]: { type: "Quantity", rule: of("Quantity", { elements: [must("code", { fixed: "kg" })] }) } },
  );
  const quantity = (code: string, system = "http://unitsofmeasure.org") => ({
    valueQuantity: { value: 1, system, code },
  });
  assert.deepEqual(check(observation(quantity("kg"))), []);
  assert.deepEqual(check(observation(quantity("EUR", "urn:iso:std:iso:4217"))), []);
  assert.deepEqual(check(observation(quantity("cm"))), ["Observation.value structure"]);
  assert.deepEqual(check(observation({ valueString: "a" })), ["Observation.value structure"]);
});

test("what is referred to is held to the profile's types, wherever it is", () => {
  const check = held(profile("Observation", [must("subject", references("Patient"))]));
  const to = (reference: string, more: Json = {}) => observation({ subject: { reference }, ...more });
  assert.deepEqual(check(to("Patient/1")), []);
  assert.deepEqual(check(to("https://host.example/fhir/Patient/1/_history/2")), []);
  assert.deepEqual(check(to("Group/1")), ["Observation.subject value"]);
  assert.deepEqual(
    check(to("#g", { contained: [{ resourceType: "Group", id: "g", type: "person", actual: false }] })),
    ["Observation.subject value"],
  );
  assert.deepEqual(check(observation({ subject: { type: "Group", identifier: { value: "1" } } })), [
    "Observation.subject value",
  ]);
  assert.deepEqual(check(observation({ subject: { display: "somebody" } })), []);
});

test("slices that cannot be told apart are said, not passed over", () => {
  const validator = new Validator([
    ...loadDefinitions(),
    guide("test", {
      [URL]: profile("Observation", [
        {
          name: "hasMember",
          slicing: { by: [{ type: "profile", path: "resolve()" }], rules: "open" },
          slices: [{ name: "hasMember", slice: "a", min: 1 }],
        },
      ]),
    }),
  ]);
  const issues = validator.validate(observation({}), { profiles: [URL] });
  assert.deepEqual(
    issues.map(({ severity, code, expression }) => `${severity} ${code} ${expression}`),
    ["information not-supported Observation.hasMember"],
  );
});
