import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Bundle, Observation, OperationOutcome } from "@medplum/fhirtypes";
import { type Api, addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

let ward: RunningWard;
let admin: Api;
let bed: { patientId: string; deviceId: string; token: string };
let other: { patientId: string; deviceId: string; token: string };
let integration: string;
const BASE = Math.floor(Date.now() / 10_000) * 10_000 - 600_000;
const iso = (ms: number) => new Date(BASE + ms).toISOString();

before(async () => {
  ward = await startWard();
  admin = await apiOf(ward);
  [bed, other] = (await addBeds(ward, 2)) as [typeof bed, typeof bed];
  integration = (await ward.json<{ token: string }>("token", "issue", "--role", "integration")).token;
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

async function post<T>(
  path: string,
  body: unknown,
  { headers = {}, token = integration }: { headers?: Record<string, string>; token?: string } = {},
) {
  const response = await fetch(`${ward.url}/fhir${path}`, {
    method: "POST",
    headers: { "content-type": "application/fhir+json", authorization: `Bearer ${token}`, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, location: response.headers.get("location"), body: (await response.json()) as T };
}
const read = async (address: string): Promise<Observation> => {
  const response = await fetch(address, { headers: { authorization: `Bearer ${integration}` } });
  assert.equal(response.status, 200);
  return (await response.json()) as Observation;
};
const loinc = (code: string) => ({ coding: [{ system: "http://loinc.org", code }] });
const quantity = (value: number, code: string) => ({ value, unit: code, system: "http://unitsofmeasure.org", code });
const observation = (more: object, patientId = bed.patientId) => ({
  resourceType: "Observation",
  status: "final",
  subject: { reference: `Patient/${patientId}` },
  effectiveDateTime: iso(0).replace("Z", "+00:00"),
  ...more,
});

test("an Observation that names no device is written in the writer's name and read back as it was sent", async () => {
  const sent = observation({
    code: loinc("8310-5"),
    effectiveDateTime: "2026-03-14T07:15:30.250+01:00",
    valueQuantity: quantity(98.2, "[degF]"),
  });
  const { status, location, body } = await post<Observation>("/Observation", sent);
  assert.equal(status, 201, JSON.stringify(body));
  assert.ok(location);
  const found = await read(location.replace(/\/_history.*/, ""));
  assert.deepEqual(found.valueQuantity?.value, 98.2);
  assert.equal(found.valueQuantity?.code, "[degF]");
  assert.equal(found.effectiveDateTime, "2026-03-14T07:15:30.250+01:00");
  assert.equal(found.subject?.reference, `Patient/${bed.patientId}`);
  assert.deepEqual(body, found);
});

test("blood pressure, several of a device, and an ECG come back as panel, value and samples", async () => {
  const device = { reference: `Device/${bed.deviceId}` };
  const transaction = {
    resourceType: "Bundle",
    type: "transaction",
    entry: [
      observation({
        device,
        code: loinc("85354-9"),
        component: [
          { code: loinc("8480-6"), valueQuantity: quantity(128, "mm[Hg]") },
          { code: loinc("8462-4"), valueQuantity: quantity(81, "mm[Hg]") },
        ],
      }),
      observation({ device, code: loinc("59408-5"), valueQuantity: quantity(97, "%") }),
      observation({
        device,
        code: { coding: [{ system: "urn:iso:std:iso:11073:10101", code: "131330" }] },
        effectiveDateTime: undefined,
        effectivePeriod: { start: iso(0), end: iso(2_000) },
        valueSampledData: { origin: quantity(0, "mV"), period: 4, factor: 0.005, dimensions: 1, data: "12 13 E 14 -7" },
      }),
    ].map((resource) => ({ resource, request: { method: "POST", url: "Observation" } })),
  };
  const { status, body } = await post<Bundle>("", transaction);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body.type, "transaction-response");
  const [panel, saturation, ecg] = (body.entry ?? []).map(({ resource }) => resource as Observation);
  assert.deepEqual(
    body.entry?.map(({ response }) => response?.status),
    ["201", "201", "201"],
  );
  assert.deepEqual(
    panel?.component?.map(({ valueQuantity }) => valueQuantity?.value),
    [128, 81],
  );
  assert.equal(saturation?.valueQuantity?.value, 97);
  assert.equal(saturation?.device?.reference, `Device/${bed.deviceId}`);
  const { origin, period, factor, data } = ecg?.valueSampledData ?? {};
  assert.deepEqual([origin?.value, period, factor, data], [0, 4, 0.005, "12 13 E 14 -7"]);
  // The same once more is the same, and not a second one.
  const again = await post<Bundle>("", transaction);
  assert.deepEqual(
    again.body.entry?.map(({ resource }) => resource?.id),
    [panel?.id, saturation?.id, ecg?.id],
  );
});

test("a name that was written before is not written again", async () => {
  const sent = observation({
    identifier: [{ system: "urn:hub", value: "reading 17" }],
    code: loinc("29463-7"),
    valueQuantity: quantity(72.4, "kg"),
  });
  const headers = { "if-none-exist": "identifier=urn:hub|reading 17" };
  const first = await post<Observation>("/Observation", sent, { headers });
  const second = await post<Observation>("/Observation", { ...sent, valueQuantity: quantity(99, "kg") }, { headers });
  assert.deepEqual([first.status, second.status], [201, 200]);
  assert.equal(second.body.id, first.body.id);
  assert.equal(second.body.valueQuantity?.value, 72.4);
});

const expressions = (outcome: OperationOutcome) =>
  outcome.issue.map(({ expression, details }) => `${details?.coding?.[0]?.code} ${expression?.[0]}`);

test("of a transaction with faults nothing is taken, and each fault is told by its place", async () => {
  const weight = observation({
    code: loinc("29463-7"),
    effectiveDateTime: iso(60_000),
    valueQuantity: quantity(71, "kg"),
  });
  const entry = [
    weight,
    observation({ code: loinc("8867-4"), valueQuantity: quantity(71, "mm[Hg]") }),
    observation({
      code: loinc("8867-4"),
      valueQuantity: { value: 71, unit: "bpm", system: "http://unitsofmeasure.org", code: "kg" },
    }),
    observation({ code: loinc("8867-4"), valueQuantity: quantity(9_000, "/min") }),
    observation({
      code: loinc("8867-4"),
      valueQuantity: quantity(71, "/min"),
      device: { reference: `Device/${other.deviceId}` },
    }),
    observation({ code: loinc("8867-4"), valueQuantity: quantity(71, "/min") }, "00000000-0000-4000-8000-000000000001"),
    observation({
      code: loinc("8867-4"),
      valueQuantity: quantity(71, "/min"),
      effectiveDateTime: "2126-01-01T00:00:00Z",
    }),
  ].map((resource) => ({ resource, request: { method: "POST", url: "Observation" } }));
  const { status, body } = await post<OperationOutcome>("", { resourceType: "Bundle", type: "transaction", entry });
  assert.equal(status, 400);
  assert.deepEqual(expressions(body), [
    "UNIT_MISMATCH Bundle.entry[1].resource.value",
    "UNIT_MISMATCH Bundle.entry[2].resource.value",
    "VALUE_IMPLAUSIBLE Bundle.entry[3].resource.value",
    "NO_ASSOCIATION Bundle.entry[4].resource.device",
    "FIELD_INVALID Bundle.entry[5].resource.subject.reference",
    "TIME_IN_FUTURE Bundle.entry[6].resource.effective",
  ]);
  const search = async () => {
    const response = await fetch(
      `${ward.url}/fhir/Observation?patient=${bed.patientId}&code=29463-7&date=${iso(60_000)}`,
      {
        headers: { authorization: `Bearer ${integration}` },
      },
    );
    return ((await response.json()) as Bundle).entry?.length ?? 0;
  };
  assert.equal(await search(), 0);
  const batch = await post<Bundle>("", { resourceType: "Bundle", type: "batch", entry });
  assert.deepEqual(
    batch.body.entry?.map(({ response }) => response?.status),
    ["201", "400", "400", "400", "400", "400", "400"],
  );
  assert.equal(await search(), 1);
});

test("a million entries are refused before they are made, and strangers' megabytes are not read", async () => {
  const million = `{"resourceType":"Bundle","type":"transaction","entry":[${"{},".repeat(1_000_000)}{}]}`;
  const refused = await post<OperationOutcome>("", million);
  assert.equal(refused.status, 413);
  const many = {
    resourceType: "Bundle",
    type: "transaction",
    entry: Array.from({ length: 1_001 }, () => ({ request: { method: "POST" } })),
  };
  assert.deepEqual(expressions((await post<OperationOutcome>("", many)).body), ["BODY_TOO_LARGE Bundle.entry"]);
  assert.equal((await post("", million, { token: "ow_nobody" })).status, 401);
});

test("an application writes within its scopes and in its own name, others not at all", async () => {
  const { body: nobody } = await post<OperationOutcome>("/Observation", observation({}), {
    token: (await ward.json<{ token: string }>("token", "issue", "--role", "nurse")).token,
  });
  assert.deepEqual(expressions(nobody), ["NOT_PERMITTED http.Authorization"]);
  assert.ok(await admin("GET", `/api/patients/${bed.patientId}`));
});
