import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { validate } from "./index.ts";
import { type Resource, r4Examples, skip, syntheaBundles, usCoreExamples } from "./testing/examples.ts";

/** Examples that break R4's own rules, and how: HL7's validator says the same of them, or they were published with a fault. */
const BROKEN: Readonly<Record<string, readonly [expression: string, text: RegExp]>> = {
  // The narrative has no text in it.
  "ActivityDefinition/heart-valve-replacement": ["ActivityDefinition.text.div", /^txt-[12]/],
  "EventDefinition/example": ["EventDefinition.text.div", /^txt-[12]/],
  "Questionnaire/zika-virus-exposure-assessment": ["Questionnaire.text.div", /^txt-[12]/],
  // There is no narrative, but its status.
  "DiagnosticReport/cbc": ["DiagnosticReport.text.div", /^div is missing/],
  // They refer to types of resource that may not stand there.
  "DeviceMetric/example": ["DeviceMetric.parent", /^refers to a DeviceDefinition: expected Device$/],
  "DeviceUseStatement/example": ["DeviceUseStatement.reasonReference[0]", /^refers to a Procedure/],
  "Observation/clinical-gender": ["Observation.performer[0]", /^refers to a Encounter/],
  // An extension of US Core with a value, where that extension has extensions and no value.
  "Observation/example-genetics-brcapat": ["Observation.extension[1]", /extension|value/],
};

const nameOf = ({ resourceType, id }: Resource) => `${resourceType}/${id}`;

for (const [set, examples] of [
  ["R4", r4Examples],
  ["US Core", usCoreExamples],
] as const) {
  test(`every example of ${set} is valid, but for those that are known to be broken`, { skip }, (t) => {
    const all = examples();
    let valid = 0;
    for (const example of all) {
      const name = nameOf(example);
      const errors = validate(example).filter(({ severity }) => severity === "error");
      const [expression, text] = BROKEN[name] ?? [];
      const others = errors.filter(
        (one) => !(expression && one.expression.startsWith(expression) && text?.test(one.text)),
      );
      assert.deepEqual(others, [], name);
      if (errors.length === 0) valid++;
    }
    t.diagnostic(`${valid} of ${all.length} valid`);
    assert.ok(all.length > 100);
  });
}

test("Synthea's bundles are valid", { skip }, () => {
  const bundles = syntheaBundles();
  assert.ok(bundles.length > 5);
  for (const one of bundles) {
    assert.deepEqual(
      validate(one).filter(({ severity }) => severity !== "information"),
      [],
    );
  }
});

test("docs/fhir/validation.md lists the broken ones", () => {
  const page = readFileSync(new URL("../../../docs/fhir/validation.md", import.meta.url), "utf8");
  for (const name of Object.keys(BROKEN)) assert.ok(page.includes(`\`${name}\``), name);
});

test("what is said to be broken is found broken", { skip }, () => {
  const all = new Map([...r4Examples(), ...usCoreExamples()].map((one) => [nameOf(one), one]));
  for (const name of Object.keys(BROKEN)) {
    const errors = validate(all.get(name)).filter(({ severity }) => severity === "error");
    assert.ok(errors.length > 0, `${name} is valid now: take it off the list`);
  }
});

test("the examples of US Core declare profiles that are known here", { skip }, (t) => {
  const unknown = usCoreExamples().filter((one) =>
    validate(one).some(({ text }) => /^the profile .* is not known/.test(text)),
  );
  // Those are of other guides, SDC above all.
  assert.deepEqual(unknown.map(nameOf).sort(), [
    "Questionnaire/TAPS",
    "Questionnaire/phq-9-example",
    "Questionnaire/prapare-example",
  ]);
  t.diagnostic(`${usCoreExamples().length - unknown.length} against every profile that they declare`);
});
