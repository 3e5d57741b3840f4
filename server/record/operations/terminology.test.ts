import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  Bundle,
  CodeSystem,
  Coding,
  OperationOutcome,
  Parameters,
  TerminologyCapabilities,
  ValueSet,
} from "@medplum/fhirtypes";
import { codeSystems, displayOf, valueSets } from "@openward/fhir/terminology";
import { signals } from "@openward/signals";
import kinds from "../resources/observation-kinds.json" with { type: "json" };
import { KARI, readingOf, server, streamOf, T0, viewOf, ward } from "../testing/ward.ts";

const LOINC = "http://loinc.org";
const house = ward(viewOf(KARI));
for (const { key, kind, ucum = "1" } of signals)
  if (kind === "numeric") house.telemetry.add(readingOf(streamOf(key, ucum), T0, 36.6, { quality: 3 }));
const { app, get } = server(house);

const ask = async (url: string, body?: object) => {
  const answer = await app.inject({
    method: body ? "POST" : "GET",
    url: `/fhir/${url}`,
    headers: { authorization: "Bearer good", ...(body ? { "content-type": "application/fhir+json" } : {}) },
    ...(body ? { payload: JSON.stringify(body) } : {}),
  });
  return { status: answer.statusCode, body: answer.json() };
};
const given = (...parameter: object[]) => ({ resourceType: "Parameters", parameter });
const valueIn = (body: Parameters, name: string) => {
  const { name: _, ...value } = body.parameter?.find((one) => one.name === name) ?? { name };
  return Object.values(value)[0];
};

test("a code is looked up, whichever way it is asked for", async () => {
  const wanted = { name: "LOINC codes of what is measured here", display: "Heart rate" };
  for (const { status, body } of [
    await ask(`CodeSystem/$lookup?system=${LOINC}&code=8867-4&_format=json`),
    await ask(`CodeSystem/%24lookup?system=${LOINC}&code=8867-4`),
    await ask("CodeSystem/$lookup", given({ name: "system", valueUri: LOINC }, { name: "code", valueCode: "8867-4" })),
    await ask("CodeSystem/$lookup", given({ name: "coding", valueCoding: { system: LOINC, code: "8867-4" } })),
  ]) {
    assert.equal(status, 200, JSON.stringify(body));
    for (const [name, value] of Object.entries(wanted)) assert.equal(valueIn(body, name), value);
    assert.match(JSON.stringify(body), /LOINC is copyright/);
  }
});

test("a set is expanded, filtered and paged, by its address or its id", async () => {
  const { body } = await ask(
    "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/observation-vitalsignresult&filter=blood&offset=1&count=2",
  );
  const { expansion } = body as ValueSet;
  assert.deepEqual([expansion?.total, expansion?.offset, expansion?.contains?.length], [5, 1, 2]);
  assert.deepEqual(
    expansion?.parameter?.map(({ name }) => name),
    ["filter", "offset", "count"],
  );
  const one = (await ask("ValueSet/observation-status/$expand")).body as ValueSet;
  assert.equal(one.expansion?.contains?.length, 8);
});

