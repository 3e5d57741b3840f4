import assert from "node:assert/strict";
import { test } from "node:test";
import { validate } from "./index.ts";

const MB = 1024 * 1024;
/** Of the long texts: a pattern that takes the square of a length takes minutes for it. */
const LONG = MB / 4;
/** What an honest resource of this size takes a hundredth of. Machines are shared. */
const BOUND_MS = 5_000;

/** Issues of one that somebody made to hurt, within a bound. */
function issuesOf(resource: unknown): string[] {
  const start = process.hrtime.bigint();
  const issues = validate(resource);
  const took = Number(process.hrtime.bigint() - start) / 1e6;
  assert.ok(took < BOUND_MS, `took ${Math.round(took)} ms`);
  assert.ok(JSON.stringify(issues).length < MB, "the answer is bounded");
  return issues.map(({ severity, expression, text }) => `${severity} ${expression}: ${text}`);
}

const hasError = (issues: readonly string[], text: RegExp) =>
  issues.some((one) => one.startsWith("error") && text.test(one));

test("what is no resource is refused", () => {
  for (const one of [undefined, null, 1, "Patient", [], [{}], {}, { resourceType: 1 }, { resourceType: "" }]) {
    assert.ok(hasError(issuesOf(one), /resource/i), JSON.stringify(one));
  }
  for (const type of [
    "constructor",
    "__proto__",
    "toString",
    "Element",
    "Resource",
    "DomainResource",
    "string",
    "Patient ",
  ]) {
    assert.ok(hasError(issuesOf({ resourceType: type }), /no type of resource/), type);
  }
});

test("names of the platform are names of no element", () => {
  for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "_constructor", "rawJSON"]) {
    const parsed = JSON.parse(`{"resourceType":"Patient","${key}":{"a":1},"name":[{"${key}":"x"}]}`);
    const issues = issuesOf(parsed);
    assert.ok(hasError(issues, /^error Patient(\.|:)/), `${key}: ${issues}`);
    assert.ok(hasError(issues, /^error Patient\.name\[0\]/), `${key}: ${issues}`);
  }
  assert.equal(({} as { a?: unknown }).a, undefined);
  for (const url of ["__proto__", "constructor", "http://x/__proto__"]) {
    issuesOf({ resourceType: "Patient", meta: { profile: [url] }, extension: [{ url, valueString: "a" }] });
    assert.ok(validate({ resourceType: "Patient" }, { profiles: [url] }).some(({ severity }) => severity === "error"));
  }
});

test("nesting is bounded", () => {
  for (const [start, open, close, end] of [
    ['{"resourceType":"Patient","extension":[', '{"url":"a","extension":[', "]}", "]}"],
    ['{"resourceType":"Questionnaire","status":"draft","item":[', '{"linkId":"a","type":"group","item":[', "]}", "]}"],
    [
      '{"resourceType":"Bundle","type":"collection","entry":[',
      '{"resource":{"resourceType":"Bundle","type":"collection","entry":[',
      "]}}",
      "]}",
    ],
    ['{"resourceType":"Patient","contained":[', '{"resourceType":"Patient","contained":[', "]}", "]}"],
    ['{"resourceType":"Parameters","parameter":[', '{"name":"a","part":[', "]}", "]}"],
  ] as const) {
    const text = start + open.repeat(2_000) + close.repeat(2_000) + end;
    assert.ok(hasError(issuesOf(JSON.parse(text)), /nested deeper/), start);
  }
  const lists = `{"resourceType":"Patient","name":${"[".repeat(3_000)}${"]".repeat(3_000)}}`;
  assert.ok(hasError(issuesOf(JSON.parse(lists)), /expected an object/));
});

test("lists without end cost what they weigh", () => {
  const many = <T>(n: number, make: (i: number) => T) => Array.from({ length: n }, (_, i) => make(i));
  const patient = (more: object) => ({ resourceType: "Patient", ...more });
  assert.deepEqual(issuesOf(patient({ name: many(20_000, (i) => ({ family: `N${i}` })) })), []);
  assert.ok(hasError(issuesOf(patient({ name: many(20_000, () => 1) })), /more than 200 errors/));
  assert.ok(hasError(issuesOf(patient(Object.fromEntries(many(20_000, (i) => [`a${i}`, 1])))), /more than 200 errors/));
  assert.ok(issuesOf(patient({ meta: { profile: many(10_000, (i) => `http://x/${i}`) } })).length < 30);
  // Each of these is held against all others.
  issuesOf(patient({ contained: many(2_000, (i) => ({ resourceType: "Organization", id: `o${i}`, name: "a" })) }));
  issuesOf({
    resourceType: "Bundle",
    type: "collection",
    entry: many(5_000, (i) => ({ fullUrl: `urn:a:${i}`, resource: { resourceType: "Basic", code: { text: "a" } } })),
  });
  issuesOf({
    resourceType: "CodeSystem",
    status: "draft",
    content: "complete",
    concept: many(10_000, (i) => ({ code: `c${i}` })),
  });
  const questions = issuesOf({
    resourceType: "Questionnaire",
    status: "draft",
    item: many(1_500, (i) => ({ linkId: `c${i}`, type: "display" })),
  });
  assert.ok(questions.length === 1 && /too many constraints/.test(questions[0] ?? ""), questions.join());
  issuesOf({
    resourceType: "Observation",
    status: "final",
    code: { coding: many(300, (i) => ({ system: "urn:a", code: `c${i}` })) },
    component: many(300, () => ({ code: { coding: many(20, (i) => ({ code: `d${i}` })) } })),
  });
});

