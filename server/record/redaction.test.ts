import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bundle, Observation, Patient, Provenance } from "@medplum/fhirtypes";
import { isWithheld, redactedResource } from "./redaction.ts";
import { assertValid } from "./testing/valid.ts";

const patient: Patient = {
  resourceType: "Patient",
  id: "p1",
  meta: { versionId: "7" },
  identifier: [{ system: "urn:mrn", value: "100" }],
  name: [{ text: "Hansen, Kari" }],
  gender: "female",
  birthDate: "1948-03-21",
};
const provenance: Provenance = {
  resourceType: "Provenance",
  target: [{ reference: "Observation/o1" }],
  recorded: "2026-11-22T06:00:00Z",
  reason: [{ text: "the wrong arm" }],
  agent: [{ who: { display: "Nia Berg" } }],
};
const bundle: Bundle = {
  resourceType: "Bundle",
  type: "searchset",
  entry: [{ resource: patient }, { resource: provenance }],
};

test("a nurse is given the resource itself; of an engineer's what is withheld is masked, labelled and tagged", () => {
  assert.equal(redactedResource(patient, "nurse"), patient);
  const told = redactedResource(bundle, "clinical-engineer");
  assertValid(told);
  const text = JSON.stringify(told);
  for (const hidden of ["Hansen", "1948", "female", "wrong arm"]) assert.ok(!text.includes(hidden), hidden);
  assert.ok(
    text.includes('"value":"100"') && text.includes("Nia Berg"),
    "the number by which the bed is found, and who did it",
  );
  const [first] = told.entry ?? [];
  assert.deepEqual(
    first?.resource?.meta?.security?.map(({ code }) => code),
    ["REDACTED"],
  );
  assert.deepEqual(
    first?.resource?.meta?.tag?.map(({ code }) => code),
    ["SUBSETTED"],
  );
  assert.equal(text.match(/"valueCode":"masked"/g)?.length, 4);
  assert.equal(patient.name?.[0]?.text, "Hansen, Kari", "what was handed in stays as it is");
});

test("why a reading was amended is left out with the words of people; a reading that was not is whole", () => {
  const observation: Observation = { resourceType: "Observation", status: "amended", code: { text: "x" } };
  assert.equal(redactedResource(observation, "family"), observation);
  const told = redactedResource(
    { ...observation, note: [{ text: "low perfusion" }, { authorString: "Nia Berg", text: "the wrong arm" }] },
    "clinical-engineer",
  );
  assert.deepEqual(told.note, [{ text: "low perfusion" }]);
  assert.deepEqual(
    told.meta?.tag?.map(({ code }) => code),
    ["SUBSETTED"],
  );
});

test("a researcher is given no identifiers, a family no staff and no words", () => {
  const research = JSON.stringify(redactedResource(bundle, "researcher"));
  for (const hidden of ["Hansen", "1948", '"100"', "wrong arm", "Nia Berg"])
    assert.ok(!research.includes(hidden), hidden);
  const family = JSON.stringify(redactedResource(bundle, "family"));
  for (const hidden of ["wrong arm", "Nia Berg"]) assert.ok(!family.includes(hidden), hidden);
  assert.ok(family.includes("Hansen"));
});

test("nobody is found by what is withheld, with a modifier or without", () => {
  for (const key of ["name", "family:exact", "given:contains", "birthdate", "gender"])
    assert.ok(isWithheld("Patient", key, "clinical-engineer"), key);
  assert.ok(isWithheld("Patient", "identifier", "researcher"));
  for (const key of ["identifier", "_id"]) assert.ok(!isWithheld("Patient", key, "clinical-engineer"), key);
  assert.ok(!isWithheld("Patient", "family", "nurse"));
});
