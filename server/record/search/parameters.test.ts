import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { type ParameterDefinition, parseQuery } from "./query.ts";
import { idsOfAll, parseReferences } from "./reference.ts";
import { matchesString } from "./string.ts";
import { matchesTokens, parseTokens } from "./token.ts";

const at = (value: string, modifier: string | null = null) => ({ value, modifier, at: "http.x" });
const refusal = (code: string, field?: string) => (error: unknown) =>
  error instanceof RefusedInput && error.code === code && (field === undefined || error.facts.at === field);

const heartRate = {
  coding: [
    { system: "http://loinc.org", code: "8867-4" },
    { system: "urn:iso:std:iso:11073:10101", code: "147842" },
  ],
};
const tokenCases: readonly [value: string, matches: boolean][] = [
  ["8867-4", true],
  ["http://loinc.org|8867-4", true],
  ["http://loinc.org|", true],
  ["|8867-4", false],
  ["http://snomed.info/sct|8867-4", false],
  ["147842", true],
  ["urn:iso:std:iso:11073:10101|8867-4", false],
  ["9279-1,8867-4", true],
  ["9279-1, http://loinc.org|8867-4", true],
  ["9279-1", false],
  ["8867", false],
  ["8867\\-4", false],
];
for (const [value, expected] of tokenCases) {
  test(`token ${value} ${expected ? "finds" : "does not find"} the heart rate`, () => {
    assert.equal(matchesTokens([parseTokens(at(value))], [heartRate]), expected);
  });
}

test("repeated tokens must all match", () => {
  assert.equal(matchesTokens([parseTokens(at("8867-4")), parseTokens(at("147842"))], [heartRate]), true);
  assert.equal(matchesTokens([parseTokens(at("8867-4")), parseTokens(at("9279-1"))], [heartRate]), false);
});

test("an escaped comma and bar belong to the code", () => {
  assert.deepEqual(parseTokens(at("s|a\\,b\\|c,d")), [{ system: "s", code: "a,b|c" }, { code: "d" }]);
});

for (const value of ["|", "a|b|c", ",", "8867-4,", " "]) {
  test(`token "${value}" is refused`, () => {
    assert.throws(() => parseTokens(at(value)), refusal("FIELD_INVALID", "http.x"));
  });
}

test("references come as id, as type and id, or as an address of this server", () => {
  const ids = (value: string, modifier: string | null = null) =>
    parseReferences(at(value, modifier), "Patient", "https://w.example/fhir");
  assert.deepEqual(ids("1"), ["1"]);
  assert.deepEqual(ids("Patient/1,2"), ["1", "2"]);
  assert.deepEqual(ids("https://w.example/fhir/Patient/1"), ["1"]);
  assert.deepEqual(ids("https://elsewhere.example/fhir/Patient/1"), []);
  assert.deepEqual(ids("Device/1"), []);
  assert.deepEqual(ids("1", "Patient"), ["1"]);
  assert.deepEqual(ids("1", "Group"), []);
  for (const bad of ["Patient/", "a b", "Patient/1/2", "../x", "ä", ""]) {
    assert.throws(() => ids(bad), refusal("FIELD_INVALID"), bad);
  }
});

test("repeated references must name the same", () => {
  const all = (...values: string[]) =>
    idsOfAll(
      values.map((value) => at(value)),
      "Patient",
      "b",
    );
  assert.equal(all(), undefined);
  assert.deepEqual([...(all("1,2", "2,3") ?? [])], ["2"]);
  assert.deepEqual([...(all("1", "2") ?? ["none"])], []);
});

test("strings match from the beginning, whatever case and accent", () => {
  const matches = (value: string, modifier: string | null = null) =>
    matchesString([at(value, modifier)], ["Østby", "José"]);
  assert.equal(matches("jos"), true);
  assert.equal(matches("JOSE"), true);
  assert.equal(matches("ose"), false);
  assert.equal(matches("ose", "contains"), true);
  assert.equal(matches("jose", "exact"), false);
  assert.equal(matches("José", "exact"), true);
  assert.equal(matches("x,jos"), true);
});

const definitions: ParameterDefinition[] = [
  { name: "code", type: "token", documentation: "" },
  { name: "subject", type: "reference", documentation: "", modifiers: ["Patient"] },
];
const parse = (text: string, strict = false) =>
  parseQuery(new URLSearchParams(text), definitions, { strict, sorts: ["-date", "date"] });

test("what was used is kept for the links, and what was not is remarked", () => {
  const query = parse("code=1&colour=red&_sort=colour&_count=7&_elements=id&_format=json&_summary=true");
  assert.deepEqual(query.used, [
    ["code", "1"],
    ["_count", "7"],
  ]);
  assert.deepEqual(
    query.remarks.map(({ expression }) => expression?.[0]),
    ["http.colour", "http._sort", "http._elements", "http._summary"],
  );
  assert.equal(query.sort, "-date");
});

test("strict handling refuses what would be ignored", () => {
  for (const text of ["colour=red", "_sort=colour", "_elements=id"]) {
    assert.throws(() => parse(text, true), refusal("PARAMETER_UNKNOWN"), text);
  }
  assert.equal(parse("code=1&_sort=date&_count=2&_total=none&_format=json", true).remarks.length, 0);
});

const refused: readonly [text: string, code: string, field: string][] = [
  ["_count=ten", "FIELD_INVALID", "http._count"],
  ["_count=-1", "FIELD_INVALID", "http._count"],
  ["_count=1.5", "FIELD_INVALID", "http._count"],
  ["_count=", "FIELD_INVALID", "http._count"],
  ["_total=some", "FIELD_INVALID", "http._total"],
  ["code=", "FIELD_INVALID", "http.code"],
  ["code:in=x", "PARAMETER_UNKNOWN", "http.code:in"],
  ["subject:Device=x", "PARAMETER_UNKNOWN", "http.subject:Device"],
  ["subject.name=x", "PARAMETER_UNKNOWN", "http.subject.name"],
  ["_has:Observation:patient:code=1", "PARAMETER_UNKNOWN", "http._has:Observation:patient:code"],
  ["_include=Observation:patient", "PARAMETER_UNKNOWN", "http._include"],
  ["_revinclude:iterate=x", "PARAMETER_UNKNOWN", "http._revinclude:iterate"],
];
for (const [text, code, field] of refused) {
  test(`${text} is refused even when handling is lenient`, () => {
    assert.throws(() => parse(text), refusal(code, field));
  });
}

test("_count has a default and a maximum, and 0 asks for the number alone", () => {
  assert.equal(parse("").count, 50);
  assert.equal(parse("_count=5000").count, 1000);
  assert.deepEqual(parse("_count=5000").used, [["_count", "1000"]]);
  assert.equal(parse("_count=0").totalOnly, true);
  assert.equal(parse("_summary=count").totalOnly, true);
  assert.equal(parse("_total=accurate").wantsTotal, true);
});

test("a cursor is read back, and anything else is refused", () => {
  const shape = ["number", "string", "any"] as const;
  assert.deepEqual(decodeCursor(encodeCursor([1, "a", 2, "b"]), shape), [1, "a", 2, "b"]);
  const bad = [
    "",
    "x",
    encodeCursor([]),
    encodeCursor(["1", "a", 2]),
    encodeCursor([1, "a"]),
    Buffer.from('{"a":1}').toString("base64url"),
    Buffer.from('[1,"a",null]').toString("base64url"),
    Buffer.from('[1e999,"a",1]').toString("base64url"),
  ];
  for (const cursor of bad)
    assert.throws(() => decodeCursor(cursor, shape), refusal("FIELD_INVALID", "http._cursor"), cursor);
});
