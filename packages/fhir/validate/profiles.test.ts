import assert from "node:assert/strict";
import { test } from "node:test";
import { validate } from "./index.ts";

const HL7 = "http://hl7.org/fhir/StructureDefinition/";
const LOINC = "http://loinc.org";
const UCUM = "http://unitsofmeasure.org";

type Json = Record<string, unknown>;

const quantity = (code: string, value = 36.5) => ({ value, unit: code, system: UCUM, code });
const concept = (code: string, system = LOINC) => ({ coding: [{ system, code }] });

const vitalSign = (profile: string, code: string, more: Json): Json => ({
  resourceType: "Observation",
  meta: { profile: [HL7 + profile] },
  status: "final",
  category: [concept("vital-signs", "http://terminology.hl7.org/CodeSystem/observation-category")],
  code: concept(code),
  subject: { reference: "Patient/p1" },
  effectiveDateTime: "2026-03-01T10:00:00Z",
  ...more,
});

/** R4's vital signs with their LOINC code and a unit of theirs. */
const SINGLE: readonly (readonly [profile: string, code: string, unit: string])[] = [
  ["resprate", "9279-1", "/min"],
  ["heartrate", "8867-4", "/min"],
  ["oxygensat", "2708-6", "%"],
  ["bodytemp", "8310-5", "Cel"],
  ["bodyheight", "8302-2", "cm"],
  ["headcircum", "9843-4", "cm"],
  ["bodyweight", "29463-7", "kg"],
  ["bmi", "39156-5", "kg/m2"],
];

const pressure = (systolic: Json, diastolic: Json, more: Json = {}) =>
  vitalSign("bp", "85354-9", {
    component: [
      { code: concept("8480-6"), ...systolic },
      { code: concept("8462-4"), ...diastolic },
    ],
    ...more,
  });
const mmHg = { valueQuantity: quantity("mm[Hg]", 120) };

const errors = (resource: Json, profiles: string[] = []) =>
  validate(resource, { profiles })
    .filter(({ severity }) => severity === "error")
    .map(({ expression, code }) => `${expression} ${code}`);

for (const [profile, code, unit] of SINGLE) {
  test(`${profile}: its own unit and code are held to`, () => {
    const good = vitalSign(profile, code, { valueQuantity: quantity(unit) });
    assert.deepEqual(validate(good), []);
    assert.deepEqual(
      errors({ ...good, valueQuantity: quantity("mmol/L") }).map((one) => one.replace(/ .*/, "")),
      ["Observation.value.code"],
    );
    assert.deepEqual(
      errors({ ...good, valueQuantity: { ...quantity(unit), system: "http://example.org" } }).length > 0,
      true,
    );
    assert.deepEqual(errors({ ...good, valueQuantity: { value: 1, unit } }).sort(), [
      "Observation.value.code required",
      "Observation.value.system required",
    ]);
    assert.deepEqual(errors({ ...good, code: concept("1234-5") }), ["Observation.code.coding required"]);
    assert.deepEqual(
      errors({
        ...good,
        category: [concept("laboratory", "http://terminology.hl7.org/CodeSystem/observation-category")],
      }),
      ["Observation.category required"],
    );
    const { subject: _, ...nobodys } = good;
    assert.deepEqual(errors(nobodys), ["Observation.subject required"]);
    assert.deepEqual(errors({ ...good, subject: { reference: "Device/d1" } }), ["Observation.subject value"]);
    assert.deepEqual(errors({ ...good, effectiveDateTime: "2026" }), ["Observation.effective invariant"]);
    const { valueQuantity: __, ...empty } = good;
    // The profile of the body mass index wants its value in any case.
    const needed = profile === "bmi" ? ["Observation.value required"] : [];
    assert.deepEqual(errors(empty), ["Observation invariant", ...needed]);
    assert.deepEqual(errors({ ...empty, dataAbsentReason: { text: "sensor off" } }), needed);
    assert.deepEqual(errors({ ...empty, valueString: "high" }), ["Observation.value structure", ...needed]);
  });
}

