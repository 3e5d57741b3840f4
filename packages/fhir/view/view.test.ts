import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { SUMMARY_FILE, summaryOfR4, summaryText } from "../../../scripts/fhir-summary.ts";
import { copyFhir, type FhirObject, parseResource, printFhir, type Resource } from "../json/index.ts";
import { officialExamples } from "../testing/examples.ts";
import { applyView, parseView } from "./index.ts";

const SUBSETTED = '"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]';
const OBSERVATION =
  '{"resourceType":"Observation","id":"o","meta":{"versionId":"1"},"text":{"status":"generated","div":"<div/>"},"status":"final","code":{"text":"c","coding":[{"code":"8480-6","extension":[{"url":"u"}]}]},"modifierExtension":[{"url":"m","valueBoolean":true}],"subject":{"reference":"Patient/p"},"valueQuantity":{"value":2.50,"unit":"kg","id":"q"},"interpretation":[{"text":"high"}],"note":[{"text":"n"}],"component":[{"code":{"text":"d"},"valueString":"v","interpretation":[{"text":"low"}]}]}';

const viewed = (resource: string, asked: { _summary?: string; _elements?: string }) =>
  printFhir(applyView(parseResource(resource), parseView(asked)));

test("a summary has what the definitions mark, in parts as well, and says that it is one", () => {
  assert.equal(
    viewed(OBSERVATION, { _summary: "true" }),
    `{"resourceType":"Observation","id":"o","meta":{"versionId":"1",${SUBSETTED}},"status":"final","code":{"text":"c","coding":[{"code":"8480-6"}]},"modifierExtension":[{"url":"m","valueBoolean":true}],"subject":{"reference":"Patient/p"},"valueQuantity":{"value":2.50,"unit":"kg","id":"q"},"component":[{"code":{"text":"d"},"valueString":"v"}]}`,
  );
});

test("text has the narrative and what the resource must have", () => {
  assert.equal(
    viewed(OBSERVATION, { _summary: "text" }),
    `{"resourceType":"Observation","id":"o","meta":{"versionId":"1",${SUBSETTED}},"text":{"status":"generated","div":"<div/>"},"status":"final","code":{"text":"c","coding":[{"code":"8480-6","extension":[{"url":"u"}]}]}}`,
  );
});

test("data has everything but the narrative, and false has everything", () => {
  const data = JSON.parse(viewed(OBSERVATION, { _summary: "data" }));
  assert.deepEqual([data.text, data.note, data.meta.tag.length], [undefined, [{ text: "n" }], 1]);
  assert.equal(viewed(OBSERVATION, { _summary: "false" }), OBSERVATION);
  assert.equal(viewed(OBSERVATION, {}), OBSERVATION);
});

test("elements are kept with what a resource must have and what changes its meaning", () => {
  assert.equal(
    viewed(OBSERVATION, { _elements: "note, Patient.name" }),
    `{"resourceType":"Observation","id":"o","meta":{"versionId":"1",${SUBSETTED}},"status":"final","code":{"text":"c","coding":[{"code":"8480-6","extension":[{"url":"u"}]}]},"modifierExtension":[{"url":"m","valueBoolean":true}],"note":[{"text":"n"}]}`,
  );
});

test("elements may be named in elements, by their type, and without the type of their value", () => {
  const asked = (list: string) => JSON.parse(viewed(OBSERVATION, { _elements: list })) as Record<string, FhirObject>;
  assert.deepEqual(asked("component.value").component, [{ code: { text: "d" }, valueString: "v" }]);
  assert.deepEqual(asked("Observation.value.unit").valueQuantity, { unit: "kg", id: "q" });
  assert.deepEqual(asked("value[x]").valueQuantity, { value: 2.5, unit: "kg", id: "q" });
  assert.deepEqual(asked("value.unit,value").valueQuantity, { value: 2.5, unit: "kg", id: "q" });
});

