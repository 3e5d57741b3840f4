import assert from "node:assert/strict";
import { after, test } from "node:test";
import { manualRuntime } from "@openward/runtime/manual";
import { systemRuntime } from "@openward/runtime/system";
import Fastify from "fastify";
import { registerRecord } from "../register.ts";
import { HIDDEN, KARI, OLA, principal, readingOf, streamOf, T0, ward } from "../testing/ward.ts";
import { createGraphQl } from "./index.ts";

const house = ward();
for (let i = 0; i < 5; i++) {
  house.telemetry.add(readingOf(streamOf("heart-rate", "/min"), T0 + i * 60_000, 70 + i));
  house.telemetry.add(readingOf(streamOf("heart-rate", "/min", { patientId: HIDDEN }), T0 + i * 60_000, 50));
}
house.telemetry.add(readingOf(streamOf("spo2", "%"), T0, 97.5));

const faults: unknown[] = [];
const graphql = createGraphQl({ timers: systemRuntime.timers, report: (error) => faults.push(error) });
const app = Fastify();
registerRecord(app, {
  ...house.context,
  graphql,
  access: {
    authenticate: async ({ authorization }) =>
      authorization === "Bearer good" ? { principal, organisation: house.context.organisation } : undefined,
    viewOf: async () => house.context.view,
  },
  version: "0.1.0",
});
after(async () => {
  await graphql.close();
  await app.close();
});

const headers = { authorization: "Bearer good" };
async function ask(query: string, place = "", more: object = {}) {
  const answer = await app.inject({
    method: "POST",
    url: `/fhir/${place}$graphql`,
    headers: { ...headers, "content-type": "application/json" },
    payload: JSON.stringify({ query, ...more }),
  });
  return { status: answer.statusCode, type: answer.headers["content-type"], body: answer.json() };
}
const expectedOf = (body: { issue?: { details?: { text?: string } }[] }) => body.issue?.[0]?.details?.text ?? "";

test("a resource, a search by each kind of parameter, and a way from one to the other", async () => {
  const { status, type, body } = await ask(
    `query ($patient: String) {
      Patient(id: "${KARI}") { name { family } birthDate }
      ObservationList(patient: $patient, code: "8867-4", date: "ge2026-11-22T06:02:00Z", _sort: "date") {
        valueQuantity { value code } subject { reference resource { ... on Patient { id gender } } }
      }
      ObservationConnection(code: "2708-6") { count edges { resource { valueQuantity { value } } } }
    }`,
    "",
    { variables: { patient: KARI } },
  );
  assert.equal(status, 200, JSON.stringify(body));
  assert.match(String(type), /^application\/json/);
  assert.equal(body.errors, undefined, JSON.stringify(body.errors));
  const { data } = body;
  assert.deepEqual(data.Patient, { name: [{ family: "Hansen" }], birthDate: "1948-03-21" });
  const values = data.ObservationList.map(
    ({ valueQuantity }: { valueQuantity: { value: number } }) => valueQuantity.value,
  );
  assert.deepEqual(values, [72, 73, 74]);
  assert.deepEqual(data.ObservationList[0].subject.resource, { id: KARI, gender: "female" });
  assert.deepEqual(data.ObservationConnection, { count: 1, edges: [{ resource: { valueQuantity: { value: 97.5 } } }] });
});

test("of one resource: its fields, and what refers to it; of one that is not seen it is as if it were not there", async () => {
  const query =
    '{ gender ObservationList(_reference: patient, code: "8867-4", _count: 2) { valueQuantity { value } } }';
  const { status, body } = await ask(query, `Patient/${KARI}/`);
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(body, {
    data: { gender: "female", ObservationList: [{ valueQuantity: { value: 74 } }, { valueQuantity: { value: 73 } }] },
  });
  assert.equal((await ask(query, `Patient/${HIDDEN}/`)).status, 404);
});