test("long texts are looked at once", () => {
  const texts = [
    "a".repeat(2 * LONG),
    " ".repeat(2 * LONG),
    "a ".repeat(LONG),
    `${"a".repeat(LONG)} `,
    `${"=".repeat(2 * LONG)}`,
    `${" ".repeat(2 * LONG)}!`,
    `${"1".repeat(2 * LONG)}T`,
    `2026-01-01T00:00:00.${"1".repeat(LONG)}`,
    `urn:oid:1${".1".repeat(LONG)}.`,
    `urn:uuid:${"0".repeat(LONG)}`,
    `${"Patient/".repeat(LONG / 8)}!`,
    `${"a-".repeat(LONG)}`,
    `text/${"a".repeat(LONG)}`,
    `#${"a".repeat(LONG)}`,
  ];
  for (const text of texts) {
    const what = JSON.stringify(text.slice(0, 12));
    issuesOf({
      resourceType: "Patient",
      id: text,
      language: text,
      implicitRules: text,
      meta: { versionId: text, lastUpdated: text, profile: [text], source: text },
      active: text,
      gender: text,
      birthDate: text,
      name: [{ use: text, family: text, period: { start: text, end: text } }],
      photo: [{ contentType: text, data: text, url: text, size: text, creation: text }],
      managingOrganization: { reference: text, type: text },
      multipleBirthInteger: text,
      extension: [
        { url: text, valueOid: text },
        { url: "urn:a", valueUuid: text },
        { url: "urn:a", valueTime: text },
        { url: "urn:a", valueDecimal: text },
      ],
    });
    issuesOf({
      resourceType: "Observation",
      status: "final",
      code: { text },
      valueQuantity: { value: 1, unit: text, system: "http://unitsofmeasure.org", code: text },
    });
    issuesOf({
      resourceType: "ValueSet",
      name: text,
      url: text,
      status: "draft",
      compose: { include: [{ system: text, version: text }] },
    });
    issuesOf({
      resourceType: "StructureDefinition",
      url: text,
      name: text,
      status: "draft",
      kind: "resource",
      abstract: false,
      type: text,
      differential: { element: [{ id: text, path: text, sliceName: text }] },
    });
    assert.ok(true, what);
  }
});

test("narrative is looked at in time, and what is not allowed in it is found", () => {
  const patient = (div: string) => ({ resourceType: "Patient", text: { status: "generated", div } });
  const open = '<div xmlns="http://www.w3.org/1999/xhtml">';
  assert.deepEqual(issuesOf(patient(`${open}<p xml:lang="en">Kari</p></div>`)), []);
  for (const bad of ["<script>a</script>", '<p onclick="a">b</p>', "<p>a", "<iframe/>", ""]) {
    assert.ok(hasError(issuesOf(patient(`${open}${bad}</div>`)), /txt-/), bad);
  }
  for (const long of ["<", "<p>", "<p ", "&", "&amp;", "<!--", "<p a='", ' xml:lang="', "a"]) {
    issuesOf(patient(`${open}${long.repeat(Math.round(300_000 / long.length))}</div>`));
  }
});

test("texts of issues repeat nothing of what was sent", () => {
  const secret = "Kari-Nordmann-0101";
  const issues = issuesOf({
    resourceType: "Patient",
    [secret]: 1,
    id: `${secret} x`,
    gender: secret,
    birthDate: secret,
    active: secret,
    name: [{ family: { text: secret }, [`a ${secret}`]: 1 }, secret],
    maritalStatus: { coding: [{ system: secret, code: secret }] },
    managingOrganization: { reference: `#${secret}` },
    meta: { profile: [secret], lastUpdated: secret },
    extension: [{ url: `urn:x:${secret} y`, valueString: secret }],
  });
  assert.ok(issues.length > 8);
  for (const one of issues) assert.ok(!one.includes("Kari"), one);
});
