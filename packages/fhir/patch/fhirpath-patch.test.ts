import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { type FhirObject, parseFhir, parseResource, printFhir, type Resource } from "../json/index.ts";
import { applyFhirPathPatch } from "./index.ts";

/** An operation in short: the names of its parts and what they have. */
const operation = (parts: Record<string, unknown>): FhirObject => ({
  name: "operation",
  part: Object.entries(parts).map(([name, value]) => {
    if (name === "type") return { name, valueCode: value as string };
    if (typeof value === "string") return { name, valueString: value };
    if (typeof value === "number") return { name, valueInteger: value };
    return { name, ...(value as FhirObject) };
  }),
});
const parameters = (...operations: FhirObject[]): FhirObject => ({ resourceType: "Parameters", parameter: operations });
const patch = (resource: string, ...operations: Record<string, unknown>[]) =>
  printFhir(applyFhirPathPatch(parseResource(resource), parameters(...operations.map(operation))));

const PATIENT =
  '{"resourceType":"Patient","id":"p","name":[{"family":"A","given":["B","C"],"_given":[null,{"id":"c"}]},{"family":"D"}],"birthDate":"1970-01-01"}';
const WEIGHT = '{"resourceType":"Observation","id":"w","valueQuantity":{"value":2.50,"unit":"kg"},"status":"final"}';

const cases: readonly [string, string, Record<string, unknown>, string][] = [
  [
    "a primitive is added",
    PATIENT,
    { type: "add", path: "Patient", name: "gender", value: { valueCode: "female" } },
    PATIENT.replace("}", "}").replace('"1970-01-01"}', '"1970-01-01","gender":"female"}'),
  ],
  [
    "what repeats is added to its list",
    PATIENT,
    { type: "add", path: "Patient", name: "name", value: { valueHumanName: { family: "E" } } },
    PATIENT.replace('{"family":"D"}', '{"family":"D"},{"family":"E"}'),
  ],
  [
    "what repeats begins a list",
    PATIENT,
    { type: "add", path: "Patient.name[1]", name: "given", value: { valueString: "X" } },
    PATIENT.replace('"D"', '"D","given":["X"]'),
  ],
  [
    "an element without a datatype comes as its parts",
    PATIENT,
    {
      type: "add",
      path: "Patient",
      name: "contact",
      value: {
        part: [
          { name: "name", valueHumanName: { text: "n" } },
          { name: "telecom", valueContactPoint: { value: "1" } },
          { name: "telecom", valueContactPoint: { value: "2" } },
          { name: "gender", valueCode: "male" },
        ],
      },
    },
    PATIENT.replace(
      '"1970-01-01"}',
      '"1970-01-01","contact":[{"name":{"text":"n"},"telecom":[{"value":"1"},{"value":"2"}],"gender":"male"}]}',
    ),
  ],
  [
    "a choice is named by its value's type",
    '{"resourceType":"Observation"}',
    { type: "add", path: "Observation", name: "value", value: { valueQuantity: { value: 1 } } },
    '{"resourceType":"Observation","valueQuantity":{"value":1}}',
  ],
  [
    "an extension of a primitive stands beside it",
    PATIENT,
    {
      type: "add",
      path: "Patient.birthDate",
      name: "extension",
      value: { valueExtension: { url: "u", valueCode: "x" } },
    },
    PATIENT.replace('"1970-01-01"}', '"1970-01-01","_birthDate":{"extension":[{"url":"u","valueCode":"x"}]}}'),
  ],
  [
    "an extension of a primitive in a list stands at its index",
    PATIENT,
    { type: "add", path: "Patient.name[0].given[0]", name: "extension", value: { valueExtension: { url: "u" } } },
    PATIENT.replace("[null,", '[{"extension":[{"url":"u"}]},'),
  ],
  [
    "a primitive is replaced where it is",
    PATIENT,
    { type: "replace", path: "Patient.name[0].family", value: { valueString: "Z" } },
    PATIENT.replace('"A"', '"Z"'),
  ],
  [
    "an element of a list is replaced with what stands beside it",
    PATIENT,
    { type: "replace", path: "Patient.name[0].given[1]", value: { valueString: "Z" } },
    PATIENT.replace('"C"],"_given":[null,{"id":"c"}]', '"Z"]'),
  ],
  [
    "one of several types is replaced by another",
    WEIGHT,
    { type: "replace", path: "Observation.value", value: { valueString: "heavy" } },
    WEIGHT.replace('"valueQuantity":{"value":2.50,"unit":"kg"}', '"valueString":"heavy"'),
  ],
  [
    "a decimal is written as it came",
    WEIGHT,
    { type: "replace", path: "Observation.value.value", value: parseFhir('{"valueDecimal":3.10}') },
    WEIGHT.replace("2.50", "3.10"),
  ],
  [
    "the word of an operator is a name behind a dot",
    '{"resourceType":"Patient","text":{"div":"<div>a</div>"}}',
    { type: "replace", path: "Patient.text.div", value: { valueString: "<div>b</div>" } },
    '{"resourceType":"Patient","text":{"div":"<div>b</div>"}}',
  ],
  [
    "one is found by what it holds",
    PATIENT,
    { type: "replace", path: "Patient.name.where(family = 'D').family", value: { valueString: "Z" } },
    PATIENT.replace('"D"', '"Z"'),
  ],
  [
    "what is deleted goes with what stands beside it",
    PATIENT,
    { type: "delete", path: "Patient.name[0].given[1]" },
    PATIENT.replace('"B","C"],"_given":[null,{"id":"c"}]', '"B"]'),
  ],
  ["what is not there is deleted without complaint", PATIENT, { type: "delete", path: "Patient.gender" }, PATIENT],
  [
    "what holds nothing any more goes as well",
    PATIENT,
    { type: "delete", path: "Patient.name[1].family" },
    PATIENT.replace(',{"family":"D"}', ""),
  ],
  [
    "an insert stands before what has its index",
    PATIENT,
    { type: "insert", path: "Patient.name[0].given", index: 0, value: { valueString: "Z" } },
    PATIENT.replace('["B","C"],"_given":[null,{"id":"c"}]', '["Z","B","C"],"_given":[null,null,{"id":"c"}]'),
  ],
  [
    "an insert may stand last",
    PATIENT,
    { type: "insert", path: "Patient.name", index: 2, value: { valueHumanName: { family: "Z" } } },
    PATIENT.replace('{"family":"D"}', '{"family":"D"},{"family":"Z"}'),
  ],
  [
    "a move takes along what stands beside",
    PATIENT,
    { type: "move", path: "Patient.name[0].given", source: 1, destination: 0 },
    PATIENT.replace('["B","C"],"_given":[null,{"id":"c"}]', '["C","B"],"_given":[{"id":"c"},null]'),
  ],
  [
    "a resource in a Bundle is replaced",
    '{"resourceType":"Bundle","entry":[{"fullUrl":"u","resource":{"resourceType":"Patient","id":"x"}}]}',
    { type: "replace", path: "Bundle.entry[0].resource", value: { resource: { resourceType: "Patient", id: "y" } } },
    '{"resourceType":"Bundle","entry":[{"fullUrl":"u","resource":{"resourceType":"Patient","id":"y"}}]}',
  ],
  [
    "items in items are where their definition is",
    '{"resourceType":"Questionnaire","item":[{"linkId":"1","item":[{"linkId":"2"}]}]}',
    {
      type: "add",
      path: "Questionnaire.item[0].item[0]",
      name: "item",
      value: { part: [{ name: "linkId", valueString: "3" }] },
    },
    '{"resourceType":"Questionnaire","item":[{"linkId":"1","item":[{"linkId":"2","item":[{"linkId":"3"}]}]}]}',
  ],
];

