import assert from "node:assert/strict";
import { test } from "node:test";
import { getIntrospectionQuery } from "graphql";
import { aboutInstance, DocumentRefused, readDocument, textOf } from "./document.ts";

const nested = (levels: number) => `{ ${"a { ".repeat(levels)}b${" }".repeat(levels)} }`;
const spread =
  "query { ...f0 } " +
  Array.from(
    { length: 12 },
    (_, i) => `fragment f${i} on QueryType { ${i < 11 ? `...f${i + 1} ...f${i + 1}` : "a b"} }`,
  ).join(" ");

const refused: readonly [name: string, text: string, expected: RegExp][] = [
  ["no document", "{ Patient(", /a GraphQL document/],
  ["a mutation", 'mutation { PatientDelete(id: "1") { id } }', /a query: what is written/],
  ["a subscription", "subscription { a }", /a query: what is written/],
  ["too many levels", nested(13), /at most 12 levels/],
  ["fragments that double each other", spread, /at most 2000 fields/],
  ["a fragment within itself", "{ ...a } fragment a on QueryType { x { ...a } }", /no fragment within itself/],
  [
    "21 searches",
    `{ ${Array.from({ length: 21 }, (_, i) => `a${i}: PatientList { id }`).join(" ")} }`,
    /at most 20 searches/,
  ],
  [
    "a search for each of many",
    "{ PatientList(_count: 1000) { ConditionList(_reference: patient) { subject { resource { id } } } } }",
    /at most 2000 reads/,
  ],
  [
    "a search of whatever size",
    "query ($n: Int) { PatientList(_count: $n) { ConditionList(_reference: patient) { encounter { resource { id } } } } }",
    /at most 2000 reads/,
  ],
  [
    "an expression",
    "{ PatientList { name(fhirpath: \"use.matches('(a+)+$')\") { family } } }",
    /no expression in place of fhirpath/,
  ],
  ["the whole schema", getIntrospectionQuery(), /__type, of one type at a time/],
  ["an offset", "{ PatientList(_offset: 20) { id } }", /pages by _cursor/],
];
for (const [name, text, expected] of refused) {
  test(`${name} is refused before anything runs`, () => {
    assert.throws(
      () => readDocument(text),
      (error) => error instanceof DocumentRefused && expected.test(error.message),
    );
  });
}

test("what is within the bounds passes", () => {
  readDocument(nested(11));
  readDocument("{ PatientList(_count: 50) { id ObservationList(_reference: patient, _count: 10) { id } } }");
  readDocument("{ ...a ...a } fragment a on QueryType { PatientList { id } }");
});

test("a question about one resource is one about all, with its id", () => {
  const document = readDocument("query q { name { family } }");
  const text = textOf(aboutInstance(document, { type: "Patient", id: "1" }));
  assert.equal(text.replaceAll(/\s+/g, " "), 'query q { openwardInstance: Patient(id: "1") { name { family } } }');
});