test("nothing is told of a patient who is not seen, whichever way is taken", async () => {
  const { body } = await ask(`{
    Patient(id: "${HIDDEN}") { id name { family } }
    PatientList { id }
    ObservationList(_count: 100) { subject { reference } valueQuantity { value } }
    none: ObservationList(patient: "${HIDDEN}") { id }
    DeviceMetricList { identifier { value } }
  }`);
  assert.equal(body.data.Patient, null);
  assert.match(body.errors[0].message, /There is no such thing|not found/i);
  assert.deepEqual(body.data.PatientList.map(({ id }: { id: string }) => id).sort(), [KARI, OLA].sort());
  assert.equal(body.data.ObservationList.length, 6);
  assert.deepEqual(body.data.none, []);
  const { errors: _, ...told } = body;
  assert.ok(!JSON.stringify(told).includes(HIDDEN));
  assert.ok(!JSON.stringify(told).includes('"value":50'));
});

test("a parameter that is not known here is an error of its field, and not a wider answer", async () => {
  const { body } = await ask('{ LocationList(near: "x") { id } PatientList { id } }');
  assert.equal(body.data.LocationList, null);
  assert.equal(body.errors.length, 1);
  assert.equal(body.data.PatientList.length, 2);
});

test("introspection tells the schema", async () => {
  const { status, body } = await ask(
    '{ __schema { queryType { name } types { name } } __type(name: "Observation") { fields { name } } }',
  );
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body.data.__schema.queryType.name, "QueryType");
  assert.ok(body.data.__schema.types.length > 500);
  assert.ok(body.data.__type.fields.some(({ name }: { name: string }) => name === "valueSampledData"));
});

test("what is no query is refused without repeating what was sent", async () => {
  for (const [query, expected] of [
    ['mutation { PatientDelete(id: "1") { id } }', /what is written is written by REST/],
    ["{ Banana { id } }", /Cannot query field/],
    ['{ PatientList(_count: "Hansen") { id } }', /Int cannot represent/],
    ["", /a GraphQL query/],
  ] as const) {
    const { status, body } = await ask(query);
    assert.equal(status, 400, JSON.stringify(body));
    assert.match(expectedOf(body), expected);
    assert.ok(!JSON.stringify(body).includes("Hansen"));
  }
  assert.equal((await app.inject({ url: "/fhir/$graphql?query={PatientList{id}}" })).statusCode, 401);
});

test("by GET, and as the query itself", async () => {
  const query = "{PatientList{id}}";
  const got = await app.inject({ url: `/fhir/$graphql?query=${encodeURIComponent(query)}`, headers });
  assert.equal(got.json().data.PatientList.length, 2);
  const posted = await app.inject({
    method: "POST",
    url: "/fhir/$graphql",
    headers: { ...headers, "content-type": "application/graphql" },
    payload: query,
  });
  assert.equal(posted.json().data.PatientList.length, 2);
});

test("the thread answers others while one question waits, and no fault was met", async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => ask(`{ Patient(id: "${KARI}") { id } }`)));
  assert.ok(all.every(({ body }) => body.data.Patient.id === KARI));
  assert.deepEqual(faults, []);
});

test("the time of a question runs from when the schema is made, and what is not answered then is ended", async () => {
  const clock = manualRuntime(T0);
  const slow = createGraphQl({ timers: clock.timers, report: (error) => faults.push(error) });
  try {
    const patient = JSON.stringify({ resourceType: "Patient", id: KARI });
    const first = slow.ask({ query: `{ Patient(id: "${KARI}") { id } }` }, async () => ({
      status: 200,
      text: patient,
    }));
    clock.advance(120_000);
    assert.deepEqual(await first, { data: { Patient: { id: KARI } } });
    const asked = Promise.withResolvers<void>();
    const never = slow.ask({ query: `{ Patient(id: "${KARI}") { id } }` }, () => {
      asked.resolve();
      return new Promise(() => {});
    });
    await asked.promise;
    clock.advance(60_000);
    await assert.rejects(never, { code: "SEARCH_TOO_COSTLY" });
  } finally {
    await slow.close();
  }
});