test("codes are validated, several at once as well", async () => {
  const set = "http://hl7.org/fhir/ValueSet/observation-status";
  const verdict = async (url: string, body?: object) => {
    const answer = await ask(url, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return [valueIn(answer.body, "result"), valueIn(answer.body, "display")];
  };
  assert.deepEqual(await verdict(`ValueSet/$validate-code?url=${set}&code=final`), [true, "Final"]);
  assert.deepEqual(await verdict(`ValueSet/$validate-code?url=${set}&code=banana`), [false, undefined]);
  assert.deepEqual(await verdict("ValueSet/observation-status/$validate-code?code=final&display=Last"), [
    false,
    "Final",
  ]);
  assert.deepEqual(await verdict(`CodeSystem/$validate-code?url=${LOINC}&code=8867-4`), [true, "Heart rate"]);
  assert.deepEqual(await verdict("CodeSystem/$validate-code?url=http://unitsofmeasure.org&code=mm[Hg]"), [
    true,
    "millimeter of mercury",
  ]);
  const concept = {
    coding: [
      { system: LOINC, code: "1-8" },
      { system: LOINC, code: "8867-4" },
    ],
  };
  assert.deepEqual(
    await verdict("CodeSystem/$validate-code", given({ name: "codeableConcept", valueCodeableConcept: concept })),
    [true, "Heart rate"],
  );
});

test("codes are told in one another's terms", async () => {
  const { body } = await ask(
    "ConceptMap/$translate?system=urn:openward:signal&code=heart-rate&targetsystem=urn:iso:std:iso:11073:10101",
  );
  const [match] = (body as Parameters).parameter?.filter(({ name }) => name === "match") ?? [];
  assert.deepEqual(match?.part?.find(({ name }) => name === "concept")?.valueCoding, {
    system: "urn:iso:std:iso:11073:10101",
    code: "147842",
    display: "MDC_ECG_HEART_RATE",
  });
  assert.equal(valueIn((await ask("ConceptMap/openward-loinc-mdc/$translate?system=x&code=y")).body, "result"), false);
  const role = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
  assert.equal(
    valueIn((await ask(`CodeSystem/$subsumes?system=${role}&codeA=PRN&codeB=MTH`)).body, "outcome"),
    "subsumes",
  );
});

test("what cannot be answered says which parameter and why", async () => {
  for (const [url, body, status, code, at] of [
    ["CodeSystem/$lookup?system=http://loinc.org", undefined, 400, "FIELD_INVALID", "code"],
    ["CodeSystem/$lookup?code=x", undefined, 400, "FIELD_INVALID", "system"],
    ["CodeSystem/$lookup?system=http://loinc.org&code=1-8", undefined, 404, "NOT_FOUND", "code"],
    ["CodeSystem/$lookup?system=http://snomed.info/sct&code=1", undefined, 404, "NOT_FOUND", "system"],
    ["CodeSystem/$lookup?system=a&system=b&code=1", undefined, 400, "FIELD_INVALID", "http.system"],
    ["CodeSystem/$lookup?colour=red", undefined, 400, "PARAMETER_UNKNOWN", "http.colour"],
    ["CodeSystem/$lookup", { resourceType: "Patient" }, 400, "BODY_SHAPE", "Parameters"],
    [
      "CodeSystem/$lookup",
      given({ name: "coding", valueCoding: { system: 1 } }),
      400,
      "FIELD_INVALID",
      "Parameters.parameter[0]",
    ],
    ["CodeSystem/loinc/$lookup?code=8867-4", undefined, 405, "NOT_SUPPORTED", undefined],
    ["CodeSystem/nowhere/$validate-code?code=x", undefined, 404, "NOT_FOUND", undefined],
    ["ValueSet/$expand", undefined, 400, "FIELD_INVALID", "url"],
    ["ValueSet/$expand?url=urn:openward:value-set:signals&count=-1", undefined, 400, "FIELD_INVALID", "http.count"],
    ["ValueSet/$expand?url=http://example.org", undefined, 404, "NOT_FOUND", "url"],
    ["ConceptMap/$translate?system=urn:openward:signal", undefined, 400, "FIELD_INVALID", "code"],
  ] as const) {
    const answer = await ask(url, body);
    const [issue] = (answer.body as OperationOutcome).issue;
    assert.deepEqual(
      [answer.status, issue?.details?.coding?.[0]?.code, issue?.expression?.[0]],
      [status, code, at],
      url,
    );
  }
});

test("vocabularies are read and found by their address, and a batch may ask of them", async () => {
  const bundle = (await ask(`CodeSystem?url=${LOINC}`)).body as Bundle;
  assert.deepEqual([bundle.total, bundle.entry?.[0]?.resource?.id], [1, "loinc"]);
  const { body } = await ask("CodeSystem/observation-category");
  assert.equal((body as CodeSystem).concept?.length, 9);
  assert.equal((await ask("ValueSet?title=signals")).body.total, 1);
  assert.equal((await ask("ConceptMap/openward-signal-loinc")).status, 200);
  assert.equal((await ask("ValueSet/nothing")).status, 404);
  const entry = [`CodeSystem/$lookup?system=${LOINC}&code=8867-4`, "ValueSet/$expand?url=http://example.org"];
  const batch = await ask("", {
    resourceType: "Bundle",
    type: "batch",
    entry: entry.map((url) => ({ request: { method: "GET", url } })),
  });
  assert.deepEqual(
    (batch.body as Bundle).entry?.map(({ response, resource }) => [response?.status, resource?.resourceType]),
    [
      ["200", "Parameters"],
      ["404", undefined],
    ],
  );
});

test("who is not signed in is told nothing", async () => {
  const answer = await app.inject({ url: `/fhir/CodeSystem/$lookup?system=${LOINC}&code=8867-4` });
  assert.equal(answer.statusCode, 401);
});

test("metadata says what can be asked", async () => {
  const { rest } = (await get("/fhir/metadata")).body as {
    rest: { resource: { type: string; operation?: { name: string }[] }[] }[];
  };
  const operations = rest[0]?.resource.find(({ type }) => type === "ValueSet")?.operation?.map(({ name }) => name);
  assert.ok(operations?.includes("expand") && operations.includes("validate-code"));
  const terminology = (await get("/fhir/metadata?mode=terminology")).body as TerminologyCapabilities;
  assert.equal(terminology.codeSystem?.length, codeSystems.size);
});

test("every code that is given out is one of a vocabulary that is shipped", async () => {
  const unknown = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { system, code, value: number } = value as Coding & { value?: unknown };
    if (typeof system === "string" && typeof code === "string" && displayOf(system, code) === undefined)
      if (codeSystems.has(system) || number !== undefined || system.startsWith("http"))
        unknown.add(`${system}|${code}`);
    for (const one of Object.values(value)) walk(one);
  };
  for (const path of ["Patient", "Device", "DeviceMetric", "Observation?_count=1000"])
    walk((await get(`/fhir/${path}`)).body);
  const known = new Set([...valueSets.values()].flatMap(({ include }) => include.map(({ system }) => system)));
  assert.deepEqual([...unknown], []);
  assert.ok(known.has(LOINC));
  for (const profile of Object.values(kinds.profiles))
    if ("loinc" in profile) assert.ok(displayOf(LOINC, profile.loinc), profile.loinc);
  for (const { code } of Object.values(kinds.otherAmount).flat()) assert.ok(displayOf(LOINC, code), code);
});
