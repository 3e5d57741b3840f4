import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bundle, OperationOutcome, Resource } from "@medplum/fhirtypes";
import type { AppAccess, ResourceScope } from "@openward/model";
import { fhirDeviceId } from "./resources/device-id.ts";
import { KARI, OLA, readingOf, server, streamOf, T0, ward, waveformOf } from "./testing/ward.ts";

const heart = streamOf("heart-rate", "/min");
const steps = streamOf("steps", "{steps}");
const olas = streamOf("heart-rate", "/min", { patientId: OLA, deviceId: "cuff_2" });
const ecg = streamOf("ecg-lead-ii", "mV", { kind: "waveform" });

const scope = (text: string, query: [string, string][] = []): ResourceScope => {
  const [compartment = "", rest = ""] = text.split("/");
  const [type = "", interactions = ""] = rest.split(".");
  return { compartment: compartment as ResourceScope["compartment"], type, interactions, query };
};

/** The ward as an application with these scopes sees it, and as nobody's application does. */
function wardFor(scopes: ResourceScope[], patientId: string | null = KARI, fhirUser: string | null = null) {
  const house = ward();
  house.telemetry.add(readingOf(heart, T0, 70));
  house.telemetry.add(readingOf(steps, T0, 400));
  house.telemetry.add(readingOf(olas, T0, 60));
  house.telemetry.addWaveform(waveformOf(ecg, T0, 100, Array(1_000).fill(1)));
  const app: AppAccess = { clientId: "app", name: "App", scopes, patientId, fhirUser, endsWith: [] };
  const all = server(house);
  return { all, ...server({ ...house, context: { ...house.context, app } }) };
}

const resources = (body: unknown): Resource[] =>
  ((body as Bundle).entry ?? []).flatMap(({ search, resource }) =>
    search?.mode === "match" && resource ? [resource] : [],
  );
const codeOf = (body: unknown) => (body as OperationOutcome).issue[0]?.details?.coding?.[0]?.code;

test("a scope of a patient reaches that patient's readings and nobody else's, by search and by id", async () => {
  const { get, all } = wardFor([scope("patient/Observation.rs")]);
  const every = resources((await all.get("/fhir/Observation")).body);
  const seen = resources((await get("/fhir/Observation")).body);
  assert.equal(every.length, 4);
  assert.equal(seen.length, 3);
  for (const resource of every) {
    const isTheirs = (resource as { subject?: { reference?: string } }).subject?.reference === `Patient/${KARI}`;
    const { status } = await get(`/fhir/Observation/${resource.id}`);
    assert.equal(status, isTheirs ? 200 : 404);
    assert.equal((await get(`/fhir/Observation/${resource.id}/_history`)).status, isTheirs ? 200 : 404);
    assert.equal(resources((await get(`/fhir/Observation?_id=${resource.id}`)).body).length, isTheirs ? 1 : 0);
  }
  assert.deepEqual(resources((await get(`/fhir/Observation?patient=${OLA}`)).body), []);
  assert.equal(((await get("/fhir/Observation?_summary=count")).body as Bundle).total, 3);
});

test("what a scope's own parameters leave out is not there, however it is asked for", async () => {
  const { get, all } = wardFor([scope("patient/Observation.rs", [["category", "vital-signs"]])]);
  const every = resources((await all.get(`/fhir/Observation?patient=${KARI}`)).body);
  const activity = every.find((one) => JSON.stringify(one).includes("activity"));
  assert.ok(activity);
  const seen = resources((await get("/fhir/Observation")).body);
  assert.ok(seen.length > 0 && seen.every((one) => JSON.stringify(one).includes("vital-signs")));
  assert.deepEqual(resources((await get("/fhir/Observation?category=activity")).body), []);
  assert.equal((await get(`/fhir/Observation/${activity.id}`)).status, 404);
  assert.equal((await get(`/fhir/Observation/${activity.id}/_history/1`)).status, 404);
  assert.deepEqual(resources((await get(`/fhir/Observation?_id=${activity.id}`)).body), []);
});

