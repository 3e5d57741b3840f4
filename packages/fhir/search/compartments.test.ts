import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { compartmentsText } from "../definitions/make/compartments.ts";
import { compartmentTypes, parametersIn, typesIn } from "./index.ts";

test("the compartments are what HL7's definitions make", () => {
  const stored = readFileSync(new URL("generated/compartments.json", import.meta.url), "utf8");
  assert.deepEqual(JSON.parse(stored), JSON.parse(compartmentsText()));
  assert.deepEqual([...compartmentTypes].sort(), ["Device", "Encounter", "Patient", "Practitioner", "RelatedPerson"]);
});

test("a type is in a compartment by its parameters, its own resource by itself, and some types never", () => {
  assert.deepEqual(parametersIn("Patient", "Condition"), ["patient", "asserter"]);
  assert.deepEqual(parametersIn("Patient", "Patient"), ["{def}", "link"]);
  assert.deepEqual(parametersIn("Encounter", "Encounter"), ["{def}"]);
  assert.deepEqual(parametersIn("Device", "Observation"), ["subject", "device"]);
  assert.deepEqual(parametersIn("Patient", "Medication"), []);
  assert.deepEqual(parametersIn("Organization", "Patient"), []);
  assert.ok(typesIn("Device").includes("Device") && !typesIn("Patient").includes("Medication"));
});