for (const [what, resource, parts, expected] of cases) {
  test(what, () => assert.equal(patch(resource, parts), expected));
}

test("operations are done one after the other, or none of them", () => {
  const add = { type: "add", path: "Patient", name: "gender", value: { valueCode: "female" } };
  const resource = parseResource(PATIENT);
  assert.throws(() => applyFhirPathPatch(resource, parameters(operation(add), operation(add))), RefusedInput);
  assert.equal(printFhir(resource), PATIENT);
  const twice = patch(
    PATIENT,
    { type: "delete", path: "Patient.name[0]" },
    { type: "delete", path: "Patient.name[0]" },
  );
  assert.equal(twice, '{"resourceType":"Patient","id":"p","birthDate":"1970-01-01"}');
});

const value = { valueString: "x" };
const refusals: readonly [string, Record<string, unknown>, string, string][] = [
  ["a type that is none", { type: "upsert", path: "Patient" }, "PATCH_INVALID", ".part[0]"],
  ["no path", { type: "delete" }, "PATCH_INVALID", ""],
  ["no value", { type: "replace", path: "Patient.gender" }, "PATCH_INVALID", ""],
  [
    "a part that the operation has not",
    { type: "delete", path: "Patient.gender", index: 1 },
    "PATCH_INVALID",
    ".part[2]",
  ],
  [
    "two values",
    { type: "replace", path: "Patient.gender", value: { valueCode: "x", valueString: "y" } },
    "PATCH_INVALID",
    ".part[2]",
  ],
  [
    "an index that is none",
    { type: "insert", path: "Patient.name", value: { valueHumanName: {} }, index: -1 },
    "PATCH_INVALID",
    ".part[3].valueInteger",
  ],
  ["a path that is no FHIRPath", { type: "delete", path: "Patient.name[" }, "PATH_INVALID", ".part.where(name='path')"],
  [
    "a path with a regular expression",
    { type: "delete", path: "Patient.name.where(family.matches('(a+)+$'))" },
    "PATH_INVALID",
    ".part.where(name='path')",
  ],
  ["a path that finds several", { type: "delete", path: "Patient.name" }, "PATCH_REFUSED", ".part.where(name='path')"],
  [
    "a path that finds none",
    { type: "replace", path: "Patient.gender", value },
    "PATCH_REFUSED",
    ".part.where(name='path')",
  ],
  ["a path that computes", { type: "replace", path: "'a' & 'b'", value }, "PATCH_REFUSED", ".part.where(name='path')"],
  ["the resource itself", { type: "delete", path: "Patient" }, "PATCH_REFUSED", ".part.where(name='path')"],
  [
    "what is there already",
    { type: "add", path: "Patient", name: "birthDate", value: { valueDate: "1971" } },
    "PATCH_REFUSED",
    ".part.where(name='path')",
  ],
  [
    "an element that there is not",
    { type: "add", path: "Patient", name: "colour", value },
    "PATCH_REFUSED",
    ".part.where(name='name')",
  ],
  [
    "a name of the language's objects",
    { type: "add", path: "Patient", name: "__proto__", value },
    "PATCH_REFUSED",
    ".part.where(name='name')",
  ],
  [
    "a value of another type",
    { type: "add", path: "Patient", name: "maritalStatus", value },
    "PATCH_REFUSED",
    ".part[3]",
  ],
  ["text where a truth stands", { type: "add", path: "Patient", name: "active", value }, "PATCH_REFUSED", ".part[3]"],
  [
    "a part that is no element",
    { type: "add", path: "Patient", name: "contact", value: { part: [{ name: "colour", ...value }] } },
    "PATCH_INVALID",
    ".part[3].part[0]",
  ],
  [
    "a part too many",
    {
      type: "add",
      path: "Patient",
      name: "contact",
      value: {
        part: [
          { name: "gender", valueCode: "male" },
          { name: "gender", valueCode: "male" },
        ],
      },
    },
    "PATCH_INVALID",
    ".part[3].part[1]",
  ],
  ["another id", { type: "replace", path: "Patient.id", value }, "PATCH_REFUSED", ""],
  [
    "another type",
    { type: "add", path: "Patient", name: "resourceType", value },
    "PATCH_REFUSED",
    ".part.where(name='name')",
  ],
  [
    "an index past the end",
    { type: "insert", path: "Patient.name", value: { valueHumanName: { text: "x" } }, index: 3 },
    "PATCH_REFUSED",
    ".part.where(name='index')",
  ],
  [
    "an insert in a part of a list",
    { type: "insert", path: "Patient.name.where(family='A')", value: { valueHumanName: { text: "x" } }, index: 0 },
    "PATCH_REFUSED",
    ".part.where(name='path')",
  ],
  [
    "an insert in no list",
    { type: "insert", path: "Patient.birthDate", value: { valueDate: "1971" }, index: 0 },
    "PATCH_REFUSED",
    ".part.where(name='path')",
  ],
  [
    "a move from nowhere",
    { type: "move", path: "Patient.name", source: 2, destination: 0 },
    "PATCH_REFUSED",
    ".part.where(name='source')",
  ],
  [
    "a move to nowhere",
    { type: "move", path: "Patient.name", source: 0, destination: 2 },
    "PATCH_REFUSED",
    ".part.where(name='destination')",
  ],
];