test("several scopes of one type add up", async () => {
  const { get } = wardFor([
    scope("patient/Observation.rs", [["category", "activity"]]),
    scope("user/Observation.rs", [["code", "8867-4"]]),
  ]);
  const seen = resources((await get("/fhir/Observation")).body);
  const subjects = seen.map((one) => (one as { subject?: { reference?: string } }).subject?.reference).sort();
  assert.deepEqual(subjects, [`Patient/${KARI}`, `Patient/${KARI}`, `Patient/${OLA}`].sort());
});

test("reading is not searching, and another type is another scope", async () => {
  const { get, all } = wardFor([scope("patient/Observation.r"), scope("patient/Patient.s")]);
  const [one] = resources((await all.get(`/fhir/Observation?patient=${KARI}`)).body);
  assert.equal((await get(`/fhir/Observation/${one?.id}`)).status, 200);
  for (const url of ["/fhir/Observation", `/fhir/Patient/${KARI}`, "/fhir/Device", "/fhir/DeviceMetric"]) {
    const { status, body } = await get(url);
    assert.equal(status, 403, url);
    assert.equal(codeOf(body), "NOT_PERMITTED");
  }
  assert.deepEqual(
    resources((await get("/fhir/Patient")).body).map(({ id }) => id),
    [KARI],
  );
});

test("devices of a patient are those that the patient wears", async () => {
  const { get, all } = wardFor([scope("patient/Device.rs"), scope("patient/DeviceMetric.rs")]);
  assert.equal(resources((await all.get("/fhir/Device")).body).length, 2);
  const [only, ...others] = resources((await get("/fhir/Device")).body);
  assert.equal(only?.id, fhirDeviceId("monitor-1"));
  assert.deepEqual(others, []);
  assert.equal((await get(`/fhir/Device/${fhirDeviceId("cuff_2")}`)).status, 404);
  assert.equal((await get(`/fhir/DeviceMetric/${olas.id}`)).status, 404);
  assert.equal(resources((await get("/fhir/DeviceMetric")).body).length, 3);
});

test("no way around: a batch, a chain, an include, a posted search, a patient scope without a patient", async () => {
  const { app, get } = wardFor([scope("patient/Observation.rs")]);
  const post = (url: string, payload: string | object, type: string) =>
    app.inject({ method: "POST", url, payload, headers: { authorization: "Bearer good", "content-type": type } });
  const batch = await post(
    "/fhir",
    {
      resourceType: "Bundle",
      type: "batch",
      entry: [`Patient/${OLA}`, `Observation?patient=${OLA}`, "Device", `Observation?patient=${KARI}`].map((url) => ({
        request: { method: "GET", url },
      })),
    },
    "application/fhir+json",
  );
  const entries = (batch.json() as Bundle).entry ?? [];
  assert.deepEqual(
    entries.map(({ response }) => response?.status?.slice(0, 3)),
    ["403", "200", "403", "200"],
  );
  assert.deepEqual(resources(entries[1]?.resource), []);
  assert.equal(resources(entries[3]?.resource).length, 3);
  const posted = await post("/fhir/Observation/_search", `patient=${OLA}`, "application/x-www-form-urlencoded");
  assert.deepEqual(resources(posted.json()), []);
  assert.equal((await get("/fhir/Observation?patient.name=x")).status, 403);
  const beside = (await get("/fhir/Observation?_include=Observation:patient")).body as Bundle;
  assert.deepEqual([...new Set(beside.entry?.map(({ search }) => search?.mode))], ["match"]);
  for (const url of ["/fhir/$export", `/fhir/Patient/${KARI}/$everything`, "/fhir/$graphql?query={x}"])
    assert.ok((await get(url)).status >= 400, url);

  const without = wardFor([scope("patient/Observation.rs")], null);
  assert.equal((await without.get("/fhir/Observation")).status, 403);
  const unknown = wardFor([scope("patient/*.rs")], "00000000-0000-4000-8000-00000000dead");
  for (const type of ["Observation", "Patient", "Device", "DeviceMetric"])
    assert.deepEqual(resources((await unknown.get(`/fhir/${type}`)).body), []);
});

test("a scope of the system or of a person reaches what the view reaches", async () => {
  for (const compartment of ["system", "user"]) {
    const { get, all } = wardFor([scope(`${compartment}/*.rs`)], null);
    for (const url of ["/fhir/Observation", "/fhir/Patient", "/fhir/Device", "/fhir/DeviceMetric"])
      assert.deepEqual((await get(url)).body, (await all.get(url)).body, url);
  }
});