test("what a primitive has beside it stays with it", () => {
  const patient =
    '{"resourceType":"Patient","birthDate":"1970","_birthDate":{"extension":[{"url":"u"}]},"photo":[{"url":"x"}],"name":[{"_family":{"extension":[{"url":"a"}]}},{"extension":[{"url":"absent"}]}]}';
  assert.equal(
    viewed(patient, { _summary: "true" }),
    `{"resourceType":"Patient","birthDate":"1970","_birthDate":{"extension":[{"url":"u"}]},"name":[{"_family":{"extension":[{"url":"a"}]}},{"extension":[{"url":"absent"}]}],"meta":{${SUBSETTED}}}`,
  );
});

test("resources in a Bundle are seen by their own types", () => {
  const bundle = `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"u","resource":${OBSERVATION}}]}`;
  const [entry] = JSON.parse(viewed(bundle, { _summary: "true" })).entry;
  assert.deepEqual(
    [entry.fullUrl, entry.resource.status, entry.resource.note, entry.resource.component[0].interpretation],
    ["u", "final", undefined, undefined],
  );
});

test("a resource of which nothing was left out is as it was, and a tag is not set twice", () => {
  const whole = '{"resourceType":"Observation","id":"o","status":"final","code":{"text":"c"}}';
  assert.equal(viewed(whole, { _summary: "true" }), whole);
  const once = viewed(OBSERVATION, { _summary: "data" });
  assert.equal(viewed(once, { _summary: "true" }).match(/SUBSETTED/g)?.length, 1);
});

test("what cannot be asked for is refused", () => {
  for (const [asked, at] of [
    [{ _summary: "yes" }, "http._summary"],
    [{ _summary: "__proto__" }, "http._summary"],
    [{ _summary: "true", _elements: "note" }, "http._elements"],
    [{ _elements: "note;drop" }, "http._elements"],
    [{ _elements: "Patient" }, "http._elements"],
    [{ _elements: "name..family" }, "http._elements"],
    [{ _elements: new Array(300).fill("note").join(",") }, "http._elements"],
  ] as const)
    assert.throws(
      () => parseView(asked),
      (error) => error instanceof RefusedInput && error.code === "FIELD_INVALID" && error.facts.at === at,
      JSON.stringify(asked),
    );
});

test("no view of an official example changes it, and each is a part of it", (t) => {
  const examples = officialExamples()
    .filter((_, i) => i % 4 === 0)
    .map((text) => parseResource(text.includes('"resourceType"') ? text : '{"resourceType":"Basic"}'));
  if (examples.length === 0) return t.skip("../shared/data is not there");
  for (const resource of examples) {
    const before = printFhir(resource);
    for (const view of [
      { _summary: "true" },
      { _summary: "text" },
      { _summary: "data" },
      { _elements: "status,name.text" },
    ]) {
      const seen = applyView(resource, parseView(view));
      const { meta: _, ...rest } = copyFhir(seen);
      const { meta: __, ...all } = resource;
      partOf(rest, all);
      assert.equal(seen.id, resource.id);
    }
    assert.equal(printFhir(resource), before);
  }
  const lengths = (view: { _summary: string }) =>
    examples.reduce(
      (sum: number, resource: Resource) => sum + printFhir(applyView(resource, parseView(view))).length,
      0,
    );
  assert.ok(lengths({ _summary: "true" }) < lengths({ _summary: "false" }) / 2);
});

/** Everything of a part is in the whole, equal but for what was left out. */
function partOf(part: unknown, whole: unknown): void {
  if (typeof part !== "object" || part === null || part instanceof Number) return void assert.equal(part, whole);
  for (const [name, value] of Object.entries(part)) partOf(value, (whole as Record<string, unknown>)[name]);
}

test("the table is what the definitions say", () => {
  assert.equal(readFileSync(SUMMARY_FILE, "utf8"), summaryText(summaryOfR4()));
});
