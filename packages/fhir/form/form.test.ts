import assert from "node:assert/strict";
import { test } from "node:test";
import { FhirDecimal, parseResource, printFhir, type Resource } from "../json/index.ts";
import { validate } from "../validate/index.ts";
import { EFFECTIVE, filledOf, fillIn, VALUE } from "./index.ts";

const heartRate = (effective: string, value: string, more = "") =>
  `{"resourceType":"Observation","meta":{"profile":["http://hl7.org/fhir/StructureDefinition/heartrate"]},"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"subject":{"reference":"Patient/0"}${more},"effectiveDateTime":"${effective}","valueQuantity":{"value":${value},"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}}`;

const EFFECTIVES = [
  "2026-11-28T09:30:00Z",
  "2026-11-28T09:30:00.5Z",
  "2024-02-29T23:59:59.999+13:45",
  "1999-12-31T00:00:00-11:00",
];
const VALUES = ["0", "72", "-3", "2.50", "1e2", "0.0000001", "98.60", "12345678901234567", "-0"];

test("a form with its blanks filled in is the text to the digit, and the same form for each", () => {
  const forms = new Set<string>();
  for (const effective of EFFECTIVES)
    for (const value of VALUES) {
      const text = heartRate(effective, value);
      const filled = filledOf(parseResource(text));
      assert.ok(filled, text);
      assert.equal(fillIn(filled.form, filled), text);
      forms.add(filled.form);
    }
  assert.equal(forms.size, 1);
  // A dollar is no sign of a replacement.
  const odd = heartRate(EFFECTIVES[0] ?? "", "1").replace("8867-4", "$&$1$$");
  const filled = filledOf(parseResource(odd));
  assert.equal(filled && fillIn(filled.form, filled), odd);
});

test("what is valid with one moment and value is with every other", () => {
  for (const more of [
    "",
    ',"issued":"2026-11-28T09:31:00Z"',
    ',"status2":1',
    ',"effectiveInstant":"2026-11-28T09:31:00Z"',
  ]) {
    const faults = new Set<string>();
    for (const effective of EFFECTIVES)
      for (const value of VALUES) {
        const resource = JSON.parse(heartRate(effective, value, more)) as Record<string, unknown>;
        faults.add(JSON.stringify(validate(resource).map(({ code, expression }) => [code, expression])));
      }
    assert.equal(faults.size, 1, `${more}: ${[...faults].join(" or ")}`);
  }
});

test("what is not one value at one moment is no form", () => {
  const good = parseResource(heartRate("2026-11-28T09:30:00Z", "1")) as Resource;
  assert.ok(filledOf(good));
  const { valueQuantity, effectiveDateTime: _, ...rest } = good;
  for (const bad of [
    { ...rest, valueQuantity },
    { ...good, effectiveDateTime: "2026-11-28" },
    { ...good, effectiveDateTime: "2026-11-28T09:30Z" },
    { ...good, effectiveDateTime: "2026-11-28T09:30:00" },
    { ...good, effectiveDateTime: "2026-11-28T24:00:00Z" },
    { ...good, effectiveDateTime: "2026-11-28T09:30:60Z" },
    { ...good, effectiveDateTime: "2026-11-28T09:30:00.1234Z" },
    { ...good, effectiveDateTime: "2026-13-28T09:30:00Z" },
    { ...good, valueQuantity: { unit: "/min" } },
    { ...good, valueQuantity: { value: "72" } },
    { ...good, component: [] },
    { ...good, resourceType: "Basic" },
    // The signs of the blanks, in what was sent.
    { ...good, note: [{ text: "\u0001e" }] },
    { ...good, "\u0001v": 1 },
    { ...good, note: [{ text: "x".repeat(4_000) }] },
  ])
    assert.equal(filledOf(bad as Resource), undefined, printFhir(bad).slice(0, 300));
  // Both ways of telling them apart are kept by the text of the form.
  assert.ok(filledOf({ ...good, valueQuantity: { value: new FhirDecimal("2.50") } })?.value === "2.50");
  assert.ok(EFFECTIVE !== VALUE);
});