test("a panel of vital signs has members in place of a value", () => {
  const panel = vitalSign("vitalspanel", "85353-1", { hasMember: [{ reference: "Observation/o1" }] });
  assert.deepEqual(validate(panel), []);
  assert.deepEqual(errors({ ...panel, hasMember: [{ reference: "Patient/p1" }] }), [
    "Observation.hasMember[0] value",
    "Observation.hasMember[0] value",
  ]);
});

test("vitalsigns itself holds every vital sign", () => {
  const good = vitalSign("vitalsigns", "8867-4", { valueQuantity: quantity("/min") });
  assert.deepEqual(validate(good), []);
  assert.deepEqual(errors({ ...good, status: "banana" }), ["Observation.status code-invalid"]);
});

test("a blood pressure has both its components, each in mm[Hg]", () => {
  assert.deepEqual(validate(pressure(mmHg, mmHg)), []);
  assert.deepEqual(validate(pressure(mmHg, { dataAbsentReason: { text: "lost" } })), []);
  assert.deepEqual(errors(pressure(mmHg, { code: concept("1-8") })), [
    "Observation.component[1] invariant",
    "Observation.component required",
  ]);
  assert.deepEqual(errors(pressure(mmHg, { valueQuantity: quantity("kPa", 10) })), [
    "Observation.component[1].value code-invalid",
    "Observation.component[1].value.code value",
  ]);
  assert.deepEqual(errors(pressure(mmHg, {})).includes("Observation.component[1] invariant"), true);
  assert.deepEqual(errors(pressure(mmHg, mmHg, { valueQuantity: quantity("mm[Hg]") })), [
    "Observation.value structure",
  ]);
});

test("US Core adds to the vital signs of R4", () => {
  const url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-blood-pressure";
  const good = pressure(mmHg, mmHg);
  assert.deepEqual(errors(good, [url]), []);
  assert.deepEqual(errors(pressure(mmHg, mmHg, { meta: { versionId: "1" } }), [url]), []);
  assert.ok(
    errors(pressure(mmHg, { valueQuantity: quantity("kPa", 10) }, { meta: { versionId: "1" } }), [url]).length > 0,
  );
});

test("a profile of US Core tells extensions and identifiers apart", () => {
  const url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient";
  const race = (parts: Json[]) => ({
    url: "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
    extension: parts,
  });
  const good = {
    resourceType: "Patient",
    identifier: [{ system: "urn:x", value: "1" }],
    name: [{ family: "Nord" }],
    gender: "female",
  };
  assert.deepEqual(errors(good, [url]), []);
  assert.deepEqual(errors({ ...good, extension: [race([{ url: "text", valueString: "White" }])] }, [url]), []);
  assert.ok(errors({ ...good, extension: [race([])] }, [url]).length > 0);
  assert.ok(errors({ ...good, extension: [race([{ url: "text", valueBoolean: true }])] }, [url]).length > 0);
  assert.ok(
    errors(
      {
        ...good,
        extension: [
          race([
            { url: "text", valueString: "a" },
            { url: "text", valueString: "b" },
          ]),
        ],
      },
      [url],
    ).length > 0,
  );
  assert.ok(errors({ ...good, name: [{ text: "Nord" }] }, [url]).includes("Patient.name[0] invariant"));
  assert.deepEqual(errors({ ...good, identifier: [{ value: "1" }] }, [url]), ["Patient.identifier[0].system required"]);
});

test("what is declared or asked for and not known is said, and only what was asked for is an error", () => {
  const patient = { resourceType: "Patient", meta: { profile: ["http://example.org/p|1"] } };
  assert.deepEqual(validate(patient), [
    {
      severity: "information",
      code: "not-found",
      expression: "Patient",
      text: "the profile http://example.org/p is not known here: not checked",
    },
  ]);
  assert.deepEqual(errors({ resourceType: "Patient" }, ["http://example.org/p"]), ["Patient not-found"]);
  assert.deepEqual(errors({ resourceType: "Patient" }, [`${HL7}heartrate`]), ["Patient structure"]);
});
