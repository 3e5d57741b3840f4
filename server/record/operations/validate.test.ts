import assert from "node:assert/strict";
import { test } from "node:test";
import type { OperationOutcome } from "@medplum/fhirtypes";
import { assertValid } from "../testing/valid.ts";
import { HIDDEN, KARI, OLA, server, viewOf, ward } from "../testing/ward.ts";

const HEART_RATE = "http://hl7.org/fhir/StructureDefinition/heartrate";

const { app } = server(ward(viewOf(KARI, OLA)));

async function ask(path: string, body?: unknown): Promise<{ status: number; issues: string[]; text: string }> {
  const answer = await app.inject({
    method: body === undefined ? "GET" : "POST",
    url: `/fhir/${path}`,
    headers: { authorization: "Bearer good", "content-type": "application/fhir+json" },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  const outcome = answer.json() as OperationOutcome;
  assert.equal(outcome.resourceType, "OperationOutcome");
  assertValid(outcome);
  const issues = outcome.issue.map(({ severity, code, expression }) =>
    `${severity} ${code} ${expression ?? ""}`.trim(),
  );
  return { status: answer.statusCode, issues, text: answer.body };
}

const GOOD = ["information informational"];
const parameters = (...parameter: object[]) => ({ resourceType: "Parameters", parameter });
const observation = {
  resourceType: "Observation",
  status: "final",
  category: [
    { coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "vital-signs" }] },
  ],
  code: { coding: [{ system: "http://loinc.org", code: "8867-4" }] },
  subject: { reference: `Patient/${KARI}` },
  effectiveDateTime: "2026-03-01T10:00:00Z",
  valueQuantity: { value: 72, unit: "/min", system: "http://unitsofmeasure.org", code: "/min" },
};

test("what is sent is held against R4, as it is or in Parameters", async () => {
  const patient = { resourceType: "Patient", gender: "female" };
  assert.deepEqual(await ask("Patient/$validate", patient).then(({ status, issues }) => [status, issues]), [200, GOOD]);
  assert.deepEqual((await ask("Patient/$validate", parameters({ name: "resource", resource: patient }))).issues, GOOD);
  const wrong = await ask("Patient/$validate", { ...patient, gender: "Kari Nordmann", colour: "red" });
  assert.equal(wrong.status, 200, "that it has errors is no error of the request");
  assert.deepEqual(wrong.issues, ["error code-invalid Patient.gender", "error structure Patient.colour"]);
  assert.doesNotMatch(wrong.text, /Kari|red"/, "no value is repeated");
  assert.deepEqual((await ask("Device/$validate", patient)).issues, ["error structure resourceType"]);
});

test("a profile is asked for in the address or in Parameters, and held to", async () => {
  const path = `Observation/$validate?profile=${encodeURIComponent(HEART_RATE)}`;
  assert.deepEqual((await ask(path, observation)).issues, GOOD);
  const wrong = { ...observation, valueQuantity: { ...observation.valueQuantity, code: "mmol/L" } };
  assert.deepEqual((await ask("Observation/$validate", wrong)).issues, GOOD);
  assert.deepEqual((await ask(path, wrong)).issues, ["error value Observation.value.code"]);
  const asked = [
    { name: "resource", resource: wrong },
    { name: "profile", valueUri: HEART_RATE },
  ];
  assert.deepEqual((await ask("Observation/$validate", parameters(...asked))).issues, [
    "error value Observation.value.code",
  ]);
  const mode = { name: "mode", valueCode: "profile" };
  assert.deepEqual((await ask("Observation/$validate", parameters(...asked, mode))).issues, [
    "error value Observation.value.code",
  ]);
  assert.deepEqual((await ask("Observation/$validate?profile=http://example.org/p", observation)).issues, [
    "error not-found Observation",
  ]);
});

test("what is stored is held against R4 as it would be read, of whom the asker sees", async () => {
  assert.deepEqual((await ask(`Patient/${KARI}/$validate`)).issues, GOOD);
  assert.deepEqual(
    (await ask(`Patient/${KARI}/$validate?profile=http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient`))
      .issues,
    GOOD,
  );
  assert.deepEqual((await ask(`Patient/${KARI}/$validate?profile=${HEART_RATE}`)).issues, ["error structure Patient"]);
  assert.equal((await ask(`Patient/${HIDDEN}/$validate`)).status, 404);
  assert.equal((await ask("Patient/none/$validate")).status, 404);
});

test("a mode says what is to be done with it, and whether that can be done here", async () => {
  // Without a store of texts nothing is written here.
  assert.deepEqual((await ask("Observation/$validate?mode=create", observation)).issues, [
    "error not-supported Observation",
  ]);
  assert.deepEqual((await ask("Patient/$validate?mode=create", { resourceType: "Patient" })).issues, [
    "error not-supported Patient",
  ]);
  const update = (id: string) => ask(`Observation/abc/$validate?mode=update`, { ...observation, id });
  assert.ok((await update("other")).issues.includes("error structure Observation.id"));
  assert.ok(!(await update("abc")).issues.includes("error structure Observation.id"));
  assert.deepEqual((await ask(`Patient/${KARI}/$validate?mode=delete`)).issues, ["error not-supported Patient"]);
  assert.equal((await ask(`Patient/${HIDDEN}/$validate?mode=delete`)).status, 404);
});

test("a question that is wrong itself is refused", async () => {
  for (const [path, body] of [
    ["Patient/$validate?mode=banana", { resourceType: "Patient" }],
    ["Patient/$validate?mode=profile", { resourceType: "Patient" }],
    ["Patient/$validate?mode=create&mode=update", { resourceType: "Patient" }],
    ["Patient/$validate?mode=delete", { resourceType: "Patient" }],
    ["Patient/$validate", parameters({ name: "mode", valueCode: "create" })],
    ["Patient/$validate", parameters({ name: "resource", resource: {} }, { name: "resource", resource: {} })],
    ["Patient/$validate", parameters({ name: "resource", resource: {} }, { name: "profile", valueInteger: 1 })],
    ["Patient/$validate", undefined],
  ] as const) {
    assert.equal((await ask(path, body)).status, 400, `${path} ${JSON.stringify(body)}`);
  }
  for (const body of [1, "text", [], {}, { resourceType: "Banana" }]) {
    const { status, issues } = await ask("Patient/$validate", body);
    assert.ok(status === 400 || issues.some((one) => one.startsWith("error")), JSON.stringify(body));
  }
});