for (const [what, parts, code, at] of refusals) {
  test(`${what} is refused`, () => {
    const resource: Resource = parseResource(PATIENT);
    assert.throws(
      () => applyFhirPathPatch(resource, parameters(operation(parts))),
      (error) =>
        (error instanceof RefusedInput && error.code === code && error.facts.at === `Parameters.parameter[0]${at}`) ||
        assert.fail(String(error)),
    );
    assert.equal(printFhir(resource), PATIENT);
  });
}

test("a second value of a choice is refused, whatever name it comes under", () => {
  for (const name of ["value", "value[x]", "valueString"])
    assert.throws(
      () => patch(WEIGHT, { type: "add", path: "Observation", name, value }),
      (error) => error instanceof RefusedInput && error.code === "PATCH_REFUSED",
      name,
    );
  const empty = '{"resourceType":"Observation"}';
  assert.equal(
    patch(empty, { type: "add", path: "Observation", name: "valueString", value }),
    '{"resourceType":"Observation","valueString":"x"}',
  );
});

test("what is no Parameters resource of operations is refused", () => {
  const refused = (error: unknown) => error instanceof RefusedInput && error.code === "PATCH_INVALID";
  for (const wrong of [
    null,
    [],
    {},
    { resourceType: "Patient" },
    { resourceType: "Parameters", parameter: [{ name: "x" }] },
    { resourceType: "Parameters", parameter: {} },
  ])
    assert.throws(() => applyFhirPathPatch(parseResource(PATIENT), wrong), refused, JSON.stringify(wrong));
});
